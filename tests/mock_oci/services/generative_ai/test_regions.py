"""Several regions in one tenancy: each with its models, quotas and troubles, and what is charged for in each."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from tests.mock_oci.conftest import CHAT, Clock

from mock_oci import MockOci, Request, Response, serve

FRANKFURT, CHICAGO = "eu-frankfurt-1", "us-chicago-1"
MODEL = "openai.gpt-5"
BODY = {"model": MODEL, "messages": [{"role": "user", "content": "Hi"}]}
Regional = Callable[..., Response]


@pytest.fixture
def ask_in(oci: MockOci) -> Regional:
    """Ask a region through a door of its own."""
    secret = oci.principals.generative_ai_api_key().secret

    def send(region: str, **more: Any) -> Response:
        content = json.dumps({**BODY, **more}).encode()
        return oci.in_region(region).answer(Request("POST", CHAT, {"authorization": f"Bearer {secret}"}, content))

    return send


def test_each_region_has_its_models(oci: MockOci, ask_in: Regional) -> None:
    assert [ask_in(region).status for region in (CHICAGO, FRANKFURT)] == [200, 404]
    oci.catalogue.host(MODEL, FRANKFURT)
    gone, there = ask_in(CHICAGO), ask_in(FRANKFURT)
    assert (gone.status, there.status) == (404, 200)
    assert b"Entity with key openai.gpt-5 not found" in gone.body  # type: ignore[operator]


def test_a_dedicated_endpoint_is_in_the_region_that_it_was_made_in(oci: MockOci, ask_in: Regional) -> None:
    endpoint = oci.catalogue.add_endpoint("meta.llama-3.3-70b-instruct", region=FRANKFURT)
    assert [ask_in(region, model=endpoint).status for region in (CHICAGO, FRANKFURT)] == [404, 200]


def test_a_script_is_for_the_region_that_it_names(oci: MockOci, ask_in: Regional) -> None:
    oci.catalogue.host(MODEL, CHICAGO, FRANKFURT)
    oci.script.error(503, region=FRANKFURT, times=2)
    statuses = [ask_in(region).status for region in (CHICAGO, FRANKFURT, CHICAGO, FRANKFURT, FRANKFURT)]
    assert statuses == [200, 503, 200, 503, 200]


def test_requests_beyond_the_quota_of_a_region_are_429_until_the_minute_is_over(
    oci: MockOci, ask_in: Regional, clock: Clock
) -> None:
    clock.now = 1_790_000_040.0 - 1_790_000_040.0 % 60 + 15
    oci.catalogue.host(MODEL, CHICAGO, FRANKFURT)
    oci.quotas.set(CHICAGO, "openai.*", requests_per_minute=2)
    answers = [ask_in(CHICAGO) for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    assert answers[2].headers["retry-after"] == "45"
    assert ask_in(FRANKFURT).status == 200
    clock.now += 45
    assert ask_in(CHICAGO).status == 200


def test_tokens_are_counted_by_the_bytes_of_a_request(oci: MockOci, ask_in: Regional) -> None:
    size = len(json.dumps(BODY)) // 4 + 1
    oci.quotas.set(CHICAGO, tokens_per_minute=2 * size, names_pause=False)
    answers = [ask_in(CHICAGO) for _ in range(3)]
    assert [answer.status for answer in answers] == [200, 200, 429]
    assert "retry-after" not in answers[2].headers


def test_a_whole_answer_is_charged_for_and_an_error_is_not(oci: MockOci, ask_in: Regional) -> None:
    oci.script.error(500)
    assert [ask_in(CHICAGO).status for _ in range(2)] == [500, 200]
    assert [(charge.region, charge.model) for charge in oci.charges] == [(CHICAGO, MODEL)]


def test_a_stream_is_charged_for_with_its_first_event(oci: MockOci, ask_in: Regional) -> None:
    stream = ask_in(CHICAGO, stream=True)
    assert not oci.charges
    pieces: Iterator[bytes] = iter(stream.body)  # type: ignore[arg-type]
    next(pieces)
    assert len(oci.charges) == 1
    list(pieces)
    assert len(oci.charges) == 1


def test_the_same_request_is_charged_for_under_the_same_digest(oci: MockOci, ask_in: Regional) -> None:
    for text in ("a", "a", "b"):
        ask_in(CHICAGO, messages=[{"role": "user", "content": text}])
    digests = [charge.digest for charge in oci.charges]
    assert digests[0] == digests[1] != digests[2]


@pytest.mark.parametrize(("finishes", "charged"), [(False, 0), (True, 1)])
def test_a_client_that_leaves_before_the_answer_is_charged_where_models_run_on(finishes: bool, charged: int) -> None:
    oci = MockOci(finishes_abandoned=finishes)
    done = threading.Event()
    oci.script.delay(0.6)
    secret = oci.principals.generative_ai_api_key().secret

    class Door:
        def answer(self, request: Request) -> Response:
            try:
                return oci.answer(request)
            finally:
                done.set()

    with (
        serve(Door()) as server,
        httpx.Client(trust_env=False, headers={"authorization": f"Bearer {secret}"}) as client,
    ):
        with pytest.raises(httpx.ReadTimeout):
            client.post(server.url + CHAT, json=BODY, timeout=0.2)
        assert done.wait(10)
    assert len(oci.charges) == charged
