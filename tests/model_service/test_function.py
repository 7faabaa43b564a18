"""The function as Fn starts it: a real FDK process, a real gateway in front, OCI's own client beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import oci
import pytest

from mock_oci import MockOci
from mock_oci.doors.server import LoopbackServer
from mock_oci.fn.fdk_socket import exchange
from mock_oci.fn.functions import LocalFunctions
from mock_oci.fn.stack import LocalStack
from mock_oci.wire import Response
from model_service.openai_api.event_stream import read_events

ROOT = Path(__file__).resolve().parents[2]
LLAMA = "meta.llama-3.3-70b-instruct"
HELLO: dict[str, Any] = {"model": LLAMA, "messages": [{"role": "user", "content": "Hello"}]}
TOO_LARGE = b'{"model": "m", "messages": "' + b"x" * (6 * 1024 * 1024) + b'"}'


def post(stack: LocalStack, body: Any, path: str = "/chat/completions", **options: Any) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return httpx.post(stack.gateway_url + path, content=content, timeout=30, **options)


def invoke(stack: LocalStack, body: Any, **options: Any) -> Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return stack.functions.invoke(stack.function.id, content, {"content-type": "application/json"}, **options)


def error_of(body: bytes) -> dict[str, Any]:
    error: dict[str, Any] = json.loads(body)["error"]
    assert {"message", "type", "code", "param", "status", "hint"} <= set(error)
    assert "Traceback" not in error["message"]
    return error


BAD_INPUT = [
    pytest.param(b"", "empty_body", None, id="an-empty-body"),
    pytest.param(b"  \n", "empty_body", None, id="white-space"),
    pytest.param(b"{", "invalid_json", None, id="not-json"),
    pytest.param(b"\xff\xfe{}", "invalid_json", None, id="not-utf-8"),
    pytest.param(b'{"a":' + b"[" * 100_000, "invalid_json", None, id="nested-without-end"),
    pytest.param(b'{"model": NaN}', "invalid_json", None, id="not-a-number"),
    pytest.param(b"1", "invalid_json", None, id="not-an-object"),
    pytest.param(b'"chat"', "invalid_json", None, id="a-string"),
    pytest.param({"model": LLAMA}, "invalid_request", "messages", id="no-messages"),
    pytest.param({"model": LLAMA, "messages": []}, "invalid_request", "messages", id="empty-messages"),
    pytest.param({"messages": HELLO["messages"]}, "invalid_request", "model", id="no-model"),
    pytest.param({**HELLO, "model": ""}, "invalid_request", "model", id="an-empty-model"),
    pytest.param({**HELLO, "model": "responses:"}, "invalid_request", "model", id="a-prefix-without-a-model"),
    pytest.param({**HELLO, "max_tokens": "9"}, "invalid_request", "max_tokens", id="a-number-as-text"),
    pytest.param({**HELLO, "stream": "yes"}, "invalid_request", "stream", id="a-flag-as-text"),
    pytest.param(
        {"model": LLAMA, "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": 7}}]}]},
        "invalid_request",
        "messages.0.content.0.image_url.url",
        id="a-wrong-type-deep-inside",
    ),
    pytest.param({**HELLO, "compartment_id": "mine\r\n"}, "invalid_request", "compartment_id", id="a-line-break"),
]


@pytest.mark.parametrize(("body", "code", "param"), BAD_INPUT)
def test_bad_input_over_http_is_a_clear_400(stack: LocalStack, body: Any, code: str, param: str | None) -> None:
    response = post(stack, body)
    error = error_of(response.content)
    assert (response.status_code, error["status"], error["code"], error["param"]) == (400, 400, code, param)


@pytest.mark.parametrize(("body", "code", "param"), BAD_INPUT)
def test_bad_input_of_a_direct_caller_is_a_200_with_the_error_in_the_body(
    stack: LocalStack, body: Any, code: str, param: str | None
) -> None:
    response = invoke(stack, body)
    assert isinstance(response.body, bytes)
    error = error_of(response.body)
    assert (response.status, error["status"], error["code"], error["param"]) == (200, 400, code, param)


def test_more_than_six_megabytes_is_413_at_either_door(stack: LocalStack) -> None:
    assert post(stack, TOO_LARGE).status_code == 413
    assert invoke(stack, TOO_LARGE).status == 413


@pytest.mark.parametrize("path", ["/", "/nothing", "/chat/completions/x", "/chat"])
def test_an_unknown_path_is_a_404_that_says_what_there_is(stack: LocalStack, path: str) -> None:
    response = post(stack, HELLO, path)
    assert response.status_code == 404
    assert "/v1/chat/completions" in error_of(response.content)["message"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_a_wrong_method_is_a_405_that_says_which_is_right(stack: LocalStack, method: str) -> None:
    response = httpx.request(method, f"{stack.gateway_url}/chat/completions")
    assert response.status_code == 405
    assert response.headers["allow"] == "POST"
    assert error_of(response.content)["code"] == "method_not_allowed"


def test_a_complete_answer_over_http(stack: LocalStack) -> None:
    response = post(stack, HELLO)
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/json"
    assert response.json()["choices"][0]["message"]["content"]
    assert response.headers["opc-request-id"].count("/") == 2


def test_a_streamed_answer_over_http_adds_up_to_the_complete_one(stack: LocalStack) -> None:
    whole = post(stack, HELLO).json()["choices"][0]["message"]["content"]
    response = post(stack, {**HELLO, "stream": True})
    assert response.headers["content-type"] == "text/event-stream"
    *events, done = read_events([response.content])
    assert done == "[DONE]"
    pieces = [json.loads(event)["choices"][0]["delta"].get("content") or "" for event in events]
    assert "".join(pieces) == whole


def test_plain_json_takes_the_same_body_as_http_and_answers_the_same(stack: LocalStack) -> None:
    for body in (HELLO, {**HELLO, "operation": "chat"}):
        response = invoke(stack, body)
        assert isinstance(response.body, bytes)
        assert json.loads(response.body)["choices"] == post(stack, HELLO).json()["choices"]


@pytest.mark.parametrize(("upstream", "over_http"), [(400, 400), (429, 429), (500, 500), (502, 500), (504, 503)])
def test_no_upstream_status_makes_the_platform_throw_the_body_away(
    scripted: LocalStack, upstream: int, over_http: int
) -> None:
    scripted.oci.script.error(upstream, message="as scripted", headers={"retry-after": "3"}, times=2)
    response = post(scripted, HELLO)
    assert (response.status_code, error_of(response.content)["status"]) == (over_http, upstream)
    assert response.headers["retry-after"] == "3"
    direct = invoke(scripted, HELLO)
    assert isinstance(direct.body, bytes)
    assert (direct.status, error_of(direct.body)["status"]) == (200, upstream)


def test_a_stream_that_breaks_ends_with_an_error_event_and_without_done(scripted: LocalStack) -> None:
    scripted.oci.script.chat("one two three", cut_after=3)
    *_, last = read_events([post(scripted, {**HELLO, "stream": True}).content])
    assert json.loads(last)["error"]["code"] == "connection_lost"


def test_a_stream_that_fails_before_its_first_chunk_has_a_status(scripted: LocalStack) -> None:
    scripted.oci.script.error(429, message="slow down")
    assert post(scripted, {**HELLO, "stream": True}).status_code == 429


def test_line_breaks_of_the_upstream_cannot_smuggle_a_header_out(scripted: LocalStack) -> None:
    # A header of OCI with an obsolete line folding is as near as HTTP lets it come; see also test_reply.py.
    scripted.oci.script.raw(b'{"choices": []}', content_type="application/json", headers={"opc-request-id": "A\tB"})
    response = post(scripted, HELLO)
    assert response.headers["opc-request-id"] == "A B"


def test_the_compartment_header_of_a_request_counts_where_it_is_listed(stack: LocalStack) -> None:
    for name in ("opc-compartment-id", "CompartmentId"):
        assert post(stack, HELLO, headers={name: stack.oci.tenancy.tenancy_id}).status_code == 200
        assert stack.oci.requests[-1].headers["compartmentid"] == stack.oci.tenancy.tenancy_id
        assert post(stack, HELLO, headers={name: "ocid1.compartment.oc1..another"}).status_code == 403


def test_a_compartment_header_that_is_no_ocid_is_refused(stack: LocalStack) -> None:
    response = post(stack, HELLO, headers={"opc-compartment-id": "ours"})
    assert (response.status_code, error_of(response.content)["param"]) == (400, "compartment_id")


def test_the_function_signs_as_its_resource_principal(stack: LocalStack) -> None:
    post(stack, HELLO, headers={"authorization": "Bearer sk-of-the-client"})
    assert 'keyId="ST$' in stack.oci.requests[-1].headers["authorization"]


def test_a_rotated_credential_is_used_by_the_next_call(stack: LocalStack) -> None:
    post(stack, HELLO)
    before = stack.oci.requests[-1].headers["authorization"]
    stack.function.rotate_credentials()
    assert post(stack, HELLO).status_code == 200
    key_id = before[before.index('keyId="') : before.index('",signature')]
    assert key_id not in stack.oci.requests[-1].headers["authorization"]


def invocation_line(stack: LocalStack, call_id: str) -> dict[str, Any]:
    line = stack.function.log.wait_for(lambda line: call_id in line and '"invocation"' in line, seconds=5)
    assert line is not None
    logged: dict[str, Any] = json.loads(line)
    return logged


def test_each_invocation_leaves_one_line_that_says_who_used_what_and_not_what_was_said(stack: LocalStack) -> None:
    prompt = {"role": "user", "content": "the merger is on Tuesday"}
    response = post(stack, {**HELLO, "messages": [prompt]}, headers={"oci-subject-id": "ocid1.user.oc1..spoofed"})
    line = invocation_line(stack, response.headers["fn-call-id"])
    expected = {"doorway": "http", "transport": "v1", "route": "meta.*", "model": LLAMA, "status": 200, "error": None}
    assert line.items() >= expected.items()
    assert line["usage"] == response.json()["usage"]
    assert set(line["ms"]) == {"decode", "resolve", "call", "encode", "total"}
    assert line["caller"] is None  # the platform's own was hidden by the client's, which counts for nothing
    assert not [line for line in stack.function.logs() if "Tuesday" in line]


def test_the_caller_that_oci_authenticated_is_in_the_log(stack: LocalStack) -> None:
    line = invocation_line(stack, post(stack, HELLO).headers["fn-call-id"])
    assert line["caller"].startswith("ocid1.apigateway.")


@pytest.fixture(scope="module")
def invoker(stack: LocalStack) -> Iterator[oci.functions.FunctionsInvokeClient]:
    """OCI's own client, as another function or a script would use it."""
    user = stack.oci.principals.api_key_user()
    config = {
        "tenancy": user.tenancy_id,
        "user": user.user_id,
        "fingerprint": user.fingerprint,
        "key_content": user.private_pem,
        "region": stack.oci.region,
    }
    client = oci.functions.FunctionsInvokeClient(config, service_endpoint=stack.invoke_url)
    yield client
    client.base_client.session.close()


