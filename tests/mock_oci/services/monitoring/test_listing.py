"""ListMetrics by the SDK's client: which metrics there are, narrowed, grouped and sorted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import oci as sdk
import pytest
from oci.monitoring.models import ListMetricsDetails

from mock_oci import MockOci
from mock_oci.services.monitoring import CustomMetrics
from mock_oci.services.monitoring.state import DataPoint, MetricStream


@pytest.fixture
def listed(sdk_client: Callable[[Any], Any], live: MockOci) -> Callable[..., list[Any]]:
    client, home = sdk_client(sdk.monitoring.MonitoringClient), live.tenancy.compartment_id
    for namespace, name, team in (("models", "tokens", "red"), ("models", "calls", "blue"), ("other", "calls", "red")):
        stream = MetricStream(namespace, None, home, name, (("team", team),))
        live.state_of(CustomMetrics).add(stream, [DataPoint(0, 1)], {})

    def ask(**details: Any) -> list[Any]:
        return list(client.list_metrics(home, ListMetricsDetails(**details)).data)

    return ask


@pytest.mark.parametrize(
    ("details", "found"),
    [
        ({}, [("models", "tokens"), ("models", "calls"), ("other", "calls")]),
        ({"namespace": "models"}, [("models", "tokens"), ("models", "calls")]),
        ({"name": "calls"}, [("models", "calls"), ("other", "calls")]),
        ({"dimension_filters": {"team": "red"}}, [("models", "tokens"), ("other", "calls")]),
        ({"resource_group": "none"}, []),
        ({"sort_by": "NAME"}, [("models", "calls"), ("other", "calls"), ("models", "tokens")]),
        (
            {"sort_by": "NAMESPACE", "sort_order": "DESC"},
            [("other", "calls"), ("models", "tokens"), ("models", "calls")],
        ),
    ],
)
def test_metrics_are_narrowed_and_sorted(
    listed: Callable[..., list[Any]], details: dict[str, Any], found: list[tuple[str, str]]
) -> None:
    assert [(item.namespace, item.name) for item in listed(**details)] == found


def test_groups_have_only_what_they_are_grouped_by(listed: Callable[..., list[Any]]) -> None:
    groups = listed(group_by=["namespace"], dimension_filters={"team": "blue"})
    assert [(item.namespace, item.name, item.dimensions) for item in groups] == [
        ("models", None, None),
        ("other", None, None),
    ]
    with pytest.raises(sdk.exceptions.ServiceError) as refusal:
        listed(group_by=["team"])
    assert refusal.value.status == 400
