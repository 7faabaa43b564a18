"""A call of an alias with several targets: who is asked, how often, and what the caller sees."""

from __future__ import annotations

import json
import time
from dataclasses import replace
from typing import Any

import pytest
from tests.model_service.targets.conftest import CHICAGO, FRANKFURT, LONDON, MODELS, Open, ask, target_of, text_of

from mock_oci import MockOci
from model_service.callers.budgets import RateLimited
from model_service.errors import InvalidRequest, ModelNotFound, ModelServiceError, UpstreamError, UpstreamThrottled
from model_service.fn.caller import Caller, Origin
from model_service.fn.invocation import Deadline
from model_service.openai_api.chat import ChatRequest, Complete
from model_service.openai_api.embeddings import EmbeddingsRequest
from model_service.service import Service
from model_service.service_file.targets import ModelTarget
from model_service.targets.connections import TargetConnections

GPT = MODELS[0]
STORY = f"{GPT}@{CHICAGO}: 503 upstream_error, {GPT}@{FRANKFURT}: 429 rate_limit_exceeded"


def asked_regions(oci: MockOci) -> list[str]:
    """Return which region each request came to."""
    return [call.request.region for call in oci.calls]


def two(**options: Any) -> dict[str, Any]:
    return {"targets": [{"model": GPT, "region": region} for region in (CHICAGO, FRANKFURT)], **options}


@pytest.mark.parametrize("stream", [False, True])
def test_the_first_target_answers_and_says_so(opened: Open, stream: bool) -> None:
    answer = ask(opened(), stream=stream)
    assert GPT in text_of(answer)
    assert target_of(answer) == f"{GPT}@{CHICAGO}"
    assert answer.headers["x-model-service-attempts"] == "1"
    assert "x-model-service-failed" not in answer.headers


@pytest.mark.parametrize("stream", [False, True])
def test_the_next_answers_where_one_fails(opened: Open, oci: MockOci, stream: bool) -> None:
    oci.script.error(503, region=CHICAGO)
    oci.script.error(429, region=FRANKFURT)
    answer = ask(opened(), stream=stream)
    text_of(answer)
    assert target_of(answer) == f"{GPT}@{LONDON}"
    assert answer.headers["x-model-service-attempts"] == "3"
    assert answer.headers["x-model-service-failed"] == STORY
    assert len(oci.charges) == 1