def test_oci_s_own_client_invokes_it(stack: LocalStack, invoker: oci.functions.FunctionsInvokeClient) -> None:
    answer = json.loads(invoker.invoke_function(stack.function.id, invoke_function_body=json.dumps(HELLO)).data.content)
    assert answer["choices"][0]["finish_reason"] == "stop"


def test_oci_s_own_client_invokes_it_detached(stack: LocalStack, invoker: oci.functions.FunctionsInvokeClient) -> None:
    accepted = invoker.invoke_function(
        stack.function.id, invoke_function_body=json.dumps(HELLO), fn_invoke_type="detached"
    )
    assert accepted.status == 202
    outcome = stack.function.detached_runs[-1].outcome.result(timeout=10)
    assert isinstance(outcome.body, bytes)
    assert json.loads(outcome.body)["choices"]


def test_an_intent_without_a_gateway_is_a_direct_call(
    stack: LocalStack, invoker: oci.functions.FunctionsInvokeClient
) -> None:
    answer = invoker.invoke_function(stack.function.id, invoke_function_body=json.dumps(HELLO), fn_intent="httprequest")
    assert json.loads(answer.data.content)["choices"]


def test_a_model_that_stalls_is_an_answer_in_time_and_not_a_killed_container(tmp_path: Path) -> None:
    with MockOciWithFunction(timeout=3) as (local, function, functions):
        functions.invoke(function.id, json.dumps(HELLO).encode())
        local.script.delay(before=4)
        response = functions.invoke(function.id, json.dumps(HELLO).encode())
        assert isinstance(response.body, bytes)
        assert (response.status, error_of(response.body)["code"]) == (200, "deadline_exceeded")
        assert [container.alive for container in function.containers] == [True]


