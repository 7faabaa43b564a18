"""Show a relayed answer in a browser while it comes.

``python relay_follow.py <stream OCID>``, then open the URL that it prints. A browser should not sign requests to OCI.
This is the small back end between them: it reads the stream with a profile of ~/.oci/config and hands the messages to
the page as server-sent events. A browser that reconnects goes on where it was. In a server of your own, let only your
users ask, and each for the keys of his own calls.
"""

from __future__ import annotations

import argparse
import base64
import json
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import oci

PAGE = Path(__file__).with_name("relay-follow.html")
POLL_SECONDS = 0.25
LONGEST_SECONDS = 600


def relayed(client: Any, stream: Any, key: str) -> Iterator[dict[str, Any]]:
    """Yield the messages of the relay under ``key`` in their order, to the last."""
    waiting: dict[int, dict[str, Any]] = {}
    number = 0
    for found in polled(client, stream, key):
        waiting |= {message["number"]: message for message in found}
        while number in waiting:
            message = waiting.pop(number)
            yield message
            if message.get("last"):
                return
            number += 1
        # A relay that is not complete has lost messages: nobody need wait for those.
        incomplete = [one for one in waiting.values() if one.get("last") and not one["complete"]]
        if incomplete:
            yield incomplete[0]
            return


def polled(client: Any, stream: Any, key: str) -> Iterator[list[dict[str, Any]]]:
    """Yield what has come under ``key`` since the last look, four times a second: OCI allows five."""
    cursors = {}
    for partition in map(str, range(stream.partitions)):
        details = oci.streaming.models.CreateCursorDetails(partition=partition, type="TRIM_HORIZON")
        cursors[partition] = client.create_cursor(stream.id, details).data.value
    until = time.monotonic() + LONGEST_SECONDS
    while time.monotonic() < until:
        for partition, cursor in cursors.items():
            answer = client.get_messages(stream.id, cursor)
            cursors[partition] = answer.headers["opc-next-cursor"]
            mine = [one for one in answer.data if one.key and base64.b64decode(one.key).decode() == key]
            yield [json.loads(base64.b64decode(one.value)) for one in mine]
        time.sleep(POLL_SECONDS)


class Follower(BaseHTTPRequestHandler):
    """``/`` is the page, ``/events?key=…`` the messages under a key."""

    client: Any
    stream: Any

    def do_GET(self) -> None:
        """Answer the page or the events."""
        url = urlsplit(self.path)
        if url.path == "/":
            self.begin("text/html; charset=utf-8")
            self.wfile.write(PAGE.read_bytes())
        elif url.path == "/events":
            self.begin("text/event-stream")
            seen = int(self.headers.get("Last-Event-ID", "-1"))
            for message in relayed(self.client, self.stream, parse_qs(url.query).get("key", [""])[0]):
                if message["number"] > seen:
                    self.wfile.write(f"id: {message['number']}\ndata: {json.dumps(message)}\n\n".encode())
                    self.wfile.flush()
        else:
            self.send_error(404)

    def begin(self, content_type: str) -> None:
        """Send the head of a reply."""
        self.send_response(200)
        self.send_header("Content-Type", content_type)
        self.send_header("Cache-Control", "no-store")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Say nothing: a key is a secret."""


def parser() -> argparse.ArgumentParser:
    """Return what reads the command line."""
    options = argparse.ArgumentParser(description="Show a relayed answer in a browser while it comes.")
    options.add_argument("stream", help="the OCID of the stream")
    options.add_argument("--port", type=int, default=8090)
    options.add_argument("--profile", default="DEFAULT", help="of ~/.oci/config (%(default)s)")
    options.add_argument("--config-file", default=oci.config.DEFAULT_LOCATION)
    options.add_argument("--endpoint", help="another address of Streaming, such as that of mock_oci")
    return options


def main() -> None:
    """Serve the page on this machine until Ctrl-C."""
    options = parser().parse_args()
    config = oci.config.from_file(options.config_file, options.profile)
    at = {"service_endpoint": options.endpoint} if options.endpoint else {}
    Follower.stream = oci.streaming.StreamAdminClient(config, **at).get_stream(options.stream).data
    messages = options.endpoint or Follower.stream.messages_endpoint
    Follower.client = oci.streaming.StreamClient(config, service_endpoint=messages)
    server = ThreadingHTTPServer(("127.0.0.1", options.port), Follower)
    print(f"ready: http://127.0.0.1:{server.server_port}/", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
