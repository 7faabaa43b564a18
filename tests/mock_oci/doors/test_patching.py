from __future__ import annotations

import os
from contextlib import ExitStack

import pytest

from mock_oci import mock_oci
from mock_oci.doors.patching import VariableLayers, replaced

ENVIRONMENT = os.environ  # noqa: TID251 - a test looks at what a block puts there


class Base:
    name = "inherited"


class Below(Base):
    pass


@pytest.mark.parametrize("owner", [Base, Below])
def test_an_attribute_is_back_where_it_was(owner: type[Base]) -> None:
    before = dict(vars(owner))
    with pytest.raises(ZeroDivisionError), replaced(owner, "name", "other"):
        assert owner.name == "other"
        _ = 1 / 0
    assert dict(vars(owner)) == before


def test_layers_of_variables_may_be_taken_away_in_any_order() -> None:
    variables = {"A": "own", "B": "own"}
    layers = VariableLayers(variables)
    first, second = ExitStack(), ExitStack()
    first.enter_context(layers.over({"A": "1", "B": None, "C": "1"}))
    second.enter_context(layers.over({"A": "2", "B": None}))
    assert variables == {"A": "2", "C": "1"}
    first.close()
    assert variables == {"A": "2"}
    second.close()
    assert variables == {"A": "own", "B": "own"}


def test_what_others_set_meanwhile_stays() -> None:
    variables = {"A": "own"}
    with VariableLayers(variables).over({"A": "1"}):
        variables["OTHER"] = "x"
    assert variables == {"A": "own", "OTHER": "x"}


def test_doors_left_in_any_order_leave_the_environment_as_it_was() -> None:
    before = dict(ENVIRONMENT)
    first, second = mock_oci(), mock_oci(credentials="resource_principal")
    first.start()
    second.start()
    inner = ENVIRONMENT["OCI_CONFIG_FILE"]
    first.stop()
    assert ENVIRONMENT["OCI_CONFIG_FILE"] == inner
    assert ENVIRONMENT["OCI_RESOURCE_PRINCIPAL_VERSION"] == "2.2"
    second.stop()
    assert dict(ENVIRONMENT) == before
