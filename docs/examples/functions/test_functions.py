"""Tests of three functions: each in this process, in milliseconds, and under the real FDK.

They need `pip install 'mock-oci[all]' oci`; `pytest` in this folder runs them. event.json is what
`mock-oci generate-event objectstorage.createobject --bucket invoices --object in/may.pdf` printed.
"""

import base64
import json
from pathlib import Path

import oci as sdk
import pytest
from hello import func as hello
from object_reader import func as object_reader
from secret_caller import func as secret_caller

FOLDER = Path(__file__).parent
EVENT = json.loads((FOLDER / "event.json").read_text())
AS_A_FUNCTION = pytest.mark.mock_oci(credentials="resource_principal")


def call(function, body):
    """Invoke a function by the SDK, as whoever has an API key."""
    config = sdk.config.from_file()
    endpoint = sdk.functions.FunctionsManagementClient(config).get_function(function.id).data.invoke_endpoint
    client = sdk.functions.FunctionsInvokeClient(config, service_endpoint=endpoint)
    return json.loads(client.invoke_function(function.id, invoke_function_body=json.dumps(body)).data.text)


@pytest.fixture
def invoice(oci):
    """The object of the event."""
    storage = sdk.object_storage.ObjectStorageClient(sdk.config.from_file())
    namespace = storage.get_namespace().data
    storage.create_bucket(namespace, {"name": "invoices", "compartmentId": oci.tenancy.compartment_id})
    storage.put_object(namespace, "invoices", "in/may.pdf", b"12 euros")


@pytest.fixture
def secret(oci):
    """The OCID of a secret that says Grace."""
    models = sdk.vault.models
    content = models.Base64SecretContentDetails(content=base64.b64encode(b"Grace").decode())
    details = models.CreateSecretDetails(
        compartment_id=oci.tenancy.compartment_id,
        secret_name="name",
        secret_content=content,
        vault_id="ocid1.vault.oc1.us-chicago-1.vault",
        key_id="ocid1.key.oc1.us-chicago-1.key",
    )
    return sdk.vault.VaultsClient(sdk.config.from_file()).create_secret(details).data.id


def test_hello(oci):
    assert json.loads(oci.invoke(hello.handler, {"name": "Ada"}).body) == {"message": "Hello Ada"}
    assert json.loads(oci.invoke(hello.handler, b"").body) == {"message": "Hello World"}


def test_hello_under_the_fdk(oci_function):
    assert call(oci_function(FOLDER / "hello"), {"name": "Ada"}) == {"message": "Hello Ada"}


@AS_A_FUNCTION
def test_object_reader(oci, invoice):
    assert json.loads(oci.invoke(object_reader.handler, EVENT).body) == {"content": "12 euros"}


def test_object_reader_under_the_fdk(oci_function, invoice):
    assert call(oci_function(FOLDER / "object_reader"), EVENT) == {"content": "12 euros"}


@AS_A_FUNCTION
def test_secret_caller(oci, oci_function, secret):
    config = {"SECRET_OCID": secret, "FUNCTION_OCID": oci_function(FOLDER / "hello").id}
    answer = oci.invoke(secret_caller.handler, config=config)
    assert json.loads(answer.body) == {"message": "Hello Grace"}


def test_secret_caller_under_the_fdk(oci, oci_function, secret):
    config = {"SECRET_OCID": secret, "FUNCTION_OCID": oci_function(FOLDER / "hello").id}
    function = oci_function(FOLDER / "secret_caller", config=config)
    assert call(function, {}) == {"message": "Hello Grace"}
    readers = [record.principal for record in oci.calls if "/secretbundles/" in record.request.path]
    assert [reader.resource_type for reader in readers] == ["fnfunc"]
