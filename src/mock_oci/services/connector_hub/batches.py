"""Batches: how one is cut, whom it is for, what became of it, and how a connector's two ends are written down.

Wire shapes: oci.sch.models.SourceDetails, TargetDetails and their kinds.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from mock_oci.services.connector_hub.sources import Piece
from mock_oci.services.oci_surface import invalid, number_in, text_in
from mock_oci.wire import Body, Response

MAX_BYTES = 6 * 1024 * 1024  # docs: connector-hub/create-service-connector-streaming-source.htm
_KILOBYTE = 1024
_MAX_RECORDS = 1_000_000
_MAX_SECONDS = 86_400


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


@dataclass(frozen=True)
class FunctionTarget:
    """A function, and when a batch for it is full: ``count`` records or ``size`` bytes, or after ``seconds``."""

    function_id: str
    count: int
    size: int
    seconds: float


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


def target_of(details: Any) -> FunctionTarget:
    """Read a target, as oci.sch.models.FunctionsTargetDetails has it. Raises Refused.

    The service's defaults are not published: here a batch is full at 6 MB, and without a time nothing is waited for.
    """
    if not isinstance(details, dict) or details.get("kind") != "functions":
        kind = details.get("kind") if isinstance(details, dict) else None
        raise invalid(f"The target {kind} is not known here; known: functions")
    if details.get("batchSizeInNum") is not None and details.get("batchSizeInKbs") is not None:
        raise invalid("Only one of batchSizeInKbs and batchSizeInNum can be given")
    kilobytes = number_in(details, "batchSizeInKbs", MAX_BYTES // _KILOBYTE, 1, MAX_BYTES // _KILOBYTE)
    return FunctionTarget(
        function_id=text_in(details, "functionId"),
        count=number_in(details, "batchSizeInNum", _MAX_RECORDS, 1, _MAX_RECORDS),
        size=kilobytes * _KILOBYTE,
        seconds=number_in(details, "batchTimeInSec", 0, 0, _MAX_SECONDS),
    )


def cut(pieces: Iterable[Piece], target: FunctionTarget) -> tuple[list[Piece], bool]:
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