@pytest.mark.parametrize(
    ("config", "says"),
    [
        ({"OCI_REGION": "atlantis"}, "OCI_REGION"),
        ({"OCI_AUTH_TYPE": "password"}, "OCI_AUTH_TYPE"),
        ({"MODEL_SERVICE_ALIASES": "{"}, "MODEL_SERVICE_ALIASES"),
        ({"OCI_AUTH_TYPE": "api_key", "OCI_CONFIG_FILE": "/nowhere/config"}, "/nowhere/config"),
    ],
)
def test_wrong_settings_are_named_in_every_answer(config: dict[str, str], says: str) -> None:
    with MockOciWithFunction(config=config) as (_, function, functions):
        for _ in range(2):
            response = functions.invoke(function.id, json.dumps(HELLO).encode())
            assert isinstance(response.body, bytes)
            assert says in error_of(response.body)["message"]


@pytest.mark.parametrize("gateway", [False, True])
def test_a_deadline_that_has_passed_is_an_answer_without_a_call(gateway: bool) -> None:
    headers = {"fn-deadline": "2020-05-29T05:24:46Z", "fn-call-id": "late"}
    if gateway:
        headers |= {
            "fn-intent": "httprequest",
            "fn-http-method": "POST",
            "fn-http-request-url": "/v1/chat/completions",
            "fn-http-h-host": "gateway",
        }
    with MockOciWithFunction() as (local, function, _):
        function.warm()
        answer = exchange(function.containers[0].socket, headers, json.dumps(HELLO).encode())
        assert error_of(answer.body)["code"] == "deadline_exceeded"
        assert (answer.status, answer.headers.get("fn-http-status")) == (200, "503" if gateway else None)
        assert not local.requests


