import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from mock_oci import LoopbackServer, MockOci
from mock_oci.fn.functions import LocalFunctions
from mock_oci.fn.invoke_api import InvokeApi
from mock_oci.fn.local_function import LocalFunction
from mock_oci.identity.principals import ApiKeyUser, new_key, pem_of

FOLDERS = Path(__file__).parents[1] / "functions"


@pytest.fixture(scope="module")
def functions() -> Iterator[LocalFunctions]:
    with LocalFunctions(MockOci()) as functions:
        yield functions


@pytest.fixture(scope="module")
def user(functions: LocalFunctions) -> ApiKeyUser:
    return functions.oci.principals.api_key_user()


@pytest.fixture(scope="module")
def url(functions: LocalFunctions) -> Iterator[str]:
    with LoopbackServer(InvokeApi(functions).answer) as server:
        yield server.url


@pytest.fixture(scope="module")
def echo(functions: LocalFunctions) -> LocalFunction:
    return functions.deploy(FOLDERS / "echo", name="echo")


@pytest.fixture(scope="module")
def obedient(functions: LocalFunctions) -> LocalFunction:
    return functions.deploy(FOLDERS / "obedient", name="obedient")


@pytest.fixture
def client_with(url: str, user: ApiKeyUser) -> Callable[[str], Any]:
    """Oracle's own client, signing with the key that it is given."""
    from oci.functions import FunctionsInvokeClient

    def make(private_pem: str) -> Any:
        config = {
            "user": user.user_id,
            "fingerprint": user.fingerprint,
            "tenancy": user.tenancy_id,
            "region": "us-chicago-1",
            "key_content": private_pem,
        }
        return FunctionsInvokeClient(config, service_endpoint=url)

    return make


@pytest.fixture
def client(client_with: Callable[[str], Any], user: ApiKeyUser) -> Any:
    return client_with(user.private_pem)


def test_the_sdk_invokes_a_function_and_reads_its_answer(client: Any, echo: LocalFunction, user: ApiKeyUser) -> None:
    response = client.invoke_function(echo.id, invoke_function_body=b'{"a": 1}')
    seen = json.loads(response.data.content)
    assert response.status == 200
    assert seen["body"] == '{"a": 1}'
    assert seen["headers"]["oci-subject-id"] == user.user_id
    assert seen["headers"]["oci-subject-type"] == "user"
    assert "authorization" not in seen["headers"]
    assert len(response.request_id.split("/")) == 3


def test_the_sdk_may_send_a_stream_or_nothing(client: Any, echo: LocalFunction) -> None:
    streamed = client.invoke_function(echo.id, invoke_function_body=io.BytesIO(b"from a stream"))
    assert json.loads(streamed.data.content)["body"] == "from a stream"
    assert json.loads(client.invoke_function(echo.id).data.content)["body"] == ""


def test_a_direct_invoker_who_claims_the_gateways_intent_has_no_method_and_no_url(
    client: Any, echo: LocalFunction
) -> None:
    seen = json.loads(client.invoke_function(echo.id, fn_intent="httprequest").data.content)
    assert (seen["method"], seen["url"], seen["http_headers"]) == (None, None, {})


def test_the_sdk_gets_an_empty_202_for_a_detached_call(client: Any, obedient: LocalFunction) -> None:
    order = b'{"do": "answer", "text": "later"}'
    response = client.invoke_function(obedient.id, invoke_function_body=order, fn_invoke_type="detached")
    assert (response.status, response.data.content) == (202, b"")
    assert obedient.detached_runs[-1].outcome.result(timeout=10).body == b"later"


def test_a_dry_run_checks_the_caller_and_runs_nothing(client: Any, functions: LocalFunctions) -> None:
    idle = functions.deploy(FOLDERS / "echo", name="idle")
    response = client.invoke_function(idle.id, invoke_function_body=b"{}", is_dry_run=True)
    assert (response.status, response.data.content) == (200, b"")
    assert idle.containers == ()


