from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import oci as sdk
import pytest
from oci.monitoring import MonitoringClient
from oci.monitoring.models import Datapoint, MetricDataDetails, PostMetricDataDetails, SummarizeMetricsDataDetails
from tests.mock_oci.conftest import Clock

from mock_oci import MockOci, Response, mock_oci
from mock_oci.services.monitoring import CustomMetrics, DataPoint, MetricStream
from mock_oci.services.monitoring.query import read_query
from mock_oci.services.oci_surface import timestamp

START = 1_790_000_040.0  # the beginning of a minute


def details(compartment_id: str, name: str = "calls", value: float = 1.0, **more: Any) -> MetricDataDetails:
    point = Datapoint(timestamp=datetime.now(UTC), value=value)
    about = {"namespace": "models", "dimensions": {"team": "red"}, "datapoints": [point], **more}
    return MetricDataDetails(compartment_id=compartment_id, name=name, **about)


def test_the_sdk_posts_and_queries(sdk_client: Callable[[Any], Any], live: MockOci) -> None:
    client, compartment_id = sdk_client(MonitoringClient), live.tenancy.compartment_id
    sent = [details(compartment_id, value=2.0), details(compartment_id, value=3.0, dimensions={"team": "blue"})]
    answer = client.post_metric_data(PostMetricDataDetails(metric_data=sent)).data
    assert (answer.failed_metrics_count, answer.failed_metrics) == (0, [])
    query = SummarizeMetricsDataDetails(
        namespace="models", query='calls[1m]{team = "red"}.sum()', end_time=datetime.now(UTC) + timedelta(minutes=1)
    )
    (row,) = client.summarize_metrics_data(compartment_id, query).data
    assert (row.name, row.dimensions) == ("calls", {"team": "red"})
    assert [point.value for point in row.aggregated_datapoints] == [2.0]


def test_points_are_posted_to_the_ingestion_host_and_queried_at_the_other() -> None:
    with mock_oci(credentials=True) as oci:
        client = MonitoringClient(sdk.config.from_file())
        posted = PostMetricDataDetails(metric_data=[details(oci.tenancy.compartment_id)])
        with pytest.raises(sdk.exceptions.ServiceError) as caught:
            client.post_metric_data(posted)
        assert (caught.value.status, "telemetry-ingestion" in caught.value.message) == (404, True)
        client.base_client.endpoint = client.base_client.endpoint.replace("telemetry.", "telemetry-ingestion.")
        assert client.post_metric_data(posted).data.failed_metrics_count == 0
        assert oci.state_of(CustomMetrics).values("calls", team="red") == [1.0]


def metric(oci: MockOci, clock: Clock, **changes: Any) -> dict[str, Any]:
    usual = {"namespace": "models", "compartmentId": oci.tenancy.compartment_id, "name": "calls"}
    usual |= {"dimensions": {"team": "red"}, "datapoints": [{"timestamp": timestamp(clock.now), "value": 1}]}
    return {name: value for name, value in {**usual, **changes}.items() if value is not None}


@pytest.fixture
def post(answered: Callable[..., Any]) -> Callable[..., Any]:
    def send(*metrics: Any, expects: int = 200, **more: Any) -> Any:
        return answered("POST", "/20180401/metrics", {"metricData": list(metrics), **more}, expects)

    return send


def at(clock: Clock, seconds: float) -> list[dict[str, Any]]:
    return [{"timestamp": timestamp(clock.now + seconds), "value": 1}]


