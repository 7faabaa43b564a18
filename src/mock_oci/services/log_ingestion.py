"""Entries that are put into a log, where connectors find them (client: oci.loggingingestion.LoggingClient).

Shapes: oci.loggingingestion.models; how an entry is handed on: Logging/Reference/log_format.htm.
"""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

from mock_oci.operations import Call, Operation, refusing
from mock_oci.services.connector_hub.feeds import Logs
from mock_oci.services.control_planes.stored import named
from mock_oci.services.oci_surface import invalid, object_in, objects_in, seconds_in, text_in
from mock_oci.wire import Response

_MAX_BATCHES, _MAX_ENTRIES = 100, 1000


def put_logs(call: Call) -> Response:
    """Add every entry to the log, whose OCID has to be one that was made here; all or none. Raises Refused."""
    log = named(call, "log", unquote(call.parameters["log"]))
    details = object_in(call.request.body)
    if text_in(details, "specversion") != "1.0":
        raise invalid("specversion must be 1.0")
    found = []
    for batch in objects_in(details, "logEntryBatches", _MAX_BATCHES):
        about = {name: text_in(batch, name) for name in ("source", "type")}
        seconds_in(batch, "defaultlogentrytime")
        for entry in objects_in(batch, "entries", _MAX_ENTRIES):
            text_in(entry, "id")
            found.append((_data_of(text_in(entry, "data")), about, str(batch.get("subject") or "")))
    logs, group = call.cloud.state_of(Logs), log.body["logGroupId"]
    for data, about, subject in found:
        logs.add(data, log_id=log.id, group_id=group, type=about["type"], source=about["source"], subject=subject)
    return Response(200)


def _data_of(text: str) -> str | dict[str, Any]:
    """Return an entry's JSON object; text that is none becomes its message."""
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        return text
    return data if isinstance(data, dict) else text


OPERATIONS = (Operation("POST", "/20200831/logs/{log}/actions/push", refusing(put_logs)),)