def test_an_alias_is_an_operators_decision(tmp_path: Path) -> None:
    config = {"MODEL_SERVICE_ALIASES": json.dumps({"prod": LLAMA})}
    with MockOciWithFunction(config=config) as (local, function, functions):
        functions.invoke(function.id, json.dumps({**HELLO, "model": "prod"}).encode())
        assert json.loads(local.requests[-1].body)["model"] == LLAMA


def test_a_v1_call_loads_no_sdk(stack: LocalStack) -> None:
    config = {"REAL_FUNC": str(ROOT / "func.py")}
    with MockOciWithFunction(folder=ROOT / "tests/functions/modules", config=config) as (_, function, functions):
        response = functions.invoke(function.id, json.dumps(HELLO).encode())
        assert isinstance(response.body, bytes)
        seen = json.loads(response.body)
    assert json.loads(seen["body"])["choices"]
    loaded = set(seen["modules"])
    assert not [name for name in loaded if name.partition(".")[0] in NOT_FOR_A_COLD_START]
    assert not loaded & PARTS_NOT_FOR_A_COLD_START


def test_a_warm_v1_call_makes_no_more_python_calls_than_before() -> None:
    """Of all of a request, the FDK's part and httpx's among them: a figure that no busy machine disturbs."""
    config = {"REAL_FUNC": str(ROOT / "func.py")}
    with MockOciWithFunction(folder=ROOT / "tests/functions/counting", config=config) as (_, function, functions):
        answers = [functions.invoke(function.id, json.dumps(HELLO).encode()) for _ in range(5)]
    # A response that comes in two pieces takes some more.
    assert 800 < min(int(answer.headers["x-python-calls"]) for answer in answers[2:]) <= MAX_PYTHON_CALLS


