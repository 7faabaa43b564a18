"""Stream pools: what streams stand in, with settings for Kafka's clients, which nothing here speaks with.

Client: oci.streaming.StreamAdminClient. A compartment's default pool is there with its first stream that names none.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from mock_oci.cloud import Cloud
from mock_oci.identity.tenancy import ocid
from mock_oci.operations import Call, Operation, Refused, not_found, refusing
from mock_oci.services.oci_surface import (
    flag_in,
    invalid,
    number_in,
    object_in,
    optional_text_in,
    permitted,
    text_in,
    timestamp,
)
from mock_oci.services.resources import Collection, Resources, details_in
from mock_oci.services.work_requests import Subject, WorkRequests, accepted
from mock_oci.wire import Body, Response

_MAX_PARTITIONS = 200
_KAFKA = {"autoCreateTopicsEnable": False, "logRetentionHours": 24, "numPartitions": 1}
_TAGS = ("freeformTags", "definedTags")


@dataclass(frozen=True)
class StreamPool:
    """``kafka``: what topics that Kafka's clients create have; ``created`` in Unix seconds; ``details``: its tags."""

    id: str
    name: str
    compartment_id: str
    created: float
    kafka: Mapping[str, Any]
    is_default: bool = False
    details: Mapping[str, Any] = field(default_factory=dict)


class StreamPools(Resources[StreamPool]):
    """The pools of one tenancy in one region. Thread-safe."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__()
        self._cloud = cloud

    def create(
        self,
        name: str,
        compartment_id: str = "",
        *,
        kafka: Mapping[str, Any] | None = None,
        details: Mapping[str, Any] | None = None,
    ) -> StreamPool:
        id_ = ocid("streampool", f"{name}/{self._cloud.next_serial()}", self._cloud.region)
        compartment_id = compartment_id or self._cloud.tenancy.compartment_id
        pool = StreamPool(id_, name, compartment_id, self._cloud.clock(), {**_KAFKA, **(kafka or {})})
        return self.keep(id_, replace(pool, details=details or {}))

    def default_of(self, compartment_id: str) -> StreamPool:
        """Return the default pool of a compartment; it is made when it is first asked for."""
        id_ = ocid("streampool", compartment_id, self._cloud.region)
        with self._lock:
            found = self.find(id_)
            pool = StreamPool(id_, "DefaultPool", compartment_id, self._cloud.clock(), _KAFKA, is_default=True)
            return found if found is not None else self.keep(id_, pool)


def pool_of(call: Call, pool_id: str) -> StreamPool:
    """Return the pool of this OCID. Raises Refused."""
    pool = call.cloud.state_of(StreamPools).find(pool_id)
    if pool is None:
        raise Refused(not_found())
    return pool


def create_pool(call: Call) -> Response:
    details = object_in(call.request.body)
    compartment_id = text_in(details, "compartmentId")
    permitted(call, compartment_id)
    tags = details_in(details, *_TAGS)
    pools, name = call.cloud.state_of(StreamPools), text_in(details, "name")
    pool = pools.create(name, compartment_id, kafka=_kafka(details, _KAFKA), details=tags)
    work = call.cloud.state_of(WorkRequests).add("CREATE_STREAM_POOL", "CREATED", subject_of(pool))
    return POOLS.shown(call, pool, {"opc-work-request-id": work.id})


def update_pool(call: Call) -> Response:
    pool, details = POOLS.of(call), object_in(call.request.body)
    tags = {**pool.details, **details_in(details, *_TAGS)}
    name = optional_text_in(details, "name", pool.name)
    changed = replace(pool, name=name, kafka=_kafka(details, pool.kafka), details=tags)
    call.cloud.state_of(StreamPools).keep(pool.id, changed)
    work = call.cloud.state_of(WorkRequests).add("UPDATE_STREAM_POOL", "UPDATED", subject_of(changed))
    return POOLS.shown(call, changed, {"opc-work-request-id": work.id})


def subject_of(pool: StreamPool) -> Subject:
    """Return what a work request says of a pool."""
    return Subject("streampool", f"/streampools/{pool.id}", pool.id, pool.compartment_id)


def _kafka(details: Body, before: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings that are asked for over those before. Raises Refused; the service sets bootstrapServers."""
    asked = details.get("kafkaSettings") or {}
    if not isinstance(asked, dict) or asked.keys() - {*_KAFKA, "bootstrapServers"}:
        raise invalid(f"kafkaSettings must be an object of {', '.join(_KAFKA)}")
    creates = "autoCreateTopicsEnable"
    return {
        creates: before[creates] if asked.get(creates) is None else flag_in(asked, creates),
        "logRetentionHours": number_in(asked, "logRetentionHours", before["logRetentionHours"], 24, 168),
        "numPartitions": number_in(asked, "numPartitions", before["numPartitions"], 1, _MAX_PARTITIONS),
    }


def _host(call: Call) -> str:
    return f"cell-1.streaming.{call.cloud.region}.oci.oraclecloud.com"


def _wire(call: Call, pool: StreamPool) -> Body:
    """Write a pool as oci.streaming.models.StreamPool has it."""
    return {
        **_summary(call, pool),
        "lifecycleStateDetails": None,
        "kafkaSettings": {"bootstrapServers": f"{_host(call)}:9092", **pool.kafka},
        "customEncryptionKey": {"kmsKeyId": "", "keyState": "NONE"},
        "endpointFqdn": _host(call),
        "privateEndpointSettings": None,
    }


def _summary(call: Call, pool: StreamPool) -> Body:
    del call
    return {
        "freeformTags": {},
        "definedTags": {},
        **pool.details,
        "id": pool.id,
        "name": pool.name,
        "compartmentId": pool.compartment_id,
        "lifecycleState": "ACTIVE",
        "timeCreated": timestamp(pool.created),
        "isPrivate": False,
        "securityAttributes": {},
    }


POOLS = Collection(
    parameter="pool",
    resources=lambda cloud: cloud.state_of(StreamPools),
    wire=_wire,
    summary=_summary,
    filters=("compartmentId", "id", "name", "lifecycleState"),
    deleted=lambda call, pool: accepted(call, "DELETE_STREAM_POOL", "DELETED", subject_of(pool)),
)
ALL = "/20180418/streampools"
ONE = f"{ALL}/{{pool}}"
OPERATIONS = (
    Operation("POST", ALL, refusing(create_pool)),
    Operation("GET", ALL, refusing(POOLS.list)),
    Operation("GET", ONE, refusing(POOLS.read)),
    Operation("PUT", ONE, refusing(update_pool)),
)
