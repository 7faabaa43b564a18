"""Reads a secret of a vault, and calls another function with it."""

import base64
import io
import json

import oci
from fdk import response


def handler(ctx, data: io.BytesIO | None = None):
    signer = oci.auth.signers.get_resource_principals_signer()
    config = ctx.Config()
    answer = call_function(signer, config["FUNCTION_OCID"], read_secret(signer, config["SECRET_OCID"]))
    return response.Response(ctx, response_data=answer, headers={"Content-Type": "application/json"})


def read_secret(signer, secret_id: str) -> str:
    client = oci.secrets.SecretsClient({}, signer=signer)
    content = client.get_secret_bundle(secret_id).data.secret_bundle_content.content
    return base64.b64decode(content).decode()


def call_function(signer, function_id: str, name: str) -> str:
    endpoint = oci.functions.FunctionsManagementClient({}, signer=signer).get_function(function_id).data.invoke_endpoint
    client = oci.functions.FunctionsInvokeClient({}, signer=signer, service_endpoint=endpoint)
    return client.invoke_function(function_id, invoke_function_body=json.dumps({"name": name})).data.text
