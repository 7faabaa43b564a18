import json
import os
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from mock_oci import MockOci
from mock_oci.fn.functions import LocalFunctions
from mock_oci.fn.local_function import LocalFunction
from mock_oci.services.functions import Caller
from mock_oci.wire import Response

FOLDERS = Path(__file__).parents[1] / "functions"
SIX_MB = 6 * 1024 * 1024
SOMEONE = Caller("ocid1.user.oc1..someone", "user", "ocid1.tenancy.oc1..theirs")


@pytest.fixture(scope="module")
def functions() -> Iterator[LocalFunctions]:
    with LocalFunctions(MockOci(), confine="no-tmp") as functions:  # what is written there is seen from here
        yield functions


@pytest.fixture(scope="module")
def echo(functions: LocalFunctions) -> LocalFunction:
    return functions.deploy(FOLDERS / "echo", name="echo", config={"GREETING": "hello"}, memory=512)


@pytest.fixture(scope="module")
def obedient(functions: LocalFunctions) -> LocalFunction:
    return functions.deploy(FOLDERS / "obedient", name="obedient")


def tell(functions: LocalFunctions, function: LocalFunction, do: str, **order: Any) -> Response:
    return functions.invoke(function.id, json.dumps({"do": do, **order}).encode())


def code_of(response: Response) -> tuple[int, str]:
    return response.status, json.loads(response.body)["code"]


def seen_by(functions: LocalFunctions, echo: LocalFunction, **invocation: Any) -> dict[str, Any]:
    response = functions.invoke(echo.id, **invocation)
    assert response.status == 200
    return json.loads(response.body)


def until(happened: Path) -> None:
    while not happened.exists():
        time.sleep(0.002)


# What a container sees.


def test_the_body_and_the_invokers_own_headers_reach_the_function(
    functions: LocalFunctions, echo: LocalFunction
) -> None:
    seen = seen_by(functions, echo, body=b"\x00\xff", headers={"Content-Type": "text/x", "X-Mine": "1"})
    assert seen["body"] == "\x00\xff"
    assert (seen["headers"]["content-type"], seen["headers"]["x-mine"]) == ("text/x", "1")


def test_an_empty_body_is_empty(functions: LocalFunctions, echo: LocalFunction) -> None:
    assert seen_by(functions, echo)["body"] == ""


def test_the_platform_says_who_called_and_how(functions: LocalFunctions, echo: LocalFunction) -> None:
    headers = seen_by(functions, echo, caller=SOMEONE)["headers"]
    assert headers["oci-subject-id"] == SOMEONE.subject_id
    assert headers["oci-subject-type"] == "user"
    assert headers["oci-subject-tenancy-id"] == SOMEONE.tenancy_id
    assert headers["fn-invoke-type"] == "sync"
    assert "fn-intent" not in headers


@pytest.mark.parametrize("name", ["oci-subject-id", "Fn-Call-Id", "fn-deadline", "fn-intent", "Authorization"])
def test_an_invoker_cannot_speak_for_the_platform(functions: LocalFunctions, echo: LocalFunction, name: str) -> None:
    assert seen_by(functions, echo, headers={name: "forged"})["headers"].get(name.lower()) != "forged"


@pytest.mark.parametrize("name", ["connection", "keep-alive", "te", "upgrade", "proxy-connection"])
def test_hop_by_hop_headers_end_at_the_platform(functions: LocalFunctions, echo: LocalFunction, name: str) -> None:
    assert name not in seen_by(functions, echo, headers={name: "x"})["headers"]


