import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from mock_oci import LoopbackServer, MockOci, Request, Response, mock_oci
from mock_oci.services.apm import Apm

SPAN = {
    "traceId": "0000000000000000000000000000000a",
    "id": "000000000000000b",
    "parentId": "000000000000000c",
    "name": "chat m",
    "kind": "CLIENT",
    "timestamp": 1_790_000_000_000_000,
    "duration": 250_000,
    "localEndpoint": {"serviceName": "app::fn"},
    "annotations": [{"timestamp": 1_790_000_000_000_001, "value": "first chunk"}],
    "tags": {"gen_ai.provider.name": "oracle_cloud.generative_ai"},
}


def test_spans_that_come_with_the_key_are_kept(live: MockOci, server: LoopbackServer) -> None:
    apm = live.state_of(Apm)
    for kind in ("private", "public"):
        response = httpx.post(apm.collector_url(server.url, kind), json=[SPAN], trust_env=False)
        assert response.status_code == 202
    assert apm.spans == [SPAN, SPAN]


def test_the_collectors_own_host_is_answered_in_process() -> None:
    with mock_oci() as oci:
        url = oci.state_of(Apm).collector_url("https://aaaa.apm-agt.us-chicago-1.oci.oraclecloud.com")
        assert httpx.post(url, json=[SPAN]).status_code == 202
    assert oci.state_of(Apm).spans == [SPAN]


@pytest.fixture
def upload(oci: MockOci) -> Callable[..., Response]:
    def send(body: Any, **query: str) -> Response:
        usual = {"dataFormat": "zipkin", "dataFormatVersion": "2", "dataKey": oci.state_of(Apm).data_keys["private"]}
        text = "&".join(f"{name}={value}" for name, value in {**usual, **query}.items())
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return oci.answer(Request("POST", f"/20200101/observations/private-span?{text}", {}, content))

    return send


@pytest.mark.parametrize(
    ("query", "status"), [({}, 202), ({"dataKey": "x"}, 401), ({"dataKey": ""}, 401), ({"dataFormat": "otlp"}, 400)]
)
def test_a_key_and_a_format_are_needed(upload: Callable[..., Response], query: dict[str, str], status: int) -> None:
    assert upload([SPAN], **query).status == status


def test_there_are_two_kinds_of_keys_and_no_third(oci: MockOci) -> None:
    assert oci.answer(Request("POST", "/20200101/observations/other-span", {}, b"[]")).status == 404


WRONG = [
    b"{",
    SPAN,
    [{**SPAN, "traceId": "a"}],
    [{**SPAN, "traceId": "0" * 32}],
    [{**SPAN, "traceId": "A" * 32}],
    [{**SPAN, "id": 7}],
    [{name: value for name, value in SPAN.items() if name != "id"}],
    [{**SPAN, "kind": "INTERNAL"}],
    [{**SPAN, "duration": 0}],
    [{**SPAN, "timestamp": 1.5}],
    [{**SPAN, "tags": {"tokens": 7}}],
    [{**SPAN, "service": "x"}],
]


@pytest.mark.parametrize("body", WRONG, ids=range(len(WRONG)))
def test_what_is_no_span_is_refused_and_nothing_is_kept(
    upload: Callable[..., Response], oci: MockOci, body: Any
) -> None:
    assert upload(body if isinstance(body, bytes | dict) else [SPAN, *body]).status == 400
    assert oci.state_of(Apm).spans == []