def test_a_wrong_key_is_401(client_with: Callable[[str], Any], functions: LocalFunctions, echo: LocalFunction) -> None:
    from oci.exceptions import ServiceError

    stranger = client_with(pem_of(new_key()))
    for dry_run in (False, True):
        with pytest.raises(ServiceError) as refused:
            stranger.invoke_function(echo.id, is_dry_run=dry_run)
        assert (refused.value.status, refused.value.code) == (401, "NotAuthenticated")
        assert len(refused.value.request_id.split("/")) == 3
    assert functions.oci.refusals[-1] == "the signature does not match the request"


def test_an_unsigned_request_is_401(url: str, echo: LocalFunction) -> None:
    path = f"/20181201/functions/{echo.id}/actions/invoke"
    assert httpx.post(f"{url}{path}", trust_env=False).status_code == 401


FAILURES = [
    (b'{"do": "fail", "error": "ValueError"}', 502, "FunctionInvokeExecutionFailed"),
    (b'{"do": "answer", "status": 504}', 504, "FunctionInvokeTimeout"),
    (b" " * (6 * 1024 * 1024 + 1), 413, "FunctionInvokeRequestContentTooLarge"),
]


@pytest.mark.parametrize(("body", "status", "code"), FAILURES, ids=lambda value: str(value)[:40])
def test_the_sdk_reads_the_platforms_errors(
    client: Any, obedient: LocalFunction, body: bytes, status: int, code: str
) -> None:
    from oci.exceptions import ServiceError

    with pytest.raises(ServiceError) as failed:
        client.invoke_function(obedient.id, invoke_function_body=body)
    assert (failed.value.status, failed.value.code) == (status, code)


@pytest.mark.parametrize("dry_run", [False, True])
def test_an_unknown_function_and_a_denied_caller_look_the_same(
    client: Any, functions: LocalFunctions, echo: LocalFunction, user: ApiKeyUser, dry_run: bool
) -> None:
    from oci.exceptions import ServiceError

    with pytest.raises(ServiceError) as unknown:
        client.invoke_function("ocid1.fnfunc.oc1..nobody", is_dry_run=dry_run)
    functions.oci.deny(user.user_id)
    try:
        with pytest.raises(ServiceError) as denied:
            client.invoke_function(echo.id, is_dry_run=dry_run)
    finally:
        functions.oci.allow(user.user_id)
    assert unknown.value.status == denied.value.status == 404
    assert unknown.value.code == denied.value.code == "NotAuthorizedOrNotFound"


def test_a_resource_principal_may_invoke_another_function(
    url: str, functions: LocalFunctions, echo: LocalFunction
) -> None:
    from oci.auth.signers import EphemeralResourcePrincipalSigner
    from oci.functions import FunctionsInvokeClient

    issued = functions.oci.principals.resource_principal("ocid1.fnfunc.oc1..another")
    signer = EphemeralResourcePrincipalSigner(
        session_token=issued.rpst, private_key=issued.private_pem, region=issued.region
    )
    client = FunctionsInvokeClient({}, signer=signer, service_endpoint=url)
    seen = json.loads(client.invoke_function(echo.id).data.content)
    assert seen["headers"]["oci-subject-id"] == "ocid1.fnfunc.oc1..another"
    assert seen["headers"]["oci-subject-type"] == "resource"


def test_an_unknown_path_is_refused_as_oci_does(url: str) -> None:
    answer = httpx.get(f"{url}/20181201/applications", trust_env=False)
    assert answer.status_code == 404
    assert answer.json() == {"code": "404", "message": "Path doesn't map to a registered service"}


def test_an_unknown_invoke_type_is_refused(client: Any, echo: LocalFunction) -> None:
    from oci.exceptions import ServiceError

    with pytest.raises(ServiceError) as refused:
        client.invoke_function(echo.id, fn_invoke_type="sometime")
    assert refused.value.status == 400