def test_the_deadline_is_whole_seconds_in_utc_and_not_after_the_kill(
    functions: LocalFunctions, echo: LocalFunction
) -> None:
    before = time.time()
    deadline = seen_by(functions, echo)["deadline"]
    moment = datetime.strptime(deadline, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()
    assert before + 30 - 1 <= moment <= time.time() + 30


def test_each_call_has_an_id_that_the_function_and_the_invoker_both_see(
    functions: LocalFunctions, echo: LocalFunction
) -> None:
    responses = [functions.invoke(echo.id), functions.invoke(echo.id)]
    ids = [response.headers["fn-call-id"] for response in responses]
    assert [json.loads(response.body)["call_id"] for response in responses] == ids
    assert len(set(ids)) == 2
    assert all(len(call_id) == 26 for call_id in ids)


def test_the_request_id_keeps_the_invokers_first_part(functions: LocalFunctions, echo: LocalFunction) -> None:
    mine = "A" * 32
    response = functions.invoke(echo.id, headers={"opc-request-id": mine})
    request_id = response.headers["opc-request-id"]
    assert request_id.split("/")[0] == mine
    assert len(request_id.split("/")) == 3
    assert json.loads(response.body)["headers"]["opc-request-id"] == request_id


def test_the_environment_is_the_platforms_and_nothing_of_the_developers(
    functions: LocalFunctions, echo: LocalFunction, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "of the developer")
    fresh = functions.deploy(FOLDERS / "echo", name="fresh", config={"GREETING": "hello"}, memory=512)
    environment = seen_by(functions, fresh)["environment"]
    assert "OPENAI_API_KEY" not in environment
    assert environment["GREETING"] == "hello"
    assert (environment["FN_FN_ID"], environment["FN_FN_NAME"]) == (fresh.id, "fresh")
    assert environment["FN_FORMAT"] == "http-stream"
    assert environment["FN_MEMORY"] == "512"
    assert environment["PYTHONPATH"] == str(FOLDERS / "echo")
    assert environment["OCI_COMPARTMENT_ID"] == functions.oci.tenancy.compartment_id
    assert json.loads(environment["OCI_REGION_METADATA"])["regionKey"] == "ORD"
    assert environment["OCI_RESOURCE_PRINCIPAL_VERSION"] == "2.2"
    assert Path(environment["OCI_RESOURCE_PRINCIPAL_RPST"]).is_absolute()


def test_headers_arrive_in_the_order_of_fns_client(functions: LocalFunctions, echo: LocalFunction) -> None:
    names = list(seen_by(functions, echo, headers={"zebra": "z", "apple": "a"}, caller=SOMEONE)["headers"])
    assert names[:3] == ["host", "user-agent", "transfer-encoding"]
    assert names[3:-1] == sorted(names[3:-1])
    assert names[-1] == "accept-encoding"


# What becomes of its answer.

STATUS_RULES = [
    ({"do": "answer"}, 200, None),
    ({"do": "answer", "status": 201}, 200, None),
    ({"do": "answer", "status": 404}, 200, None),
    ({"do": "answer", "status": 500}, 200, None),
    ({"do": "answer", "status": 502}, 502, "FunctionInvokeExecutionFailed"),
    ({"do": "answer", "status": 504}, 504, "FunctionInvokeTimeout"),
    ({"do": "fail", "error": "ValueError"}, 502, "FunctionInvokeExecutionFailed"),
    ({"do": "fail", "error": "TimeoutError"}, 504, "FunctionInvokeTimeout"),
    ({"do": "answer_past_the_contract", "status": 418}, 502, "FunctionInvokeInvalidResponse"),
    ({"do": "leave"}, 502, "FunctionInvokeExecutionError"),
]


@pytest.mark.parametrize(("order", "status", "code"), STATUS_RULES)
def test_a_direct_invoker_sees_200_or_the_platforms_own_error(
    functions: LocalFunctions, obedient: LocalFunction, order: dict[str, Any], status: int, code: str | None
) -> None:
    response = functions.invoke(obedient.id, json.dumps(order).encode())
    assert response.status == status
    if code is None:
        assert response.body == b"done"
    else:
        assert json.loads(response.body)["code"] == code
        assert b"secret" not in response.body


@pytest.mark.parametrize("order", [{"do": "fail", "error": "ValueError"}, {"do": "answer", "status": 504}])
def test_a_failure_that_the_fdk_reports_leaves_the_container_alive(
    functions: LocalFunctions, obedient: LocalFunction, order: dict[str, Any]
) -> None:
    obedient.warm()
    before = {container.pid for container in obedient.containers}
    functions.invoke(obedient.id, json.dumps(order).encode())
    assert {container.pid for container in obedient.containers} == before


@pytest.mark.parametrize("order", [{"do": "leave"}, {"do": "answer_past_the_contract", "status": 418}])
def test_a_broken_contract_ends_the_container_and_the_next_call_gets_a_new_one(
    functions: LocalFunctions, order: dict[str, Any]
) -> None:
    function = functions.deploy(FOLDERS / "obedient", name="breaks")
    function.warm()
    functions.invoke(function.id, json.dumps(order).encode())
    assert function.containers == ()
    assert tell(functions, function, "answer").status == 200


def test_the_functions_headers_reach_a_direct_invoker_but_not_the_connections(
    functions: LocalFunctions, obedient: LocalFunction
) -> None:
    headers = tell(functions, obedient, "answer", headers={"X-Own": "yes", "Content-Type": "text/x"}).headers
    assert (headers["x-own"], headers["content-type"]) == ("yes", "text/x")
    assert headers["fn-fdk-version"].startswith("fdk-python/")
    assert not {"connection", "keep-alive", "content-length"} & set(headers)


def test_a_line_break_in_a_header_value_splits_it_as_the_fdk_lets_it(
    functions: LocalFunctions, obedient: LocalFunction
) -> None:
    headers = tell(functions, obedient, "answer", headers={"X-Own": "a\r\nX-Smuggled: b"}).headers
    assert (headers["x-own"], headers["x-smuggled"]) == ("a", "b")


def test_six_megabytes_pass_in_both_directions(functions: LocalFunctions, obedient: LocalFunction) -> None:
    order = json.dumps({"do": "answer", "text": "", "size": SIX_MB}).encode()
    response = functions.invoke(obedient.id, order + b" " * (SIX_MB - len(order)))
    assert (response.status, len(response.body)) == (200, SIX_MB)


def test_a_request_over_six_megabytes_is_refused(functions: LocalFunctions, obedient: LocalFunction) -> None:
    response = functions.invoke(obedient.id, b" " * (SIX_MB + 1))
    assert code_of(response) == (413, "FunctionInvokeRequestContentTooLarge")


def test_an_answer_over_six_megabytes_is_lost(functions: LocalFunctions, obedient: LocalFunction) -> None:
    response = tell(functions, obedient, "answer", text="", size=SIX_MB + 1)
    assert code_of(response) == (502, "FunctionInvokeResponseBodyTooLarge")


def test_too_large_response_headers_are_refused(functions: LocalFunctions, obedient: LocalFunction) -> None:
    response = tell(functions, obedient, "answer", headers={"X-Large": "x" * 70_000})
    assert code_of(response) == (502, "FunctionInvokeResponseHeaderTooLarge")


def test_an_unknown_function_is_not_found(functions: LocalFunctions) -> None:
    assert code_of(functions.invoke("ocid1.fnfunc.oc1..nobody")) == (404, "NotAuthorizedOrNotFound")


# Containers.


def test_a_container_serves_call_after_call(functions: LocalFunctions, echo: LocalFunction) -> None:
    assert seen_by(functions, echo)["pid"] == seen_by(functions, echo)["pid"]


def test_a_busy_container_gets_company_and_both_stay(functions: LocalFunctions, tmp_path: Path) -> None:
    function = functions.deploy(FOLDERS / "obedient", name="pair")
    go = tmp_path / "go"
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(tell, functions, function, "wait_for_file", path=str(go))
        until(Path(f"{go}.begun"))
        assert tell(functions, function, "answer").body == b"done"
        go.touch()
        assert waiting.result().body == b"saw it"
    assert len(function.containers) == 2


def test_when_every_container_is_busy_the_call_is_throttled(functions: LocalFunctions, tmp_path: Path) -> None:
    function = functions.deploy(FOLDERS / "obedient", name="alone", max_containers=1)
    go = tmp_path / "go"
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(tell, functions, function, "wait_for_file", path=str(go))
        until(Path(f"{go}.begun"))
        assert code_of(tell(functions, function, "answer")) == (429, "TooManyRequests")
        go.touch()
        assert waiting.result().status == 200


def test_a_burst_of_dozens_is_answered_and_what_passes_the_tenancys_megabytes_is_throttled(tmp_path: Path) -> None:
    with (
        LocalFunctions(MockOci(), confine="no-tmp", concurrency_mb=24 * 128) as functions,
        ThreadPoolExecutor(24) as pool,
    ):
        function = functions.deploy(FOLDERS / "obedient", name="burst", memory=128)
        other = functions.deploy(FOLDERS / "obedient", name="other", memory=128)
        go = tmp_path / "go"
        gates = [{"path": str(tmp_path / str(number)), "go": str(go)} for number in range(24)]
        waiting = [pool.submit(tell, functions, function, "wait_for_file", **gate) for gate in gates]
        for gate in gates:
            until(Path(f"{gate['path']}.begun"))
        assert code_of(tell(functions, other, "answer")) == (429, "TooManyRequests")
        go.touch()
        assert [each.result().status for each in waiting] == [200] * 24
        assert tell(functions, other, "answer").status == 200


def test_at_the_deadline_the_container_is_killed_and_the_next_call_is_cold(functions: LocalFunctions) -> None:
    function = functions.deploy(FOLDERS / "obedient", name="slow", timeout=0.5)
    function.warm()
    (killed,) = function.containers
    response = tell(functions, function, "sleep", seconds=60)
    assert code_of(response) == (504, "FunctionInvokeTimeout")
    assert function.containers == ()
    with pytest.raises(ProcessLookupError):
        os.kill(killed.pid, 0)
    assert tell(functions, function, "answer").status == 200


@pytest.mark.parametrize("freezes", [False, True])
def test_a_clock_that_is_moved_on_brings_the_deadline_of_a_call(tmp_path: Path, freezes: bool) -> None:
    with LocalFunctions(MockOci(), confine="no-tmp") as functions, ThreadPoolExecutor(1) as pool:
        function = functions.deploy(FOLDERS / "obedient", name="patient", timeout=120)
        if freezes:
            functions.oci.clock.freeze()
        waiting = pool.submit(tell, functions, function, "wait_for_file", path=str(tmp_path / "never"))
        until(tmp_path / "never.begun")
        functions.oci.clock.advance(119)
        assert not waiting.done()
        functions.oci.clock.advance(1)
        assert code_of(waiting.result(timeout=60)) == (504, "FunctionInvokeTimeout")
        assert tell(functions, function, "answer").status == 200


def test_a_container_killed_in_the_middle_of_a_call_fails_it_and_the_next_call_gets_another(
    functions: LocalFunctions, tmp_path: Path
) -> None:
    function = functions.deploy(FOLDERS / "obedient", name="killed")
    go = tmp_path / "never"
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(tell, functions, function, "wait_for_file", path=str(go))
        until(Path(f"{go}.begun"))
        (container,) = function.containers
        container.kill()
        assert code_of(waiting.result()) == (502, "FunctionInvokeExecutionError")
    assert function.containers == ()
    assert tell(functions, function, "answer").status == 200
    (idle,) = function.containers
    idle.kill()
    assert tell(functions, function, "answer").status == 200


def test_a_function_without_code_does_not_start_and_its_log_says_why(functions: LocalFunctions, tmp_path: Path) -> None:
    function = functions.deploy(tmp_path, name="no-code")
    assert code_of(functions.invoke(function.id)) == (502, "FunctionInvokeContainerInitFail")
    assert any("doesn't exist" in line for line in function.logs())


def test_a_container_that_does_not_listen_in_time_is_given_up() -> None:
    with LocalFunctions(MockOci(), init_seconds=0.05, confine="no-tmp") as functions:
        function = functions.deploy(FOLDERS / "never_listens", name="never")
        assert code_of(functions.invoke(function.id)) == (504, "FunctionInvokeContainerInitTimeout")
        assert function.containers == ()


def test_closing_ends_a_call_in_flight_and_every_process(tmp_path: Path) -> None:
    go = tmp_path / "never"
    with ThreadPoolExecutor(1) as pool, LocalFunctions(MockOci(), confine="no-tmp") as functions:
        function = functions.deploy(FOLDERS / "obedient", name="cut")
        waiting = pool.submit(tell, functions, function, "wait_for_file", path=str(go))
        until(Path(f"{go}.begun"))
        (container,) = function.containers
        functions.close()
        assert code_of(waiting.result()) == (502, "FunctionInvokeExecutionError")
        with pytest.raises(ProcessLookupError):
            os.kill(container.pid, 0)


def test_deploying_a_name_again_replaces_the_function_and_keeps_its_id(functions: LocalFunctions) -> None:
    old = functions.deploy(FOLDERS / "echo", name="again", config={"GREETING": "old"})
    old.warm()
    new = functions.deploy(FOLDERS / "echo", name="again", config={"GREETING": "new"})
    assert new.id == old.id
    assert old.containers == ()
    assert seen_by(functions, new)["environment"]["GREETING"] == "new"


# Detached.


def test_a_detached_call_is_accepted_at_once_and_runs_on(functions: LocalFunctions, tmp_path: Path) -> None:
    function = functions.deploy(FOLDERS / "obedient", name="detached", timeout=0.01, detached_timeout=30)
    go = tmp_path / "go"
    order = json.dumps({"do": "wait_for_file", "path": str(go)}).encode()
    accepted = functions.invoke(function.id, order, invoke_type="detached")
    assert (accepted.status, accepted.body) == (202, b"")
    (run,) = function.detached_runs
    assert run.call_id == accepted.headers["fn-call-id"]
    assert not run.outcome.done()
    go.touch()
    assert run.outcome.result(timeout=10).body == b"saw it"


def test_a_detached_call_that_fails_keeps_its_failure(functions: LocalFunctions) -> None:
    function = functions.deploy(FOLDERS / "obedient", name="detached-failure")
    order = json.dumps({"do": "fail", "error": "ValueError"}).encode()
    assert functions.invoke(function.id, order, invoke_type="detached").status == 202
    outcome = function.detached_runs[0].outcome.result(timeout=10)
    assert code_of(outcome) == (502, "FunctionInvokeExecutionFailed")


def test_a_detached_call_has_its_own_deadline(functions: LocalFunctions) -> None:
    function = functions.deploy(FOLDERS / "obedient", name="detached-slow", detached_timeout=0.4)
    order = json.dumps({"do": "sleep", "seconds": 60}).encode()
    functions.invoke(function.id, order, invoke_type="detached")
    outcome = function.detached_runs[0].outcome.result(timeout=10)
    assert code_of(outcome) == (504, "FunctionInvokeTimeout")


# Logs and credentials.


def test_what_a_function_prints_is_in_its_log(functions: LocalFunctions, obedient: LocalFunction) -> None:
    seen = obedient.log.written
    tell(functions, obedient, "write_line", line="héllo from inside")
    assert obedient.log.wait_for(lambda line: "inside" in line, 10, after=seen) == "héllo from inside"
    assert "héllo from inside" in obedient.logs()


def test_waiting_for_a_line_that_does_not_come_gives_up(obedient: LocalFunction) -> None:
    assert obedient.log.wait_for(lambda line: line == "never written", 0.01) is None


def test_rotation_gives_a_hot_container_a_new_token_and_a_new_key(
    functions: LocalFunctions, obedient: LocalFunction
) -> None:
    old = json.loads(tell(functions, obedient, "read_credentials").body)
    obedient.rotate_credentials()
    new = json.loads(tell(functions, obedient, "read_credentials").body)
    assert old["RPST"] != new["RPST"]
    assert old["PRIVATE_PEM"] != new["PRIVATE_PEM"]
    principal = functions.oci.principals.principal_of(f"ST${new['RPST']}")
    assert principal is not None
    assert (principal.id, principal.kind, principal.resource_type) == (obedient.id, "resource", "fnfunc")


def test_credentials_are_renewed_before_they_expire() -> None:
    now = [1_700_000_000.0]
    with LocalFunctions(MockOci(clock=lambda: now[0])) as functions:
        function = functions.deploy(FOLDERS / "obedient", name="renewed")
        first = json.loads(tell(functions, function, "read_credentials").body)["RPST"]
        same = json.loads(tell(functions, function, "read_credentials").body)["RPST"]
        now[0] += 600
        renewed = json.loads(tell(functions, function, "read_credentials").body)["RPST"]
    assert first == same != renewed


def test_nothing_of_the_platform_is_left_behind() -> None:
    threads = threading.active_count()
    with LocalFunctions(MockOci(), confine="no-tmp") as functions:  # what is written there is seen from here
        function = functions.deploy(FOLDERS / "obedient", name="gone")
        environment_files = json.loads(tell(functions, function, "read_paths").body)
        (container,) = function.containers
        assert container.socket.exists()
    assert threading.active_count() <= threads
    assert not container.socket.parent.exists()
    assert not any(Path(path).exists() for path in environment_files)
    with pytest.raises(ProcessLookupError):
        os.kill(container.pid, 0)


@pytest.mark.parametrize(
    ("details", "said"),
    [
        ({"memory": 300}, "memory must be one of 128, 256"),
        ({"timeout": 301}, "timeout must be at most 300 s"),
        ({"detached_timeout": 3601}, "detached_timeout must be at most 3600 s"),
        ({"config": {"A": "x" * 4096}}, "config must be at most 4096 bytes"),
    ],
)
def test_what_oci_does_not_deploy_is_refused(details: dict[str, Any], said: str) -> None:
    with LocalFunctions(MockOci()) as functions, pytest.raises(ValueError, match=said):
        functions.deploy(FOLDERS / "echo", name="echo", **details)
