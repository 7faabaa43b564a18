"""Who called: by what the platform and the gateway say, and never by a client's word."""

from __future__ import annotations

import pytest

from model_service.errors import InvalidRequest
from model_service.fn.caller import Caller, caller_of
from model_service.fn.invocation import Deadline, HttpRequest, Invocation

PREFIX = "x-model-service"
NAMES = {"id": f"{PREFIX}-caller", "team": f"{PREFIX}-team", "key": f"{PREFIX}-key", "models": "x-models"}
GATEWAY = "ocid1.apigateway.oc1..g"
SET_BY_GATEWAY = {"x-model-service-caller": "ada", "x-model-service-team": "search", "x-model-service-key": "k1"}


def invoked(subject: str | None, headers: dict[str, str] | None) -> Invocation:
    platform = {"oci-subject-id": subject} if subject else {}
    http = None if headers is None else HttpRequest("POST", "/v1/chat/completions", headers)
    return Invocation(b"{}", Deadline.after(10), "call", platform, http)


def test_behind_a_gateway_it_is_whom_the_gateway_names() -> None:
    assert caller_of(invoked(GATEWAY, SET_BY_GATEWAY), NAMES) == Caller("ada", "search", "k1")


@pytest.mark.parametrize("subject", ["ocid1.fnfunc.oc1..f", "ocid1.user.oc1..u", None, "x-ocid1.apigateway."])
def test_a_direct_caller_that_plays_a_gateway_stays_who_it_is(subject: str | None) -> None:
    assert caller_of(invoked(subject, SET_BY_GATEWAY), NAMES) == Caller(subject)


def test_headers_count_only_where_a_setting_says_that_the_gateway_sets_them() -> None:
    assert caller_of(invoked(GATEWAY, SET_BY_GATEWAY), {}) == Caller(GATEWAY)


def test_a_direct_caller_is_the_platforms_subject() -> None:
    assert caller_of(invoked("ocid1.fnfunc.oc1..f", None), NAMES) == Caller("ocid1.fnfunc.oc1..f")


def test_a_client_that_hides_the_gateways_name_is_refused() -> None:
    with pytest.raises(InvalidRequest, match="oci-subject-id"):
        caller_of(invoked(None, {**SET_BY_GATEWAY, "oci-subject-id": GATEWAY}), NAMES)


def test_a_key_may_narrow_the_models() -> None:
    headers = {**SET_BY_GATEWAY, "x-models": "meta.*,cohere.*"}
    assert caller_of(invoked(GATEWAY, headers), NAMES).models == ("meta.*", "cohere.*")


@pytest.mark.parametrize("value", ["", "   ", "a\nb", "a\x00"])
def test_a_name_that_no_log_should_have_is_none(value: str) -> None:
    assert caller_of(invoked(GATEWAY, {"x-model-service-caller": value}), NAMES) == Caller()


def test_a_name_without_an_end_is_cut() -> None:
    caller = caller_of(invoked(GATEWAY, {"x-model-service-caller": "x" * 10_000}), NAMES)
    assert len(caller.id or "") == 200
