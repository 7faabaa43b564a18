"""Where a connector's batches go: a function, or objects of a bucket, and when a batch for it is full.

Wire shapes: oci.sch.models.FunctionsTargetDetails and ObjectStorageTargetDetails. How objects are named and compressed
is unverified (verify: connector-objects): the documentation says that they are, and not how.
"""

from __future__ import annotations

import gzip
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from mock_oci.cloud import Cloud
from mock_oci.operations import Refused, not_found
from mock_oci.services.connector_hub.sources import Piece
from mock_oci.services.functions.state import Functions, resource_principal
from mock_oci.services.object_storage import ObjectStorage
from mock_oci.services.oci_surface import invalid, not_emulated, number_in, optional_text_in, text_in
from mock_oci.wire import Body, Response

MAX_BYTES = 6 * 1024 * 1024  # docs: connector-hub/create-service-connector-streaming-source.htm
_NOT_EMULATED = ("loggingAnalytics", "monitoring", "notifications", "streaming")  # the rest of oci.sch's TargetDetails
_KILOBYTE, _MEGABYTE = 1024, 1024 * 1024
_MAX_RECORDS = 1_000_000
_MAX_SECONDS = 86_400
_ROLLOVER_MB, _ROLLOVER_SECONDS = 100, 420  # docs: connector-hub/create-service-connector-logging-source.htm


class RecordTarget(Protocol):
    """A batch is full at ``count`` records or ``size`` bytes, or goes after ``seconds``."""

    @property
    def count(self) -> int: ...
    @property
    def size(self) -> int: ...
    @property
    def seconds(self) -> float: ...

    def send(self, cloud: Cloud, connector_id: str, pieces: Sequence[Piece]) -> tuple[int, Response]:
        """Send a batch; return its size in bytes and the answer."""
        ...


@dataclass(frozen=True)
class FunctionTarget:
    """A function, which is called with the batch as an array."""

    function_id: str
    count: int
    size: int
    seconds: float

    def send(self, cloud: Cloud, connector_id: str, pieces: Sequence[Piece]) -> tuple[int, Response]:
        body = b"[" + b",".join(piece.text for piece in pieces) + b"]"
        headers = {"content-type": "application/json"}
        caller = ("serviceconnector", connector_id)
        return len(body), cloud.state_of(Functions).deliver(caller, self.function_id, body, headers)


@dataclass(frozen=True)
class BucketTarget:
    """A bucket, where each batch becomes an object: a record a line, compressed by gzip."""

    bucket: str
    prefix: str
    size: int
    seconds: float
    count: int = _MAX_RECORDS

    def send(self, cloud: Cloud, connector_id: str, pieces: Sequence[Piece]) -> tuple[int, Response]:
        principal = resource_principal(cloud, "serviceconnector", connector_id)
        storage = cloud.state_of(ObjectStorage)
        body = b"".join(piece.text + b"\n" for piece in pieces)
        parts = (self.prefix, connector_id, f"{cloud.clock():.0f}-{cloud.next_serial()}.log.gz")
        try:
            home, where = storage.bucket(self.bucket).compartment_id, {"target.bucket.name": (self.bucket,)}
            if not cloud.permissions.permit(principal, home, "PutObject", "OBJECT_CREATE", where):
                return len(body), not_found()
            headers = {"content-type": "application/gzip"}
            storage.put(self.bucket, "/".join(part for part in parts if part), gzip.compress(body), headers=headers)
        except Refused as refusal:
            return len(body), refusal.response
        return len(body), Response(200)


def target_of(cloud: Cloud, details: Any) -> RecordTarget:
    """Read a target. Raises Refused.

    A function's defaults are not published (verify: connector-settings): here a batch is full at 6 MB, and without a
    time nothing is waited for.
    """
    kind = details.get("kind") if isinstance(details, dict) else None
    if kind in _NOT_EMULATED:
        raise not_emulated(f"a target of kind {kind}")
    if kind not in TARGETS:
        raise invalid(f"The target {kind} is not known here; known: {', '.join(TARGETS)}")
    return TARGETS[kind](cloud, details)


def _function(cloud: Cloud, details: Body) -> RecordTarget:
    del cloud
    if details.get("batchSizeInNum") is not None and details.get("batchSizeInKbs") is not None:
        raise invalid("Only one of batchSizeInKbs and batchSizeInNum can be given")
    kilobytes = number_in(details, "batchSizeInKbs", MAX_BYTES // _KILOBYTE, 1, MAX_BYTES // _KILOBYTE)
    return FunctionTarget(
        function_id=text_in(details, "functionId"),
        count=number_in(details, "batchSizeInNum", _MAX_RECORDS, 1, _MAX_RECORDS),
        size=kilobytes * _KILOBYTE,
        seconds=number_in(details, "batchTimeInSec", 0, 0, _MAX_SECONDS),
    )


def _bucket(cloud: Cloud, details: Body) -> RecordTarget:
    storage = cloud.state_of(ObjectStorage)
    if optional_text_in(details, "namespace", storage.namespace) != storage.namespace:
        raise Refused(not_found())
    milliseconds = number_in(details, "batchRolloverTimeInMs", _ROLLOVER_SECONDS * 1000, 1, _MAX_SECONDS * 1000)
    return BucketTarget(
        bucket=storage.bucket(text_in(details, "bucketName")).name,
        prefix=optional_text_in(details, "objectNamePrefix"),
        size=number_in(details, "batchRolloverSizeInMBs", _ROLLOVER_MB, 1, 1024) * _MEGABYTE,
        seconds=milliseconds / 1000,
    )


TARGETS: dict[str, Callable[[Cloud, Body], RecordTarget]] = {"functions": _function, "objectStorage": _bucket}