def test_a_call_without_a_relay_loads_nothing_for_one(stack: LocalStack) -> None:
    config = {"REAL_FUNC": str(ROOT / "func.py"), "MODEL_SERVICE_RELAY_DESTINATIONS": '["ocid1.queue.oc1..q"]'}
    with MockOciWithFunction(folder=ROOT / "tests/functions/modules", config=config) as (_, function, functions):
        response = functions.invoke(function.id, json.dumps(HELLO).encode())
        assert isinstance(response.body, bytes)
        modules = set(json.loads(response.body)["modules"])
    beside = ("model_service.relay", "model_service.oci_services", "model_service.cli")
    assert not [name for name in modules if name.startswith(beside)]


def test_a_call_of_a_caller_who_is_kept_apart_loads_what_it_needs_alone() -> None:
    """With a service file in JSON, limits, prices and usage records; a shared counter comes with its first limit."""
    file = {"callers": {"everyone": {"limits": {"tokens_per_day": 10**9}}}, "prices": {"models": {"*": {"input": 1}}}}
    config = {"REAL_FUNC": str(ROOT / "func.py"), "MODEL_SERVICE_CONFIG": json.dumps(file)}
    with MockOciWithFunction(folder=ROOT / "tests/functions/modules", config=config) as (_, function, functions):
        response = functions.invoke(function.id, json.dumps(HELLO).encode())
        assert isinstance(response.body, bytes)
        modules = set(json.loads(response.body)["modules"])
    assert "model_service.callers.accounts" in modules
    assert not modules & (
        NOT_FOR_A_COLD_START | {"model_service.service_file.yaml_lines", "model_service.usage.metrics"}
    )
    beside = ("model_service.resources.owned", "model_service.transports.responses", "model_service.oci_services")
    assert not [name for name in modules if name.startswith(beside)]


NOT_FOR_A_COLD_START = {
    "oci",
    "pydantic",
    "requests",
    "urllib3",
    "pytest",
    "mock_oci",
    "jwt",
    "OpenSSL",
    "yaml",
    "redis",
}
MAX_PYTHON_CALLS = 1320  # 1,427 before; of them the FDK and asyncio make 340, httpx, httpcore and h11 430
# `email` and `http.client` are not among them: httpx's own modules import them (`http.cookiejar`, `urllib.request`).
PARTS_NOT_FOR_A_COLD_START = {
    "pydantic_core.core_schema",
    "cryptography.hazmat.primitives.serialization",
    "cryptography.hazmat.primitives.ciphers",
    "cryptography.x509",
    "configparser",
    "multiprocessing",
    "model_service.openai_api.embeddings",
    "model_service.openai_api.rerank",
    "model_service.openai_api.responses",
    "model_service.auth.instance_principal",
    "model_service.transports.native",
    "model_service.usage",
    "model_service.callers",
    "model_service.service_file",
}


class MockOciWithFunction:
    """A deployment of its own, for a test that configures or breaks it."""

    def __init__(self, *, folder: Path = ROOT, config: dict[str, str] | None = None, timeout: float = 30) -> None:
        self._oci = MockOci()
        self._folder, self._config, self._timeout = folder, config or {}, timeout

    def __enter__(self) -> tuple[MockOci, Any, LocalFunctions]:
        self._server = LoopbackServer(self._oci.answer).__enter__()
        self._functions = LocalFunctions(self._oci, self._server.url, confine="no-freeze")  # some calls go past it
        function = self._functions.deploy(
            self._folder, name="model-service", config=self._config, timeout=self._timeout
        )
        return self._oci, function, self._functions

    def __exit__(self, *_exception: object) -> None:
        self._functions.close()
        self._server.close()
