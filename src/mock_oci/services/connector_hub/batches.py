"""Batches: how one is cut, what became of it, and how a connector's two ends are written down.

Wire shapes: oci.sch.models.SourceDetails, TargetDetails and their kinds.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from mock_oci.services.connector_hub.sources import Piece
from mock_oci.services.connector_hub.targets import RecordTarget
from mock_oci.wire import Body, Response


@dataclass(frozen=True)
class Run:
    """One batch that was sent: how many records of how many bytes, for the which time, and what the function said.

    ``began`` and ``ended`` in Unix seconds; ``code`` is the platform's for a failure.
    """

    records: int
    size: int
    attempt: int
    status: int
    code: str
    began: float
    ended: float


def from_stream(stream_id: str, cursor: str = "TRIM_HORIZON") -> Body:
    return {"kind": "streaming", "streamId": stream_id, "cursor": {"kind": cursor}}


def from_queue(queue_id: str) -> Body:
    return {"kind": "plugin", "pluginName": "QueueSource", "configMap": {"queueId": queue_id}}


def to_function(function_id: str, *, number: int | None = None, kbs: int | None = None, seconds: int = 0) -> Body:
    """Describe a target.

    ``number`` of records or ``kbs`` make a batch full, and ``seconds`` after its oldest record it goes as it is.
    """
    sizes = {"batchSizeInNum": number, "batchSizeInKbs": kbs}
    given = {name: size for name, size in sizes.items() if size is not None}
    return {"kind": "functions", "functionId": function_id, "batchTimeInSec": seconds, **given}


def to_bucket(namespace: str, bucket: str, prefix: str = "", *, seconds: int = 420) -> Body:
    """Describe a bucket as target, where an object is written ``seconds`` after its oldest record at the latest."""
    names = {"namespace": namespace, "bucketName": bucket, **({"objectNamePrefix": prefix} if prefix else {})}
    return {"kind": "objectStorage", **names, "batchRolloverTimeInMs": seconds * 1000}


def cut(pieces: Iterable[Piece], target: RecordTarget) -> tuple[list[Piece], bool]:
    """Return the next batch, and whether it is full. A record that alone is too large is a batch of its own."""
    taken: list[Piece] = []
    size = len("[]")
    for piece in pieces:
        size += len(piece.text) + (1 if taken else 0)
        if taken and size > target.size:
            return taken, True
        taken.append(piece)
        if len(taken) >= target.count or size >= target.size:
            return taken, True
    return taken, False


def code_of(response: Response) -> str:
    """Return the platform's code of a failure; empty for a success, and for what is no error of OCI's."""
    try:
        body = json.loads(response.body) if response.status != 200 and isinstance(response.body, bytes) else None
    except (ValueError, RecursionError):
        body = None
    return str(body.get("code", "")) if isinstance(body, dict) else ""