def test_a_fault_of_ours_is_nobodys_illness_and_keeps_no_probe(opened: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    service = opened()
    ask(service)
    [pool] = service.pools.values()
    health = service.targets.container.health(pool.targets[0])
    health.breaker.open_until = health.clock() - 1  # half-open

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("a fault of ours")

    with monkeypatch.context() as patched:
        patched.setattr(type(service), "ask", broken)
        with pytest.raises(RuntimeError):
            ask(service)
    assert health.can_be_asked


def test_no_header_has_what_a_provider_puts_into_its_code(opened: Open, oci: MockOci) -> None:
    oci.script.error(503, code="a\r\nset-cookie: \u2028" + "x" * 200, region=CHICAGO)
    told = ask(opened()).headers["x-model-service-failed"]
    assert told == f"{GPT}@{CHICAGO}: 503 a__set-cookie___" + "x" * 48


def test_a_throttle_that_is_used_up_is_said_before_a_right_that_is_missing(opened: Open, oci: MockOci) -> None:
    targets = [{"model": MODELS[1], "region": CHICAGO, "requests_per_minute": 1}, {"model": GPT, "region": FRANKFURT}]
    service = opened(targets, more={"callers": {"everyone": {"models": ["meta.*"]}}})
    ask(service)
    with pytest.raises(RateLimited):
        ask(service)


def test_each_is_asked_what_its_model_takes(opened: Open, oci: MockOci) -> None:
    oci.script.error(503, region=CHICAGO)
    targets = [{"model": GPT, "region": CHICAGO}, {"model": MODELS[2], "region": FRANKFURT}]
    answer = ask(opened(targets), max_tokens=50)
    assert target_of(answer) == f"{MODELS[2]}@{FRANKFURT}"
    first, second = oci.requests
    assert json.loads(first.body)["max_completion_tokens"] == 50
    assert (second.path, json.loads(second.body)["servingMode"]["modelId"]) == ("/20231130/actions/chat", MODELS[2])


def test_every_target_ill_is_the_last_error_with_the_story(opened: Open, oci: MockOci) -> None:
    for region, status in ((CHICAGO, 503), (FRANKFURT, 429), (LONDON, 500)):
        oci.script.error(status, region=region, times=9)
    with pytest.raises(UpstreamError) as failed:
        ask(opened())
    story = failed.value.body()["error"]["model_service"]["attempts"]
    assert [(attempt["target"], attempt["status"]) for attempt in story] == [
        (f"{GPT}@{CHICAGO}", 503),
        (f"{GPT}@{FRANKFURT}", 429),
        (f"{GPT}@{LONDON}", 500),
    ]
    assert failed.value.status == 500
    assert failed.value.headers["x-model-service-attempts"] == "3"


def test_one_target_is_asked_again_after_a_pause(opened: Open, oci: MockOci) -> None:
    oci.script.error(503, region=CHICAGO, times=2)
    service = opened([{"model": GPT, "region": CHICAGO}])
    slept: list[float] = []
    service.targets.container.sleep = slept.append
    service.targets.container.random = lambda: 1.0
    answer = ask(service)
    assert answer.headers["x-model-service-attempts"] == "3"
    assert slept == [0.5, 1.0]


def test_a_pause_is_no_shorter_than_oci_asks_for_and_never_longer_than_there_is_time(
    opened: Open, oci: MockOci
) -> None:
    oci.script.error(429, region=CHICAGO, headers={"retry-after": "3"})
    service = opened([{"model": GPT, "region": CHICAGO}])
    slept: list[float] = []
    service.targets.container.sleep = slept.append
    ask(service, seconds=20)
    assert slept == [pytest.approx(3, abs=0.5)]
    oci.script.error(429, region=CHICAGO, headers={"retry-after": "60"})
    with pytest.raises(UpstreamThrottled) as refused:
        ask(service, seconds=20)
    assert refused.value.retry_after == "60"
    assert len(slept) == 1


def test_a_batch_waits_by_itself(opened: Open, oci: MockOci) -> None:
    oci.script.error(429, region=CHICAGO, times=2)
    service = opened([{"model": GPT, "region": CHICAGO}])
    request = ChatRequest.parse({"model": "prod", "messages": [{"role": "user", "content": "Why?"}]})
    with pytest.raises(UpstreamThrottled):
        service.call(service.resolve(request), request, Deadline.after(20), Origin(paces_itself=True))
    assert asked_regions(oci) == [CHICAGO]


def test_no_more_tries_are_made_than_the_alias_says(opened: Open, oci: MockOci) -> None:
    oci.script.error(503, times=9)
    with pytest.raises(UpstreamError) as failed:
        ask(opened({"targets": [{"model": GPT, "region": region} for region in (CHICAGO, FRANKFURT)], "tries": 1}))
    assert len(failed.value.attempts) == 1


def test_an_outage_of_all_targets_does_not_multiply_the_calls(opened: Open, oci: MockOci) -> None:
    oci.script.error(503, times=999)
    service = opened(two(), resilience={"spare_tries": 3, "retry_share": 0.1, "breaker_failures": 100})
    for _ in range(20):
        with pytest.raises(UpstreamError):
            ask(service)
    assert len(oci.calls) <= 20 + 3 + 2


def test_a_target_that_has_failed_is_left_alone_until_its_breaker_lets_one_call_through(
    opened: Open, oci: MockOci
) -> None:
    oci.script.error(503, region=CHICAGO, times=3)
    service = opened(two(), resilience={"breaker_failures": 3, "cooldown_seconds": 60})
    for _ in range(6):
        assert target_of(ask(service)) == f"{GPT}@{FRANKFURT}"
    assert asked_regions(oci).count(CHICAGO) == 3
    health = service.targets.container.health(service.pools["prod"].targets[0])
    health.breaker.open_until = time.monotonic() - 1
    assert target_of(ask(service)) == f"{GPT}@{CHICAGO}"
    assert health.breaker.state == "closed"


def test_where_all_are_ill_the_one_that_is_back_first_is_tried_once(opened: Open, oci: MockOci) -> None:
    service = opened(two(), resilience={"breaker_failures": 1, "cooldown_seconds": 60})
    oci.script.error(503, times=2)
    with pytest.raises(UpstreamError):
        ask(service)
    oci.calls.clear()
    assert text_of(ask(service))
    oci.script.error(503, times=1)
    with pytest.raises(UpstreamError) as failed:
        ask(service)
    assert len(failed.value.attempts) == 1


def test_what_is_known_of_throttles_is_kept_before_oci_says_429(opened: Open, oci: MockOci) -> None:
    alias = two()
    alias["targets"][0]["requests_per_minute"] = 2
    oci.quotas.set(CHICAGO, requests_per_minute=2)
    service = opened(alias)
    answers = [ask(service) for _ in range(4)]
    assert [target_of(answer).partition("@")[2] for answer in answers] == [CHICAGO, CHICAGO, FRANKFURT, FRANKFURT]
    assert all(answer.headers["x-model-service-attempts"] == "1" for answer in answers)
    assert not any("x-ratelimit" in name for answer in answers for name in answer.headers)
    assert {call.status for call in oci.calls} == {200}


def test_tokens_are_reserved_of_a_target_and_a_smaller_request_still_fits(opened: Open, oci: MockOci) -> None:
    alias = two()
    alias["targets"][0]["tokens_per_minute"] = 1000
    service = opened(alias)
    regions = [target_of(ask(service, max_tokens=tokens)).partition("@")[2] for tokens in (2000, 100, 990)]
    assert regions == [FRANKFURT, CHICAGO, FRANKFURT]


def test_where_every_throttle_is_used_up_the_caller_hears_when_to_come_again(opened: Open) -> None:
    service = opened([{"model": GPT, "region": CHICAGO, "requests_per_minute": 1}])
    ask(service)
    with pytest.raises(RateLimited) as refused:
        ask(service)
    assert 0 < int(refused.value.retry_after or 0) <= 60


def test_a_request_may_name_its_region(opened: Open, oci: MockOci) -> None:
    service = opened()
    assert target_of(ask(service, region="FRA")) == f"{GPT}@{FRANKFURT}"
    oci.script.error(503, region=LONDON, times=9)
    with pytest.raises(UpstreamError):
        ask(service, region=LONDON)
    assert set(asked_regions(oci)) == {FRANKFURT, LONDON}
    for nowhere in ("eu-paris-1", "nowhere"):
        with pytest.raises(InvalidRequest) as refused:
            ask(service, region=nowhere)
        assert refused.value.param == "region"


def test_a_model_without_targets_is_asked_in_one_region_only(opened: Open, oci: MockOci) -> None:
    service = opened()
    assert text_of(ask(service, model=GPT, region=CHICAGO))
    with pytest.raises(InvalidRequest) as refused:
        ask(service, model=GPT, region=FRANKFURT)
    assert refused.value.code == "region_not_available"
    assert len(oci.calls) == 1


def test_nothing_falls_back_across_the_line_of_an_alias(opened: Open, oci: MockOci) -> None:
    """The last target has no region of its own: it would be asked in Chicago, where all models are."""
    alias = {"targets": [{"model": GPT, "region": FRANKFURT}, {"model": MODELS[1]}], "regions": ["eu-*", "uk-*"]}
    oci.script.error(503, region=FRANKFURT, times=9)
    with pytest.raises(UpstreamError) as failed:
        ask(opened(alias))
    assert {attempt["target"] for attempt in failed.value.attempts} == {f"{GPT}@{FRANKFURT}"}
    assert set(asked_regions(oci)) == {FRANKFURT}


@pytest.mark.parametrize(
    ("endpoint", "target", "asked"),
    [
        (None, {"model": "ocid1.generativeaimodel.oc1.us-chicago-1.abc", "region": FRANKFURT}, CHICAGO),
        (None, {"model": "ocid1.generativeaiendpoint.oc1.ord.abc"}, CHICAGO),
        (
            "https://inference.generativeai.us-chicago-1.oci.oraclecloud.com",
            {"model": GPT, "region": FRANKFURT},
            CHICAGO,
        ),
        (
            None,
            {"model": GPT, "region": FRANKFURT, "url": "https://my.private.generativeai.us-chicago-1.oci.x.com"},
            CHICAGO,
        ),
        ("http://127.0.0.1:1", {"model": GPT, "region": FRANKFURT}, FRANKFURT),
    ],
)
def test_the_region_that_is_looked_at_is_the_one_that_is_asked(
    opened: Open, endpoint: str | None, target: dict[str, Any], asked: str
) -> None:
    """Whatever names a region besides the target: an endpoint's host, or an OCID."""
    first = opened({"targets": [{"model": GPT, "region": LONDON}]})
    settings = replace(first.settings, genai_endpoint=endpoint)
    told = ModelTarget(name="t", **target)
    connections = TargetConnections(told, settings, lambda: first.credential, *first.policies)
    assert connections.region(Deadline.after(5)) == asked
    host = connections.endpoints.of("inference", Deadline.after(5), ocid=told.model)
    assert asked in host or "127.0.0.1" in host


def test_a_callers_rights_hold_for_the_target_that_answers(opened: Open, oci: MockOci) -> None:
    targets = [{"model": GPT, "region": CHICAGO}, {"model": MODELS[1], "region": FRANKFURT}]
    more = {
        "callers": {"everyone": {"models": ["meta.*"]}, "callers": {"ada": {"models": ["prod"]}, "bob": {"models": []}}}
    }
    service = opened(targets, more=more)
    request = ChatRequest.parse({"model": "prod", "messages": [{"role": "user", "content": "Why?"}]})

    def asked_by(name: str) -> str:
        return target_of(service.call(service.resolve(request), request, Deadline.after(20), Origin(Caller(name))))

    assert asked_by("eve") == f"{MODELS[1]}@{FRANKFURT}"
    assert asked_by("ada") == f"{GPT}@{CHICAGO}"
    with pytest.raises(ModelNotFound):
        asked_by("bob")
    assert len(oci.calls) == 2


def test_a_call_counts_once_however_often_it_is_tried(opened: Open, oci: MockOci) -> None:
    oci.script.error(503, region=CHICAGO, times=9)
    service = opened(two(), more={"callers": {"everyone": {"limits": {"requests_per_minute": 3}}}})
    remaining = [ask(service).headers["x-ratelimit-remaining-requests"] for _ in range(3)]
    assert remaining == ["2", "1", "0"]
    with pytest.raises(RateLimited):
        ask(service)


def test_a_prompt_that_is_too_long_goes_to_a_larger_target_where_the_file_says_so(opened: Open, oci: MockOci) -> None:
    message = "This model's maximum context length is 8192 tokens."
    targets = [
        {"model": GPT, "region": CHICAGO, "context": 8192},
        {"model": GPT, "region": FRANKFURT, "context": 8192},
        {"model": GPT, "region": LONDON, "context": 400_000},
    ]
    for may, region in ((False, None), (True, LONDON)):
        oci.script.error(400, body={"error": {"message": message, "code": "context_length_exceeded"}}, region=CHICAGO)
        service = opened({"targets": targets, "longer_context": may})
        if region is None:
            with pytest.raises(UpstreamError, match="maximum context"):
                ask(service)
        else:
            assert target_of(ask(service)) == f"{GPT}@{region}"
        assert FRANKFURT not in asked_regions(oci)


def test_embeddings_have_targets_too(opened: Open, oci: MockOci) -> None:
    model = "cohere.embed-english-v3.0"
    oci.catalogue.host(model, CHICAGO, FRANKFURT)
    oci.script.error(500, region=CHICAGO, path="/20231130/actions/embedText")
    service = opened([{"model": model, "region": region} for region in (CHICAGO, FRANKFURT)])
    request = EmbeddingsRequest.parse({"model": "prod", "input": "text"})
    answer = service.call(service.resolve(request), request, Deadline.after(20))
    assert isinstance(answer, Complete)
    assert target_of(answer) == f"{model}@{FRANKFURT}"


def test_a_dedicated_endpoint_gives_way_to_the_model_on_demand(opened: Open, oci: MockOci) -> None:
    endpoint = oci.catalogue.add_endpoint(MODELS[1], region=CHICAGO)
    oci.script.error(503, model=endpoint)
    targets = [{"endpoint": endpoint, "region": CHICAGO}, {"model": MODELS[1], "region": FRANKFURT}]
    assert target_of(ask(opened(targets))) == f"{MODELS[1]}@{FRANKFURT}"


def test_each_target_signs_for_its_host_and_pays_from_its_compartment(opened: Open, oci: MockOci) -> None:
    oci.script.error(503, region=CHICAGO)
    alias = two()
    alias["targets"][1]["compartment_id"] = oci.tenancy.tenancy_id
    ask(opened(alias))
    hosts = [request.headers["host"] for request in oci.requests]
    assert len(set(hosts)) == 2
    assert not oci.refusals
    assert oci.requests[1].headers["compartmentid"] == oci.tenancy.tenancy_id


def test_a_region_of_another_realm_needs_a_profile(opened: Open, oci: MockOci, environment: dict[str, str]) -> None:
    service = opened([{"model": GPT, "region": "eu-frankfurt-2"}, {"model": GPT, "region": FRANKFURT}])
    service = Service(_without_endpoint(service))
    answer = ask(service)
    assert target_of(answer) == f"{GPT}@{FRANKFURT}"
    assert "other_realm" in answer.headers["x-model-service-failed"]
    service.close()


def _without_endpoint(service: Service) -> Any:
    from dataclasses import replace

    return replace(service.settings, genai_endpoint=None)


def test_what_breaks_in_the_middle_counts_against_its_target(opened: Open, oci: MockOci) -> None:
    oci.script.delay(cut_after=4, region=CHICAGO, times=2)
    service = opened(two(), resilience={"breaker_failures": 2})
    for _ in range(2):
        with pytest.raises(ModelServiceError):
            text_of(ask(service, stream=True))
    # Each had begun well, which counts for as much.
    assert service.targets.container.health(service.pools["prod"].targets[0]).breaker.state == "open"
