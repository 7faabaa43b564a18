"""Conditions: what is true, what is false, and what nobody can say."""

from __future__ import annotations

from typing import Final

import pytest

from mock_oci.identity.policies.conditions import Context, read_rule

CARRIED: Final = {
    "target.bucket.name": ("Reports-2026",),
    "target.object.name": ("in/letters/one.txt",),
    "request.permission": ("OBJECT_READ",),
    "request.groups.id": ("g1", "g2"),
    "request.region": ("ORD",),
    "request.utc-timestamp": ("2026-11-27T12:00:00+00:00",),
    "request.utc-timestamp.time-of-day": ("12:00:00",),
    "request.utc-timestamp.day-of-week": ("Friday", "Fri"),
}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("target.bucket.name = 'reports-2026'", True),  # without case, as the page says
        ("TARGET.bucket.NAME = 'Reports-2026'", True),
        ("target.bucket.name = 'reports'", False),
        ("target.bucket.name != 'reports'", True),
        ("target.bucket.name = /reports-*/", True),
        ("target.bucket.name = /*-2026/", True),
        ("target.bucket.name = /*orts*/", True),
        ("target.bucket.name = /orts/", False),
        ("target.bucket.name = /re*ports*26/", True),
        ("target.bucket.name = /reports-2026*6/", False),  # one character cannot be both
        ("target.bucket.name != /reports-*/", False),
        ("target.bucket.name = 'reports-*'", False),  # no pattern without slashes
        ("target.object.name = 'in/letters/*'", True),  # save for objects, whose names have slashes
        ("target.object.name = 'out/*'", False),
        ("request.permission in ('OBJECT_READ', 'OBJECT_CREATE')", True),
        ("request.permission not in ('OBJECT_READ', 'OBJECT_CREATE')", False),
        ("request.region in ('phx', /o*/)", True),
        ("request.groups.id = 'g2'", True),
        ("request.groups.id != 'g2'", False),
        ("request.groups.id != 'g3'", True),
        ("request.utc-timestamp before '2027-01-01T00:00:00Z'", True),
        ("request.utc-timestamp after '2027-01-01T00:00:00Z'", False),
        ("request.utc-timestamp between '2026-01-01T00:00Z' and '2026-12-31T00:00Z'", True),
        ("request.utc-timestamp.time-of-day between '09:00:00Z' and '17:00:00Z'", True),
        ("request.utc-timestamp.time-of-day between '22:00:00Z' and '06:00:00Z'", False),
        ("request.utc-timestamp.time-of-day between '22:00:00Z' and '13:00:00Z'", True),
        ("request.utc-timestamp.day-of-week in ('friday', 'saturday')", True),
        ("request.utc-timestamp before 'christmas'", None),
        # What the request does not carry makes the condition false, whichever it is.
        ("target.stream.id = 'a'", False),
        ("target.stream.id != 'a'", False),
        ("target.stream.id not in ('a')", False),
        ("target.stream.id before '2027-01-01T00:00:00Z'", False),
        ("!target.stream.id", True),
        ("!request.region", False),
        # What OCI's requests carry and mock_oci's do not.
        ("request.networkSource.name = 'office'", None),
        ("target.resource.tag.team.name = 'a'", None),
        ("any {request.networkSource.name = 'office', request.region = 'ord'}", True),
        ("all {request.networkSource.name = 'office', request.region = 'ord'}", None),
        ("all {request.networkSource.name = 'office', request.region = 'phx'}", False),
        ("any {request.networkSource.name = 'office', request.region = 'phx'}", None),
        ("all {any {request.region = 'phx', target.bucket.name = 'Reports-2026'}, request.region = 'ord'}", True),
        ("any {all {request.region = 'phx', request.permission = 'OBJECT_READ'}}", False),
    ],
)
def test_a_condition_holds(text: str, expected: bool | None) -> None:
    assert read_rule(text).holds(Context(CARRIED)) is expected


def test_what_a_missing_variable_means_for_a_deny_nobody_can_say() -> None:
    assert read_rule("target.stream.id != 'a'").holds(Context(CARRIED, absent=None)) is None
