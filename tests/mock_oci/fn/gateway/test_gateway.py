import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from mock_oci import LoopbackServer, MockOci
from mock_oci.fn.functions import LocalFunctions
from mock_oci.fn.gateway import LocalGateway, client_response
from mock_oci.wire import Request, Response

FOLDERS = Path(__file__).parents[2] / "functions"


@pytest.fixture(scope="module")
def gateway() -> Iterator[LocalGateway]:
    with LocalFunctions(MockOci()) as functions:
        echo = functions.deploy(FOLDERS / "echo", name="echo")
        obedient = functions.deploy(FOLDERS / "obedient", name="obedient")
        with LocalGateway(functions, {"/v1": echo, "/v1/told": obedient, "/other/": obedient}) as gateway:
            yield gateway


@pytest.fixture
def seen(gateway: LocalGateway) -> Callable[..., dict[str, Any]]:
    """What the function behind ``/v1`` was told of a request."""

    def send(method: str = "POST", path: str = "/v1/chat", **request: Any) -> dict[str, Any]:
        response = httpx.request(method, f"{gateway.url}{path}", trust_env=False, **request)
        assert response.status_code == 200
        return dict(response.json())

    return send


@pytest.fixture
def tell(gateway: LocalGateway) -> Callable[..., httpx.Response]:
    """Has the function behind ``/v1/told`` do something."""

    def send(do: str, **order: Any) -> httpx.Response:
        return httpx.post(f"{gateway.url}/v1/told", json={"do": do, **order}, trust_env=False)

    return send


def test_a_function_sees_the_clients_request(seen: Callable[..., dict[str, Any]]) -> None:
    told = seen("PUT", "/v1/chat/completions?x=1&y=%20", content=b"body", headers={"Authorization": "Bearer me"})
    assert (told["method"], told["url"]) == ("PUT", "/v1/chat/completions?x=1&y=%20")
    assert told["body"] == "body"
    assert told["http_headers"]["authorization"] == "Bearer me"
    assert told["headers"]["fn-intent"] == "httprequest"
    assert told["headers"]["fn-invoke-type"] == "sync"


def test_a_function_sees_the_gateway_as_its_caller(seen: Callable[..., dict[str, Any]]) -> None:
    headers = seen()["headers"]
    assert headers["oci-subject-type"] == "resource"
    assert headers["oci-subject-id"].startswith("ocid1.apigateway.oc1.")
    assert headers["oci-subject-tenancy-id"].startswith("ocid1.tenancy.oc1.")


def test_the_fdk_makes_lists_of_what_client_and_platform_both_say(
    gateway: LocalGateway, seen: Callable[..., dict[str, Any]]
) -> None:
    told = seen(content=b"{}", headers={"Content-Type": "application/json", "User-Agent": "tests"})
    host = gateway.url.removeprefix("http://")
    assert told["headers"]["host"] == ["localhost", host]
    assert told["headers"]["content-type"] == ["application/json", "application/json"]
    assert told["headers"]["user-agent"] == ["lua-resty-http/0.14 (Lua) ngx_lua/10015", "tests"]
    assert (told["http_headers"]["host"], told["http_headers"]["content-type"]) == (host, "application/json")


def test_a_request_without_a_content_type_is_an_octet_stream(seen: Callable[..., dict[str, Any]]) -> None:
    told = seen("GET")
    assert told["headers"]["content-type"] == ["application/octet-stream", "application/octet-stream"]
    assert told["body"] == ""


def test_the_gateway_says_where_a_request_came_from(seen: Callable[..., dict[str, Any]]) -> None:
    forged = {"X-Real-Ip": "6.6.6.6", "Forwarded": "for=6.6.6.6", "X-Forwarded-For": "1.2.3.4"}
    headers = seen(headers=forged)["http_headers"]
    assert headers["x-real-ip"] == "127.0.0.1"
    assert headers["forwarded"] == "for=127.0.0.1"
    assert headers["x-forwarded-for"] == "1.2.3.4, 127.0.0.1"


@pytest.mark.parametrize("name", ["oci-subject-id", "fn-call-id", "fn-intent", "fn-deadline"])
def test_a_client_that_uses_a_platforms_name_is_found_among_its_own_headers(
    seen: Callable[..., dict[str, Any]], name: str
) -> None:
    told = seen(headers={name: "forged"})
    assert told["http_headers"][name] == "forged"
    assert told["call_id"] != "forged"
    assert told["deadline"] != "forged"


def test_the_fdk_lets_a_clients_subject_hide_the_platforms(seen: Callable[..., dict[str, Any]]) -> None:
    # The trap that a function has to know of: fdk/headers.py keeps the first, and Go sorts Fn-Http-H- first.
    assert seen(headers={"oci-subject-id": "forged"})["headers"]["oci-subject-id"] == "forged"


