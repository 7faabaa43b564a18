"""Streams stand in pools: made, read, listed, changed, moved and deleted by the SDK's client."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import oci as sdk
import pytest

from mock_oci import MockOci
from mock_oci.services.streaming import Streaming

Models = sdk.streaming.models


@pytest.fixture
def admin(sdk_client: Callable[[Any], Any]) -> Any:
    return sdk_client(sdk.streaming.StreamAdminClient)


def refused(ask: Callable[..., Any], *arguments: Any, **named: Any) -> tuple[int, str]:
    with pytest.raises(sdk.exceptions.ServiceError) as refusal:
        ask(*arguments, **named)
    return refusal.value.status, refusal.value.code


def made(admin: Any, live: MockOci, name: str = "pool", **settings: Any) -> Any:
    kafka = Models.KafkaSettings(**settings) if settings else None
    details = Models.CreateStreamPoolDetails(
        name=name, compartment_id=live.tenancy.compartment_id, kafka_settings=kafka, freeform_tags={"a": "b"}
    )
    return admin.create_stream_pool(details)


def test_a_pool_is_made_with_oci_s_defaults_and_read_and_listed(admin: Any, live: MockOci) -> None:
    pool = made(admin, live)
    assert admin.get_work_request(pool.headers["opc-work-request-id"]).data.resources[0].identifier == pool.data.id
    kafka = pool.data.kafka_settings
    assert (kafka.auto_create_topics_enable, kafka.log_retention_hours, kafka.num_partitions) == (False, 24, 1)
    assert kafka.bootstrap_servers.endswith(":9092")
    assert (pool.data.custom_encryption_key.key_state, pool.data.is_private) == ("NONE", False)
    assert admin.get_stream_pool(pool.data.id).data == pool.data
    listed = admin.list_stream_pools(live.tenancy.compartment_id, name="pool").data
    assert [(item.id, item.freeform_tags) for item in listed] == [(pool.data.id, {"a": "b"})]


def test_a_pool_is_changed_in_the_version_that_was_seen(admin: Any, live: MockOci) -> None:
    pool = made(admin, live, log_retention_hours=48, num_partitions=3)
    change = Models.UpdateStreamPoolDetails(
        name="other", kafka_settings=Models.KafkaSettings(auto_create_topics_enable=True)
    )
    admin.update_stream_pool(pool.data.id, change, if_match=pool.headers["etag"])
    after = admin.get_stream_pool(pool.data.id).data
    assert (after.name, after.kafka_settings.auto_create_topics_enable) == ("other", True)
    assert (after.kafka_settings.log_retention_hours, after.kafka_settings.num_partitions) == (48, 3)
    assert refused(admin.update_stream_pool, pool.data.id, change, if_match=pool.headers["etag"])[0] == 412


@pytest.mark.parametrize("settings", [{"log_retention_hours": 200}, {"num_partitions": 0}])
def test_settings_out_of_range_are_refused(admin: Any, live: MockOci, settings: dict[str, Any]) -> None:
    assert refused(made, admin, live, **settings) == (400, "InvalidParameter")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("custom_encryption_key_details", Models.CustomEncryptionKeyDetails(kms_key_id="k")),
        ("private_endpoint_details", Models.PrivateEndpointDetails(subnet_id="s")),
    ],
)
def test_what_a_pool_would_only_claim_is_501(admin: Any, live: MockOci, name: str, value: Any) -> None:
    details = Models.CreateStreamPoolDetails(name="p", compartment_id=live.tenancy.compartment_id, **{name: value})
    assert refused(admin.create_stream_pool, details) == (501, "NotImplemented")


def test_the_default_pool_comes_with_the_first_stream_and_stays(admin: Any, live: MockOci) -> None:
    home = live.tenancy.compartment_id
    assert admin.list_stream_pools(home).data == []
    stream = admin.create_stream(Models.CreateStreamDetails(name="s", partitions=1, compartment_id=home)).data
    [default] = admin.list_stream_pools(home).data
    assert (default.id, default.name) == (stream.stream_pool_id, "DefaultPool")
    assert refused(admin.delete_stream_pool, default.id) == (409, "IncorrectState")


def test_a_stream_moves_to_another_pool_and_goes_with_it(admin: Any, live: MockOci) -> None:
    pool = made(admin, live).data
    stream = live.state_of(Streaming).create("s")
    seen = admin.get_stream(stream.id)
    move = Models.UpdateStreamDetails(stream_pool_id=pool.id)
    admin.update_stream(stream.id, move, if_match=seen.headers["etag"])
    assert admin.get_stream(stream.id).data.stream_pool_id == pool.id
    assert refused(admin.update_stream, stream.id, move, if_match=seen.headers["etag"]) == (412, "NoEtagMatch")
    assert [item.id for item in admin.list_streams(stream_pool_id=pool.id).data] == [stream.id]
    gone = admin.delete_stream_pool(pool.id)
    assert admin.get_work_request(gone.headers["opc-work-request-id"]).data.operation_type == "DELETE_STREAM_POOL"
    assert refused(admin.get_stream, stream.id)[0] == 404
    assert refused(admin.get_stream_pool, pool.id)[0] == 404


def test_a_stream_is_made_in_a_pool_that_is_there(admin: Any, live: MockOci) -> None:
    pool = made(admin, live).data
    inside = Models.CreateStreamDetails(name="s", partitions=1, stream_pool_id=pool.id)
    assert admin.create_stream(inside).data.compartment_id == pool.compartment_id
    nowhere = Models.CreateStreamDetails(name="s", partitions=1, stream_pool_id="ocid1.streampool.oc1..nowhere")
    assert refused(admin.create_stream, nowhere)[0] == 404


def test_streams_and_pools_move_to_another_compartment(admin: Any, live: MockOci) -> None:
    root, pool = live.tenancy.tenancy_id, made(admin, live).data
    stream = live.state_of(Streaming).create("s", pool_id=pool.id)
    move = Models.ChangeStreamCompartmentDetails(compartment_id=root)
    admin.change_stream_compartment(stream.id, move)
    assert admin.get_stream(stream.id).data.compartment_id == root
    assert admin.list_streams(compartment_id=live.tenancy.compartment_id).data == []
    admin.change_stream_pool_compartment(pool.id, Models.ChangeStreamPoolCompartmentDetails(compartment_id=root))
    assert admin.get_stream_pool(pool.id).data.compartment_id == root