WRONG = [
    ({"namespace": "oci_models"}, "reserved"),
    ({"namespace": "oracle_models"}, "reserved"),
    ({"namespace": "a-b"}, "letters, digits and _"),
    ({"namespace": None}, "namespace is missing"),
    ({"name": "1a"}, "begin with a letter"),
    ({"resourceGroup": "a b"}, "begin with a letter"),
    ({"dimensions": {}}, "1 to 20"),
    ({"dimensions": {f"d{number}": "x" for number in range(21)}}, "1 to 20"),
    ({"dimensions": {"a": ""}}, "1 to 512"),
    ({"dimensions": {"a": "x" * 513}}, "1 to 512"),
    ({"dimensions": {"a b": "x"}}, "printable ASCII"),
    ({"dimensions": {"a": 1}}, "is not a string"),
    ({"metadata": {"unit": "x" * 257}}, "256"),
    ({"datapoints": []}, "at least one"),
    ({"datapoints": [{"timestamp": "now", "value": 1}]}, "RFC 3339"),
    ({"datapoints": [{"timestamp": "2026-01-01T00:00:00Z", "value": "1"}]}, "is not a number"),
    ({"datapoints": [{"value": 1}]}, "timestamp is missing"),
    ({"colour": "red"}, "colour is not known"),
]


@pytest.mark.parametrize(("changes", "said"), WRONG, ids=range(len(WRONG)))
def test_a_metric_that_is_wrong_is_named_and_the_others_are_kept(
    post: Callable[..., Any], oci: MockOci, clock: Clock, changes: dict[str, Any], said: str
) -> None:
    wrong = metric(oci, clock, **changes)
    answer = post(metric(oci, clock), wrong)
    assert answer["failedMetricsCount"] == 1
    assert said in answer["failedMetrics"][0]["message"]
    assert answer["failedMetrics"][0]["metricData"] == wrong
    assert oci.state_of(CustomMetrics).values("calls") == [1.0]
    assert said in post(wrong, expects=400)["message"]
    assert said in post(metric(oci, clock), wrong, expects=400, batchAtomicity="ATOMIC")["message"]
    assert oci.state_of(CustomMetrics).values("calls") == [1.0]


@pytest.mark.parametrize(("seconds", "kept"), [(-7199, True), (-7200, False), (599, True), (600, False)])
def test_a_point_is_near_the_present(
    post: Callable[..., Any], oci: MockOci, clock: Clock, seconds: float, kept: bool
) -> None:
    post(metric(oci, clock, datapoints=at(clock, seconds)), expects=200 if kept else 400)


def test_fifty_streams_in_a_call(post: Callable[..., Any], oci: MockOci, clock: Clock) -> None:
    metrics = [metric(oci, clock, dimensions={"n": str(number)}) for number in range(51)]
    assert post(*metrics[:50], metrics[0])["failedMetricsCount"] == 0
    assert "50 unique metric streams" in post(*metrics, expects=400)["message"]


def test_fifty_calls_a_second(post: Callable[..., Any], oci: MockOci, clock: Clock) -> None:
    for _ in range(50):
        post(metric(oci, clock))
    assert post(metric(oci, clock), expects=429)["code"] == "TooManyRequests"
    clock.now += 1
    post(metric(oci, clock))


@pytest.mark.parametrize("body", [{}, {"metricData": {}}, {"metricData": []}])
def test_a_call_without_metrics_is_refused(answered: Callable[..., Any], body: dict[str, Any]) -> None:
    answered("POST", "/20180401/metrics", body, 400)


def test_a_compartment_that_is_not_ours_is_404(post: Callable[..., Any], oci: MockOci, clock: Clock) -> None:
    post(metric(oci, clock, compartmentId="ocid1.compartment.oc1..other"), expects=404)
    assert not oci.state_of(CustomMetrics).streams()


@pytest.fixture
def query(answered: Callable[..., Any], oci: MockOci, clock: Clock) -> Callable[..., Any]:
    """Points of red: 1, 3 (twice) and 5 in three minutes; of blue: 10 in the first. Asks for an aggregation."""
    clock.now = START + 180
    add = oci.state_of(CustomMetrics).add

    def stream(team: str) -> MetricStream:
        return MetricStream("models", None, oci.tenancy.compartment_id, "calls", (("model", "m"), ("team", team)))

    add(stream("red"), [DataPoint(START, 1), DataPoint(START + 60, 3, 2), DataPoint(START + 125, 5)], {"unit": "calls"})
    add(stream("blue"), [DataPoint(START + 1, 10)], {})

    def ask(text: str, expects: int = 200, **more: Any) -> Any:
        body = {"namespace": "models", "query": text, **more}
        target = f"/20180401/metrics/actions/summarizeMetricsData?compartmentId={oci.tenancy.compartment_id}"
        return answered("POST", target, body, expects)

    return ask


