"""``mock-oci generate-event``: what a trigger sends to a function, from samples of what OCI really sends.

The samples are the payloads that the tests of the triggers use; options put names of one's own into them.
"""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mock_oci.commands.arguments import Parser, program

SAMPLES: Final = Path(__file__).with_name("samples")
OPTIONS: Final = {
    "bucket": "the bucket",
    "object": "the name of the object",
    "namespace": "the namespace of Object Storage",
    "stream": "the stream that a record comes from",
    "topic": "the topic, with --headers",
    "data": "what one record, message or notification says, as text",
}


def run(arguments: Sequence[str]) -> int:
    """Print the body, or with ``--headers`` the headers that come with it, and return 0."""
    parser = Parser(prog=f"{program()} generate-event", description="Print what a trigger sends to a function.")
    parser.add_argument("kind", choices=tuple(KINDS), metavar="KIND", help=", ".join(KINDS))
    parser.add_argument(
        "--headers", action="store_true", help="print the headers of a notification instead of its body"
    )
    for name, meaning in OPTIONS.items():
        parser.add_argument(f"--{name}", metavar="TEXT", help=meaning)
    options = parser.parse_args(arguments)
    kind = KINDS[options.kind]
    given = {name: getattr(options, name) for name in OPTIONS if getattr(options, name) is not None}
    unused = sorted(given.keys() - kind.options(headers=options.headers))
    if options.headers and not kind.headers:
        parser.error(f"{options.kind} comes without headers of its own")
    if unused:
        parser.error(f"--{unused[0]} means nothing for {options.kind}{' --headers' if options.headers else ''}")
    printed = kind.written_headers(given) if options.headers else kind.body(given)
    sys.stdout.write(printed if isinstance(printed, str) else json.dumps(printed, indent=2) + "\n")
    return 0


@dataclass(frozen=True)
class EventKind:
    """``sample`` and ``headers`` are files; ``fill`` puts what was given, of the options ``fills``, into the sample."""

    sample: str
    fill: Callable[[Any, dict[str, str]], Any] | None = None
    fills: frozenset[str] = frozenset()
    headers: str = ""
    event_type: str = ""

    def options(self, *, headers: bool) -> frozenset[str]:
        """Return the options that change what is printed."""
        return frozenset({"topic"}) if headers else self.fills

    def body(self, given: dict[str, str]) -> Any:
        """Return the body: text, or what is written as JSON."""
        body = json.loads((SAMPLES / self.sample).read_text())
        if self.event_type:
            body["eventType"] = self.event_type
        return self.fill(body, given) if self.fill and given else body

    def written_headers(self, given: dict[str, str]) -> dict[str, str]:
        """Return the headers, of the topic that was given."""
        headers: dict[str, str] = json.loads((SAMPLES / self.headers).read_text())
        return {**headers, "x-oci-ns-topicname": given.get("topic", headers["x-oci-ns-topicname"])}


def fill_object_storage(event: Any, given: dict[str, str]) -> Any:
    """Put bucket, object and namespace wherever an event of Object Storage has them."""
    data = event["data"]
    details = data["additionalDetails"]
    bucket = given.get("bucket", details["bucketName"])
    namespace = given.get("namespace", details["namespace"])
    details.update(bucketName=bucket, namespace=namespace)
    data["resourceId"] = f"/n/{namespace}/b/{bucket}"
    if event["eventType"].endswith("object"):
        data["resourceName"] = given.get("object", data["resourceName"])
        data["resourceId"] += f"/o/{data['resourceName']}"
    else:
        data["resourceName"] = bucket
    return event


def fill_stream(records: Any, given: dict[str, str]) -> Any:
    """Name the stream of the records; with data there is one of them, in Base64 as all are."""
    if "data" in given:
        value = base64.b64encode(given["data"].encode()).decode()
        records = [{**records[0], "value": value}]
    return [{**record, "stream": given.get("stream", record["stream"])} for record in records]


def fill_queue(messages: Any, given: dict[str, str]) -> Any:
    """Splice one message into the array as it is, as the connector does: one that is not JSON makes the batch none.

    (docs: the README of examples/connectorhub-queue in the FDK for Java.)
    """
    del messages
    return f"[{given['data']}]"


def fill_notification(message: Any, given: dict[str, str]) -> Any:
    """Give what was published as it is: JSON or not, there is nothing around it."""
    del message
    return given["data"]


_OBJECT: Final = frozenset({"bucket", "object", "namespace"})
_OBJECT_STORAGE: Final = "com.oraclecloud.objectstorage."


def _of_an_object(change: str) -> EventKind:
    return EventKind("event_object_2_0.json", fill_object_storage, _OBJECT, event_type=f"{_OBJECT_STORAGE}{change}")


KINDS: Final = {
    "objectstorage.createobject": _of_an_object("createobject"),
    "objectstorage.updateobject": _of_an_object("updateobject"),
    "objectstorage.deleteobject": _of_an_object("deleteobject"),
    "objectstorage.createbucket": EventKind("event_bucket_2_0.json", fill_object_storage, _OBJECT - {"object"}),
    "computeapi.terminateinstance.end": EventKind("event_instance.json"),
    "stream": EventKind("connector_hub_streaming.json", fill_stream, frozenset({"stream", "data"})),
    "queue": EventKind("connector_hub_queue.json", fill_queue, frozenset({"data"})),
    "logging": EventKind("connector_hub_logging.json"),
    "monitoring": EventKind("connector_hub_monitoring.json"),
    "alarm": EventKind("notification_alarm.json", headers="notification_headers.json"),
    "notification": EventKind(
        "notification_json.json", fill_notification, frozenset({"data"}), headers="notification_headers.json"
    ),
    "confirmation": EventKind("notification_confirmation.json", headers="notification_confirmation_headers.json"),
}
