"""Whose a stored response is: told by its metadata, which nobody but us reads or writes."""

from __future__ import annotations

from typing import Any

import pytest

from model_service.callers.admission import owner_of
from model_service.errors import InvalidRequest
from model_service.fn.caller import Caller
from model_service.transports.responses.ownership import NotFound, check_owner, with_owner, without_owner

ADA = Caller(id="ada", team="search")


def test_a_team_shares_and_others_see_nothing() -> None:
    own = owner_of(ADA, "team")
    assert own is not None
    stored = with_owner({"metadata": {"topic": "x"}}, own)
    check_owner(stored, owner_of(Caller(id="bob", team="search"), "team") or "")
    for other in (Caller(id="eve", team="ads"), Caller(id="search"), Caller(id="ada"), Caller()):
        with pytest.raises(NotFound):
            check_owner(stored, owner_of(other, "team") or "")


def test_callers_may_be_kept_apart_within_a_team_or_share_everything() -> None:
    assert owner_of(ADA, "caller") != owner_of(Caller(id="bob", team="search"), "caller")
    assert owner_of(ADA, "none") is None


@pytest.mark.parametrize("stored", [{}, {"metadata": None}, {"metadata": {}}, {"metadata": ["model_service_owner"]}])
def test_what_has_no_owner_is_nobodys(stored: dict[str, Any]) -> None:
    with pytest.raises(NotFound):
        check_owner(stored, owner_of(ADA, "team") or "")


def test_a_caller_can_neither_choose_nor_see_the_owner() -> None:
    body = with_owner({"metadata": {"model_service_owner": "me", "a": "b"}}, "owner")
    assert body["metadata"] == {"a": "b", "model_service_owner": "owner"}
    assert without_owner({"response": body, "type": "response.created"}) == {
        "response": {"metadata": {"a": "b"}},
        "type": "response.created",
    }


@pytest.mark.parametrize("metadata", [["a"], "a", {f"k{number}": "v" for number in range(16)}])
def test_metadata_without_room_for_the_owner_is_refused(metadata: Any) -> None:
    with pytest.raises(InvalidRequest, match="metadata"):
        with_owner({"metadata": metadata}, "owner")