QUERIES = [
    ('calls[1m]{team = "red"}.sum()', [[1, 6, 5]]),
    ('calls[1m]{team = "red"}.count()', [[1, 2, 1]]),
    ('calls[1m]{team = "red", model = "m"}.max()', [[1, 3, 5]]),
    ('calls[1m]{team != "red"}.mean()', [[10]]),
    ('calls[1m]{team =~ "r*|blue"}.sum()', [[1, 6, 5], [10]]),
    ("calls[1m].sum()", [[1, 6, 5], [10]]),
    ("calls[1m].grouping().sum()", [[11, 6, 5]]),
    ("calls[1m].groupBy(model).sum()", [[11, 6, 5]]),
    ("calls[1m].groupBy(team).sum()", [[1, 6, 5], [10]]),
    ('calls[1m]{team = "red"}.percentile(0.5)', [[1, 3, 5]]),
    ('calls[1m]{team = "nobody"}.sum()', []),
    ("others[1m].sum()", []),
]


@pytest.mark.parametrize(("text", "values"), QUERIES)
def test_a_query_aggregates(query: Callable[..., Any], text: str, values: list[list[float]]) -> None:
    rows = query(text)
    assert [[point["value"] for point in row["aggregatedDatapoints"]] for row in rows] == values


def test_a_long_interval_at_a_short_resolution_slides(query: Callable[..., Any]) -> None:
    (row,) = query('calls[2m]{team = "red"}.sum()')
    assert [point["value"] for point in row["aggregatedDatapoints"]] == [1, 7, 11, 5]
    (row,) = query('calls[1h]{team = "red"}.sum()', resolution="1h")
    assert sum(point["value"] for point in row["aggregatedDatapoints"]) == 12


def test_a_query_begins_and_ends_where_it_says(query: Callable[..., Any]) -> None:
    span = {"startTime": timestamp(START + 60), "endTime": timestamp(START + 119)}
    (row,) = query('calls[1m]{team = "red"}.sum()', **span)
    assert row["aggregatedDatapoints"] == [{"timestamp": timestamp(START + 60), "value": 6}]
    assert (row["metadata"], row["dimensions"]) == ({"unit": "calls"}, {"model": "m", "team": "red"})


@pytest.mark.parametrize(
    "text",
    [
        "calls",
        "calls.sum()",
        "calls[1m]",
        "calls[90m].sum()",
        "calls[1m].rate()",
        "calls[1m]{team}.sum()",
        "1[1m].sum()",
    ],
)
def test_what_is_no_query_is_400(query: Callable[..., Any], text: str) -> None:
    query(text, expects=400)


def test_what_a_query_may_not_ask(query: Callable[..., Any]) -> None:
    query("calls[1m].sum()", expects=400, resolution="5m")
    query("calls[1m].sum()", expects=400, startTime=timestamp(START), endTime=timestamp(START - 1))
    for _ in range(8):
        query("calls[1m].sum()")
    assert query("calls[1m].sum()", expects=429)["code"] == "TooManyRequests"


def test_quotes_in_a_dimension_are_escaped() -> None:
    (condition,) = read_query(r'calls[1m]{team = "a\"b"}.sum()').conditions
    assert condition.value == 'a"b'


def test_who_may_not_gets_404(signed: Callable[..., Response], oci: MockOci) -> None:
    oci.deny("user")
    target = f"/20180401/metrics/actions/summarizeMetricsData?compartmentId={oci.tenancy.compartment_id}"
    assert signed("POST", target, {"namespace": "models", "query": "calls[1m].sum()"}).status == 404
