"""Each question by itself: what it asks depends on the answers, costs what it says, and leaves nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from mock_oci import MockOci, Request, Response
from mock_oci.fn.functions import LocalFunctions
from mock_oci.verify import local
from mock_oci.verify.local import local_service
from mock_oci.verify.question import CouldNotAsk, Observation, Question
from mock_oci.verify.run import AGREES, DIFFERS, NOT_ASKED, findings, within_cost
from mock_oci.verify.service import AskedService
from mock_oci.verify.table import QUESTIONS
from mock_oci.verify.unaskable import UNASKABLE
from mock_oci.wire import Disconnect, Handler

REGION = "us-chicago-1"
each_question = pytest.mark.parametrize("question", QUESTIONS, ids=lambda question: question.id)


class Watched:
    """Answers as mock_oci does, notes what was asked, and changes what ``change`` changes."""

    def __init__(self, change: Callable[[int, Request, Response], Response] | None = None) -> None:
        self.asked: list[tuple[str, str, int]] = []
        self._change = change or (lambda number, request, response: response)

    def __call__(self, answer: Handler) -> Handler:
        def watched(request: Request) -> Response:
            response = self._change(len(self.asked), request, answer(request))
            self.asked.append((request.method, request.path, response.status))
            return response

        return watched


def asked(question: Question, watched: Watched) -> tuple[Observation | str, AskedService]:
    service = local_service(REGION, watched)
    try:
        return question.ask(service), service
    except CouldNotAsk as fault:
        return f"could not ask: {fault}", service
    finally:
        service.undo()


def test_a_question_has_a_name_of_its_own() -> None:
    names = [one.id for one in (*QUESTIONS, *UNASKABLE)]
    assert sorted(set(names)) == sorted(names)


@each_question
def test_mock_oci_can_be_asked_and_answers_the_same_each_time(question: Question) -> None:
    first, _ = asked(question, Watched())
    second, _ = asked(question, Watched())
    assert isinstance(first, dict)
    assert first == second == json.loads(json.dumps(first))


@each_question
def test_what_was_made_is_removed_and_no_more_is_asked_than_is_said(question: Question) -> None:
    watched = Watched()
    seen, service = asked(question, watched)
    assert service.left_behind == []
    before_undoing = len(watched.asked) - sum(method == "DELETE" for method, _, _ in watched.asked)
    assert before_undoing <= question.cost.requests + 8  # and what looks whether something is gone
    made = [path for method, path, status in watched.asked if method == "DELETE" and status < 300]
    assert len(made) >= (1 if question.makes and seen_made(seen) else 0)
    assert len(made) <= question.cost.resources + 3


def seen_made(seen: Any) -> bool:
    return not (isinstance(seen, dict) and seen.get("status", 200) >= 400)


@each_question
def test_a_change_of_what_is_answered_is_seen(question: Question) -> None:
    """At least one of its answers decides: of a service that answers it otherwise, something else is said."""
    usual, service = asked(question, Watched())
    assert any(differs(question, usual, number, other) for number in range(service.requests) for other in OTHERWISE)


def differs(question: Question, usual: Any, number: int, other: Callable[[Response], Response]) -> bool:
    """Tell whether it is seen that one answer is another."""

    def change(at: int, request: Request, response: Response) -> Response:
        return other(response) if at == number else response

    try:
        seen, _ = asked(question, Watched(change))
    except (KeyError, TypeError, AttributeError, IndexError, ValueError):
        return False
    return isinstance(seen, dict) and seen != usual


def of_status(status: int) -> Callable[[Response], Response]:
    return lambda response: Response(status, response.headers, response.body)


def without_a_body(response: Response) -> Response:
    return Response(418, {}, b"{}")


def with_a_version(response: Response) -> Response:
    return Response(response.status, {**response.headers, "version-id": "1"}, response.body)


def saying(one: bytes, other: bytes) -> Callable[[Response], Response]:
    def change(response: Response) -> Response:
        body = response.body if isinstance(response.body, bytes) else b"".join(response.body)
        return Response(response.status, response.headers, body.replace(b'": ', b'":').replace(one, other))

    return change


HOME = MockOci().tenancy
OTHERWISE = (
    of_status(418),
    of_status(400),
    without_a_body,
    with_a_version,
    saying(b'"key":null', b'"key":"a"'),
    saying(b'"compartmentId":null', b'"compartmentId":"a"'),
    saying(b"inputTextTokenCounts", b"others"),
    saying(b"cohere.rerank-v4.0-fast", b"cohere.another"),
    saying(b'"isDeleteMarker":true', b'"isDeleteMarker":false'),
    saying(b'"type":"BASE"', b'"type":"CUSTOM"'),
    saying(b'"1.1.0"', b'"9.9.9"'),
    saying(b'"messages":[{', b'"messages":[], "others":[{'),
    saying(HOME.tenancy_id.encode(), HOME.compartment_id.encode()),
)


@each_question
def test_nothing_is_touched_that_was_there(question: Question) -> None:
    watched = Watched()
    _, service = asked(question, watched)
    own = ("mock-oci-verify-", *service._mine)
    for method, path, _ in watched.asked:
        if method in ("PUT", "DELETE", "PATCH"):
            assert any(name in path for name in own), (method, path)


def test_asking_the_gateway_of_mock_oci_leaves_no_functions_open(monkeypatch: pytest.MonkeyPatch) -> None:
    made, closed = [], []

    class Noted(LocalFunctions):
        def __init__(self, *args: Any, **how: Any) -> None:
            super().__init__(*args, **how)
            made.append(self)

        def close(self) -> None:
            super().close()
            closed.append(self)

    monkeypatch.setattr(local, "LocalFunctions", Noted)
    [question] = [one for one in QUESTIONS if one.id == "gateway-method"]
    asked(question, Watched())
    assert made
    assert closed == made


def test_a_request_about_something_else_is_not_sent() -> None:
    watched = Watched()
    service = local_service(REGION, watched)
    for method in ("DELETE", "PUT", "POST"):
        with pytest.raises(AssertionError, match="was not made here"):
            service.ask(method, "ObjectStorageClient", "/n/x/b/production")
    assert watched.asked == []


@pytest.mark.parametrize("status", [401, 403, 429, 500, 501, 503])
@each_question
def test_a_service_that_does_not_answer_is_no_difference(question: Question, status: int) -> None:
    """Each of these has a question or two that looks at it; of a service that says it always, nothing is learnt."""
    real = local_service(REGION, Watched(lambda *_: Response(status, {}, b'{"code": "Any", "message": "no"}')))
    [finding] = findings([question], real, lambda: local_service(REGION))
    expecting = {
        "unsigned",
        "key-on-native",
        "guardrails",
        "link-expired",
        "signed-x-date",
        "apm-key",
        "gateway-method",
        "unknown-path",
    }
    if not (question.id.startswith("openai-") or question.id in expecting):
        assert finding.verdict == NOT_ASKED, finding
    real.undo()


def test_a_404_that_may_mean_that_the_caller_may_not_is_no_difference() -> None:
    refusal = json.dumps({"code": "NotAuthorizedOrNotFound", "message": "Authorization failed"}).encode()

    def change(number: int, request: Request, response: Response) -> Response:
        return Response(404, {}, refusal) if request.method == "POST" and "/subscriptions" in request.path else response

    [question] = [one for one in QUESTIONS if one.id == "subscription-function"]
    real = local_service(REGION, Watched(change))
    [finding] = findings([question], real, lambda: local_service(REGION))
    assert (finding.verdict, finding.reason) == (NOT_ASKED, "404, which OCI also answers to who has no permission")


def test_an_answer_that_cannot_be_read_differs_and_ends_no_other_question() -> None:
    first, second = (one for one in QUESTIONS if one.id in ("base-model-compartment", "rerank-name"))
    answers = iter([Response(200, {}, b'{"items": {"a": 1}}')])

    def change(number: int, request: Request, response: Response) -> Response:
        return next(answers, response)

    found = list(findings([first, second], local_service(REGION, Watched(change)), lambda: local_service(REGION)))
    assert [finding.verdict for finding in found] == [DIFFERS, AGREES]
    assert "cannot be read" in str(found[0].observed)


def test_what_is_not_given_is_not_asked() -> None:
    [question] = [one for one in QUESTIONS if one.id == "endpoint-on-openai"]
    watched = Watched()
    real = replace(local_service(REGION, watched), given={})
    [finding] = findings([question], real, lambda: local_service(REGION))
    assert (finding.verdict, watched.asked) == (NOT_ASKED, [])
    assert "needs --given endpoint=" in finding.reason


def test_the_cost_is_kept() -> None:
    asked_ones, left = within_cost(QUESTIONS, {"resources": 0, "tokens": 100})
    assert all(question.cost.resources == 0 for question in asked_ones)
    assert sum(question.cost.tokens for question in asked_ones) <= 100
    assert {*asked_ones, *left} == set(QUESTIONS)
    assert within_cost(QUESTIONS, {}) == (list(QUESTIONS), [])


def test_all_of_it_costs_no_more_than_its_document_says() -> None:
    assert sum(question.cost.requests for question in QUESTIONS) <= 400
    assert sum(question.cost.tokens for question in QUESTIONS) <= 4000


def test_what_was_made_without_an_answer_is_removed_by_its_name() -> None:
    """The connection is lost after the service has made it."""
    lost = []

    def change(number: int, request: Request, response: Response) -> Response:
        if request.method == "POST" and request.path == "/20160918/policies" and not lost:
            lost.append(json.loads(response.body if isinstance(response.body, bytes) else b"")["id"])
            raise Disconnect("lost")
        return response

    [question] = [one for one in QUESTIONS if one.id == "policy-night"]
    watched = Watched(change)
    seen, service = asked(question, watched)
    assert "lost" in str(seen)
    assert service.left_behind == []
    assert ("DELETE", f"/20160918/policies/{lost[0]}", 204) in watched.asked


def test_an_interruption_waits_for_the_request_and_then_everything_is_removed() -> None:
    [question] = [one for one in QUESTIONS if one.id == "stream-key"]

    def change(number: int, request: Request, response: Response) -> Response:
        if request.method == "POST" and request.path == "/20180418/streams":
            service.is_interrupted = True  # as the signal's handler does, while the request is on its way
        return response

    watched = Watched(change)
    service = local_service(REGION, watched)
    with pytest.raises(KeyboardInterrupt):
        question.ask(service)
    assert watched.asked[-1][:2] == ("POST", "/20180418/streams")
    service.undo()
    assert watched.asked[-1][0] == "DELETE"
    assert service.left_behind == []


def test_what_cannot_be_removed_is_said() -> None:
    def change(number: int, request: Request, response: Response) -> Response:
        return Response(409, {}, b"{}") if request.method == "DELETE" else response

    [question] = [one for one in QUESTIONS if one.id == "policy-night"]
    _, service = asked(question, Watched(change))
    [title] = service.left_behind
    assert title.startswith("policy ocid1.policy.")