def test_the_functions_status_headers_and_body_are_the_clients(tell: Callable[..., httpx.Response]) -> None:
    response = tell("answer", status=429, text='{"error": 1}', headers={"Retry-After": "7", "Content-Type": "a/b"})
    assert (response.status_code, response.text) == (429, '{"error": 1}')
    assert (response.headers["retry-after"], response.headers["content-type"]) == ("7", "a/b")
    assert {"fn-call-id", "opc-request-id"} <= set(response.headers)


def test_what_has_no_prefix_is_dropped(tell: Callable[..., httpx.Response]) -> None:
    names = set(tell("answer", headers={"X-Own": "1"}).headers)
    assert "x-own" in names
    assert not {name for name in names if name.startswith("fn-") and name != "fn-call-id"}


def test_a_line_break_in_a_header_value_smuggles_a_header_past_the_fdk(
    tell: Callable[..., httpx.Response],
) -> None:
    # Another trap to know of: a function has to clean what it puts into a header.
    response = tell("answer", headers={"X-Own": "a\r\nFn-Http-H-Set-Cookie: b=c\r\nX-Lost: d"})
    assert response.headers["set-cookie"] == "b=c"
    assert "x-lost" not in response.headers


@pytest.mark.parametrize("status", [502, 504])
def test_the_body_of_a_functions_502_or_504_is_lost(tell: Callable[..., httpx.Response], status: int) -> None:
    response = tell("answer", status=status, text="the function's own words")
    assert response.status_code == status
    assert "own words" not in response.text
    assert response.json()["code"] == status


def test_an_exception_is_a_bad_gateway_without_its_reason(tell: Callable[..., httpx.Response]) -> None:
    response = tell("fail", error="ValueError")
    assert (response.status_code, response.json()) == (502, {"code": 502, "message": "Bad Gateway"})


def test_the_longest_prefix_wins_and_prefixes_end_at_a_slash(gateway: LocalGateway) -> None:
    order = json.dumps({"do": "answer"}).encode()
    answered = {
        path: gateway.answer(Request("POST", path, {}, order)).body == b"done"
        for path in ("/v1", "/v1/", "/v1/tolderant", "/v1/told", "/v1/told/more?x", "/other", "/other/more")
    }
    told = {"/v1/told", "/v1/told/more?x", "/other", "/other/more"}
    assert {path for path, done in answered.items() if done} == told


@pytest.mark.parametrize("path", ["/", "/v2/chat", "/v10", "/healthz"])
def test_a_path_without_a_route_is_404(gateway: LocalGateway, path: str) -> None:
    response = gateway.answer(Request("GET", path, {}))
    assert (response.status, json.loads(response.body)["message"]) == (404, "Not Found")


MB = 1024 * 1024
LIMITS = [
    (Request("POST", "/v1", {"x": "a" * 8000}, b""), 200),
    (Request("POST", "/v1", {"x": "a" * 8192}, b""), 431),
    (Request("GET", "/v1?" + "a" * 8192, {}, b""), 431),
    (Request("POST", "/v1", {}, b"a" * (6 * MB)), 502),  # it is echoed, with more, so the answer is too large
    (Request("POST", "/v1", {}, b"a" * (6 * MB + 1)), 413),
    (Request("POST", "/v1", {}, b"a" * (20 * MB + 1)), 413),
    (Request("POST", "/nowhere", {}, b"a" * (20 * MB + 1)), 413),
    (Request("POST", "/v1", {"x": "a\r\nfn-intent: cloudevent"}, b""), 400),
    (Request("POST", "/v1\r\nx: y", {}, b""), 400),
]


@pytest.mark.parametrize(("request_", "status"), LIMITS, ids=range(len(LIMITS)))
def test_the_gateways_limits(gateway: LocalGateway, request_: Request, status: int) -> None:
    assert gateway.answer(request_).status == status


RESPONSES = [
    (Response(200, {}, b"x"), (200, {}, b"x")),
    (Response(200, {"fn-http-status": "204"}), (204, {}, b"")),
    (Response(200, {"fn-http-h-a": "1", "b": "2", "content-type": "c"}), (200, {"a": "1", "content-type": "c"}, b"")),
    (Response(200, {"fn-http-h-connection": "x", "fn-http-h-content-length": "99"}), (200, {}, b"")),
]


@pytest.mark.parametrize(("platform", "expected"), RESPONSES, ids=range(len(RESPONSES)))
def test_an_answer_is_mapped(platform: Response, expected: tuple[int, dict[str, str], bytes]) -> None:
    response = client_response(platform)
    assert (response.status, dict(response.headers), response.body) == expected


@pytest.mark.parametrize("status", ["abc", "", "99", "1000", "²00"])
def test_a_status_that_is_none_is_a_bad_gateway(status: str) -> None:
    assert client_response(Response(200, {"fn-http-status": status}, b"lost")).status == 502


def test_a_taken_port_is_an_os_error(gateway: LocalGateway) -> None:
    with LoopbackServer(gateway.answer) as taken, LocalFunctions(MockOci()) as functions:
        second = LocalGateway(functions, {}, port=taken.port)
        with pytest.raises(OSError, match="in use"):
            second.start()
