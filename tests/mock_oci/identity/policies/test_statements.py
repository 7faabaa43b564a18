"""The policy language: what is read of a statement, and what is none."""

from __future__ import annotations

import time

import pytest

from mock_oci.identity.policies import PolicyError, read_statement
from mock_oci.identity.policies.conditions import Context, read_rule
from mock_oci.identity.policies.reader import MAX_CHARACTERS
from mock_oci.identity.policies.statements import Grant, PolicySubject, Scope, Statement


def read(text: str) -> Statement:
    statement = read_statement(text)
    assert statement is not None
    return statement


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("any-user", PolicySubject("any-user")),
        ("ANY-GROUP", PolicySubject("any-group")),
        ("group Readers", PolicySubject("group", ("default/readers",))),
        ("group A, B", PolicySubject("group", ("default/a", "default/b"))),
        ("group 'Team Domain'/'The Readers', Other/B", PolicySubject("group", ("team domain/the readers", "other/b"))),
        (
            "group id ocid1.group..a, id ocid1.group..b",
            PolicySubject("group", ("ocid1.group..a", "ocid1.group..b"), True),
        ),
        (
            "dynamic-group id ocid1.dynamicgroup.oc1..a",
            PolicySubject("dynamic-group", ("ocid1.dynamicgroup.oc1..a",), True),
        ),
        ("service objectstorage-us-chicago-1", PolicySubject("service", ("default/objectstorage-us-chicago-1",))),
    ],
)
def test_a_subject_is_read(text: str, subject: PolicySubject) -> None:
    assert read(f"Allow {text} to read buckets in tenancy").subject == subject


@pytest.mark.parametrize(
    ("text", "grant"),
    [
        ("use fn-invocation", Grant("use", "fn-invocation")),
        ("MANAGE All-Resources", Grant("manage", "all-resources")),
        ("{OBJECT_READ}", Grant(permissions=frozenset({"OBJECT_READ"}))),
        ("{object_read,OBJECT_CREATE}", Grant(permissions=frozenset({"OBJECT_READ", "OBJECT_CREATE"}))),
    ],
)
def test_a_grant_is_read(text: str, grant: Grant) -> None:
    assert read(f"allow any-user to {text} in tenancy").grant == grant


@pytest.mark.parametrize(
    ("text", "scope"),
    [
        ("tenancy", Scope("tenancy")),
        ("compartment Models", Scope("path", "models")),
        ("compartment Finance:Reports:2026", Scope("path", "finance:reports:2026")),
        ("compartment id ocid1.compartment.oc1..a", Scope("id", "ocid1.compartment.oc1..a")),
    ],
)
def test_a_scope_is_read(text: str, scope: Scope) -> None:
    assert read(f"allow any-user to read buckets in {text}").scope == scope


def test_allow_need_not_be_said_and_deny_must() -> None:
    assert not read("any-user to read buckets in tenancy").denies
    assert not read("ALLOW any-user TO READ buckets IN TENANCY").denies
    assert read("Deny any-user to read buckets in tenancy").denies


def test_blanks_and_line_breaks_do_not_matter() -> None:
    loose = "Allow\n any-user\tto {OBJECT_READ ,\n OBJECT_CREATE}   in compartment  x\nwhere all{ a = 'b' , c='d'}"
    tight = "Allow any-user to {OBJECT_READ,OBJECT_CREATE} in compartment x where all {a='b',c='d'}"
    one, other = read(loose), read(tight)
    assert (one.grant, one.scope, one.condition) == (other.grant, other.scope, other.condition)
    assert "\n" not in one.text


@pytest.mark.parametrize(
    "text",
    [
        "define tenancy Other as ocid1.tenancy.oc1..a",
        "endorse group Readers to read buckets in tenancy Other",
        "Allow admit group Readers of tenancy Other to read buckets in tenancy",
        "deny endorse any-user to read buckets in any-tenancy",
    ],
)
def test_a_statement_about_other_tenancies_means_nobody_here(text: str) -> None:
    assert read_statement(text) is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "expected any-user or"),
        ("Allow everyone to read buckets in tenancy", "expected any-user or"),
        ("Allow any-user read buckets in tenancy", "expected to"),
        ("Allow any-user to write buckets in tenancy", "expected inspect or read or use or manage"),
        ("Allow any-user to read in tenancy", "expected in"),
        ("Allow any-user to {} in tenancy", "expected a permission"),
        ("Allow any-user to {A B} in tenancy", "expected '}'"),
        ("Allow any-user to read buckets in region", "expected tenancy or compartment"),
        ("Allow any-user to read buckets in tenancy when x = 'y'", "expected the end of the statement"),
        ("Allow any-user to read buckets in tenancy where", "expected a variable"),
        ("Allow any-user to read buckets in tenancy where x = y", "expected a value in quotes"),
        ("Allow any-user to read buckets in tenancy where x = 'y", "expected a value in quotes"),
        ("Allow any-user to read buckets in tenancy where x ~ 'y'", "expected the end"),
        ("Allow any-user to read buckets in tenancy where all {}", "expected a variable"),
        ("Allow any-user to read buckets in tenancy where all {x = 'y'", "expected '}'"),
        ("Allow any-user to read buckets in tenancy where x between 'a'", "expected and"),
        ("Allow any-user to read buckets in tenancy where !x = 'y'", "no operator"),
        (f"Allow any-user to read buckets in tenancy where x = '{'y' * MAX_CHARACTERS}'", "at most"),
        ("Allow any-user to read buckets in tenancy where " + "any {" * 50 + "x = 'y'" + "}" * 50, "nested at most"),
    ],
)
def test_what_is_no_statement_is_refused_with_the_place(text: str, says: str) -> None:
    with pytest.raises(PolicyError, match=says):
        read_statement(text)


HOSTILE = [
    "'" * 9_000,
    "/" * 9_000,
    "Allow any-user to read buckets in tenancy where " + "all {" * 1_700,
    "Allow group " + ",".join("a" * 4_500),
    "Allow any-user to read buckets in tenancy where x = /" + "*a" * 4_000 + "/",
    " " * 9_900 + "Allow",
]


def test_hostile_statements_cost_little() -> None:
    began = time.process_time()
    for text in HOSTILE:
        try:
            statement = read_statement(text)
        except PolicyError:
            continue
        assert statement is not None
        assert statement.condition is not None
        assert statement.condition.holds(Context({"x": ("a" * 20_000 + "b",)})) is False
    assert time.process_time() - began < 5  # milliseconds, where a pattern is not tried in every way


def test_a_matching_rule_is_a_condition_of_its_own() -> None:
    rule = read_rule("ALL {resource.type = 'fnfunc', any {resource.id = 'a', resource.compartment.id != 'b'}}")
    carried = {"resource.type": ("fnfunc",), "resource.id": ("x",), "resource.compartment.id": ("c",)}
    assert rule.holds(Context(carried)) is True
    assert rule.holds(Context({**carried, "resource.compartment.id": ("b",)})) is False
    assert read_rule("tag.team.name.value").holds(Context({})) is False
    with pytest.raises(PolicyError, match="the end of the rule"):
        read_rule("resource.type = 'fnfunc' resource.id = 'a'")
