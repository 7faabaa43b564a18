from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import oci as sdk
import pytest

from mock_oci import LoopbackServer, MockOci, Response, mock_oci
from mock_oci.fn.functions import LocalFunctions
from mock_oci.fn.local_function import LocalFunction
from mock_oci.services.functions import Destination, FunctionDetails, Functions

FOLDERS = Path(__file__).parents[2] / "functions"
FAKE = "ocid1.fnfunc.oc1.us-chicago-1.fake"


class Fake:
    """An invoker that only notes its calls."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, bytes, dict[str, str]]] = []

    def invoke(
        self, function_id: str, body: bytes = b"", headers: Mapping[str, str] | None = None, **how: Any
    ) -> Response:
        self.calls.append((function_id, body, dict(headers or {}) | {name: str(value) for name, value in how.items()}))
        return Response(200, {}, b"fake")


@pytest.fixture
def echo(live: MockOci, server: LoopbackServer) -> Iterator[LocalFunction]:
    with LocalFunctions(live, server.url) as functions:
        yield functions.deploy(FOLDERS / "echo", name="echo", timeout=77, config={"A": "b"})


@pytest.fixture
def management(sdk_client: Callable[[Any], Any]) -> Any:
    return sdk_client(sdk.functions.FunctionsManagementClient)


@pytest.fixture
def invoking(sdk_client: Callable[[Any], Any]) -> Any:
    return sdk_client(sdk.functions.FunctionsInvokeClient)


def test_the_main_server_says_where_a_function_is_invoked_and_invokes_it(
    management: Any, invoking: Any, echo: LocalFunction, server: LoopbackServer
) -> None:
    found = management.get_function(echo.id).data
    assert (found.id, found.display_name, found.lifecycle_state) == (echo.id, "echo", "ACTIVE")
    assert (found.invoke_endpoint, found.timeout_in_seconds, found.memory_in_mbs) == (
        server.endpoint("mockoci.us-chicago-1.functions.oci.oraclecloud.com"),
        77,
        256,
    )
    assert found.config["A"] == "b"
    assert found.success_destination.kind == "NONE"
    seen = json.loads(invoking.invoke_function(echo.id, invoke_function_body=b"hello").data.content)
    assert (seen["body"], seen["headers"]["oci-subject-type"]) == ("hello", "user")


def test_a_client_reads_the_channel_of_a_deployed_functions_destination(management: Any, live: MockOci) -> None:
    details = FunctionDetails(FAKE, "fake", success_destination=Destination("ocid1.queue.oc1..q", "done"))
    live.state_of(Functions).enter(details, Fake())
    read = management.get_function(FAKE).data.success_destination
    assert (read.kind, read.queue_id, read.channel_id) == ("QUEUE", "ocid1.queue.oc1..q", "done")


def test_the_reference_documents_another_version_of_the_same_paths(answered: Callable[..., Any], oci: MockOci) -> None:
    oci.state_of(Functions).enter(FunctionDetails(FAKE, "fake"), Fake())
    assert answered("GET", f"/20181201/functions/{FAKE}")["displayName"] == "fake"


def test_an_invocation_below_the_main_server_has_to_be_signed(server: LoopbackServer, echo: LocalFunction) -> None:
    path = f"{server.url}/20181201/functions/{echo.id}"
    assert httpx.get(path, trust_env=False).status_code == 401
    assert httpx.post(f"{path}/actions/invoke", trust_env=False).status_code == 401


def test_a_function_that_left_is_404_for_reading_and_for_invoking(
    management: Any, invoking: Any, live: MockOci, echo: LocalFunction
) -> None:
    with LocalFunctions(live) as functions:
        gone = functions.deploy(FOLDERS / "echo", name="gone")
    for call in (lambda: management.get_function(gone.id), lambda: invoking.invoke_function(gone.id)):
        with pytest.raises(sdk.exceptions.ServiceError) as refused:
            call()
        assert (refused.value.status, refused.value.code) == (404, "NotAuthorizedOrNotFound")


def test_who_enters_last_runs_the_function_and_nobody_else_takes_it_out(oci: MockOci) -> None:
    first, second, functions = Fake(), Fake(), oci.state_of(Functions)
    for fake in (first, second):
        functions.enter(FunctionDetails(FAKE, "fake"), fake)
    functions.leave(FAKE, first)
    assert functions.invoke(FAKE, b"x").status == 200
    assert (len(first.calls), len(second.calls)) == (0, 1)
    functions.leave(FAKE, second)
    assert functions.invoke(FAKE).status == 404


def test_a_denied_caller_does_not_see_a_function(signed: Callable[..., Response], oci: MockOci) -> None:
    fake = Fake()
    oci.state_of(Functions).enter(FunctionDetails(FAKE, "fake"), fake)
    oci.deny("user")
    assert signed("GET", f"/20181201/functions/{FAKE}").status == 404
    for headers in ({}, {"is_dry_run": "true"}):
        assert signed("POST", f"/20181201/functions/{FAKE}/actions/invoke", b"{}", **headers).status == 404
    assert fake.calls == []


def test_a_script_can_refuse_an_invocation_that_names_its_path(signed: Callable[..., Response], oci: MockOci) -> None:
    oci.state_of(Functions).enter(FunctionDetails(FAKE, "fake"), Fake())
    path = f"/20181201/functions/{FAKE}/actions/invoke"
    oci.script.error(503, "FunctionInvokeServiceUnavailable", path=path)
    assert [signed("POST", path, b"{}").status for _ in range(2)] == [503, 200]


def test_the_sdk_finds_and_invokes_a_function_on_its_real_hosts() -> None:
    with mock_oci(credentials=True) as cloud:
        fake = Fake()
        cloud.state_of(Functions).enter(FunctionDetails(FAKE, "fake"), fake)
        config = sdk.config.from_file()
        found = sdk.functions.FunctionsManagementClient(config).get_function(FAKE).data
        assert found.invoke_endpoint == "https://mockoci.us-chicago-1.functions.oci.oraclecloud.com"
        client = sdk.functions.FunctionsInvokeClient(config, service_endpoint=found.invoke_endpoint)
        assert client.invoke_function(FAKE, invoke_function_body=b"x").data.content == b"fake"
    assert fake.calls[0][:2] == (FAKE, b"x")
