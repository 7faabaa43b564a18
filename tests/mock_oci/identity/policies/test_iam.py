"""Who may do what: subjects, scopes, verbs, denies, and the statement that decided."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import pytest

from mock_oci import MockOci
from mock_oci.identity.policies import Decision, PolicyAnswer, PolicyError
from mock_oci.identity.policies.permission_sets import known_permissions, permissions_of, types_of
from mock_oci.identity.policies.statements import Grant
from mock_oci.identity.principals import Principal
from mock_oci.identity.tenancy import Tenancy, ocid
from mock_oci.services.functions.state import resource_principal

HOME: Final = Tenancy()
ROOT, MODELS = HOME.tenancy_id, HOME.compartment_id
FUNCTION = "ocid1.fnfunc.oc1.us-chicago-1.one"
READER: Final = Principal("user", ocid("user", "reader"), ROOT)
ADMINISTRATOR: Final = Principal("user", HOME.user_id, ROOT)


def cloud(*statements: str, at: str = "") -> MockOci:
    oci = MockOci()
    oci.iam.directory.add_group("Readers", [READER.id], "ocid1.group.oc1..readers")
    oci.iam.directory.add_dynamic_group("Functions", "resource.type = 'fnfunc'", "ocid1.dynamicgroup.oc1..functions")
    oci.iam.directory.add_compartment("ocid1.compartment.oc1..reports", "Reports", MODELS)
    oci.iam.add_policy(statements, at)
    return oci


def asked(
    oci: MockOci,
    needs: str = "OBJECT_READ",
    principal: Principal | None = None,
    at: str = MODELS,
    target: Mapping[str, tuple[str, ...]] | None = None,
) -> Decision:
    caller = principal or resource_principal(oci, "fnfunc", FUNCTION)
    return oci.permissions.decide(caller, at, "ObjectStorageClient.get_object", needs, target)


def answer(oci: MockOci, *parts: object, **named: object) -> str:
    return asked(oci, *parts, **named).answer.value  # type: ignore[arg-type]  # the parameters of asked


@pytest.mark.parametrize(
    ("subject", "principals"),
    [
        ("any-user", "function reader service"),
        ("any-group", "function reader"),
        ("group Readers", "reader"),
        ("group Default/readers", "reader"),
        ("group Other/Readers", ""),
        ("group id ocid1.group.oc1..readers", "reader"),
        ("dynamic-group functions", "function"),
        ("dynamic-group id ocid1.dynamicgroup.oc1..functions", "function"),
        ("service objectstorage", "service"),
    ],
)
def test_a_subject_means_its_principals_and_no_other(subject: str, principals: str) -> None:
    oci = cloud(f"Allow {subject} to read objects in tenancy")
    callers = {
        "function": resource_principal(oci, "fnfunc", FUNCTION),
        "reader": READER,
        "service": Principal("service", "objectstorage", ROOT),
        "stranger": Principal("user", ocid("user", "stranger"), ROOT),
    }
    allowed = {name for name, caller in callers.items() if asked(oci, principal=caller).is_allowed}
    assert allowed - {"stranger"} == set(principals.split())
    assert ("stranger" in allowed) == (subject == "any-user")


@pytest.mark.parametrize(
    ("scope", "attached", "where"),
    [
        ("tenancy", ROOT, "root models reports"),
        ("compartment models", ROOT, "models reports"),
        ("compartment Models:Reports", ROOT, "reports"),
        (f"compartment id {MODELS}", ROOT, "models reports"),
        ("compartment models", MODELS, "models reports"),
        ("compartment reports", MODELS, "reports"),
        ("compartment id ocid1.compartment.oc1..reports", MODELS, "reports"),
    ],
)
def test_a_statement_counts_for_its_compartment_and_those_below(scope: str, attached: str, where: str) -> None:
    oci = cloud(f"Allow any-user to read objects in {scope}", at=attached)
    places = {"root": ROOT, "models": MODELS, "reports": "ocid1.compartment.oc1..reports"}
    assert {name for name, id_ in places.items() if asked(oci, at=id_).is_allowed} == set(where.split())


@pytest.mark.parametrize(
    ("statement", "at", "says"),
    [
        ("Allow any-user to read objects in compartment nowhere", "", "nobody can name nowhere"),
        (f"Allow any-user to read objects in compartment id {ROOT}x", "", "nobody can name"),
        ("Allow any-user to read objects in tenancy", MODELS, "nobody can name the tenancy"),
        (f"Allow any-user to read objects in compartment id {ROOT}", MODELS, "nobody can name"),
        ("Allow any-user to read objects in tenancy", "ocid1.compartment.oc1..none", "no compartment"),
        ("Allow any-user to {OBJECT_EAT} in tenancy", "", "OBJECT_EAT is not known"),
        ("Allow dynamic-group Nobody to read objects in tenancy", "", "no dynamic group default/nobody"),
    ],
)
def test_what_a_policy_names_has_to_be_there(statement: str, at: str, says: str) -> None:
    with pytest.raises(PolicyError, match=says):
        cloud(statement, at=at)


def test_a_verb_gives_what_the_verbs_before_it_give() -> None:
    given = [permissions_of(Grant(verb, "objects")) or frozenset() for verb in ("inspect", "read", "use", "manage")]
    assert given[0] == {"OBJECT_INSPECT"}
    assert given[1] == {"OBJECT_INSPECT", "OBJECT_READ"}
    assert given[2] == given[1] | {"OBJECT_OVERWRITE"}
    assert given[2] < given[3]
    assert permissions_of(Grant("manage", "all-resources")) == known_permissions()
    assert "GENERATIVE_AI_CHAT" in (permissions_of(Grant("use", "generative-ai-family")) or ())
    assert types_of("generative-ai-family") and "generative-ai-response" not in types_of("generative-ai-family")  # type: ignore[operator]  # fmt: skip  # it is not None


def test_without_a_statement_nobody_may_but_an_administrator() -> None:
    oci = cloud("Allow group Readers to read buckets in tenancy")
    refused = asked(oci)
    assert (refused.answer, refused.verdicts[0].statement) == (PolicyAnswer.DENIED, None)
    assert "no statement allows OBJECT_READ" in refused.reason
    assert FUNCTION in refused.reason
    assert answer(oci, principal=ADMINISTRATOR) == "allowed"


def test_the_statement_that_decided_is_named() -> None:
    wide, narrow = "Allow any-user to read buckets in tenancy", "Allow any-user to {OBJECT_READ} in tenancy"
    decision = asked(cloud(wide, narrow), "BUCKET_READ + OBJECT_READ")
    assert [verdict.statement and verdict.statement.text for verdict in decision.verdicts] == [wide, narrow]


def test_every_permission_is_needed_and_of_either_one() -> None:
    oci = cloud("Allow any-user to inspect objects in tenancy")
    assert answer(oci, "OBJECT_INSPECT + OBJECT_READ") == "denied"
    assert answer(oci, "OBJECT_READ | OBJECT_INSPECT") == "allowed"


def test_the_permission_itself_can_be_a_condition() -> None:
    oci = cloud("Allow any-user to manage objects in tenancy where request.permission = 'OBJECT_READ'")
    assert (answer(oci, "OBJECT_READ"), answer(oci, "OBJECT_DELETE")) == ("allowed", "denied")


def test_a_deny_goes_before_every_allow_but_not_for_administrators() -> None:
    allow, deny = "Allow any-user to manage all-resources in tenancy", "Deny any-user to manage objects in tenancy"
    oci = cloud(allow, deny)
    refused = asked(oci, "OBJECT_DELETE")
    assert refused.answer is PolicyAnswer.DENIED
    assert refused.verdicts[0].statement and refused.verdicts[0].statement.denies
    assert answer(oci, "OBJECT_READ") == "allowed"  # what manage adds is denied, and no more
    assert answer(oci, "OBJECT_DELETE", ADMINISTRATOR) == "allowed"
    assert answer(cloud(allow, "Deny any-user to inspect objects in tenancy"), "OBJECT_DELETE") == "denied"


def test_a_deny_whose_variable_is_missing_leaves_it_unknown() -> None:
    allow = "Allow any-user to read objects in tenancy"
    oci = cloud(allow, "Deny any-user to read objects in tenancy where target.bucket.name = 'secret'")
    assert answer(oci, target={"target.bucket.name": ("secret",)}) == "denied"
    assert answer(oci, target={"target.bucket.name": ("open",)}) == "allowed"
    assert answer(oci) == "unknown"


def test_what_is_not_known_here_is_unknown_and_not_denied() -> None:
    assert answer(cloud("Allow any-user to manage moon-bases in tenancy")) == "unknown"
    assert answer(cloud("Allow any-user to manage instance-family in tenancy")) == "denied"
    office = "Allow any-user to read objects in tenancy where request.networkSource.name = 'office'"
    assert answer(cloud(office)) == "unknown"
    assert answer(cloud(office, "Allow any-user to read objects in tenancy")) == "allowed"


def test_membership_and_time_are_looked_up_at_each_request() -> None:
    oci = cloud("Allow group Readers to read objects in tenancy where request.utc-timestamp before '2030-01-01T00:00Z'")
    other = Principal("user", ocid("user", "other"), ROOT)
    assert answer(oci, principal=other) == "denied"
    oci.iam.directory.add_group("readers", [other.id])
    assert answer(oci, principal=other) == "allowed"
    oci.clock.set(1_900_000_000)
    assert answer(oci, principal=other) == "denied"


def test_a_policy_that_is_removed_leaves_policies_in_force() -> None:
    oci = cloud("Allow any-user to read objects in tenancy")
    oci.iam.remove_policy(oci.iam.policies[0].id)
    assert answer(oci) == "denied"
    oci.reset()
    assert not oci.iam.is_enforced
    assert answer(oci) == "allowed"
