"""Calls of moto, in process and over loopback: medians in milliseconds as JSON, under the names of mock_oci's."""

from __future__ import annotations

import json
import statistics
import time
from collections.abc import Callable
from typing import Any

import boto3  # type: ignore[import-not-found] # it is installed for the peers only
from botocore.awsrequest import AWSResponse  # type: ignore[import-not-found] # as above
from moto import mock_aws  # type: ignore[import-not-found] # as above
from moto.server import ThreadedMotoServer  # type: ignore[import-not-found] # as above

WARM, CALLS = 30, 300
EMPTY = b"<ListAllMyBucketsResult><Buckets></Buckets></ListAllMyBucketsResult>"


class Raw:
    """The body of an answer that is always the same."""

    def stream(self) -> list[bytes]:
        return [EMPTY]


def median(call: Callable[[], object]) -> float:
    times = []
    for number in range(WARM + CALLS):
        began = time.perf_counter()
        call()
        if number >= WARM:
            times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000


def client(**options: Any) -> Any:
    keys = {"aws_access_key_id": "testing", "aws_secret_access_key": "testing"}
    return boto3.client("s3", region_name="us-east-1", **keys, **options)


def block() -> None:
    with mock_aws():
        pass


def main() -> None:
    found = {}
    with mock_aws():
        found["SDK call, in process"] = median(client().list_buckets)
    fixed = client()
    fixed.meta.events.register("before-send.s3", lambda request, **_: AWSResponse(request.url, 200, {}, Raw()))
    found["... the floor of the SDK"] = median(fixed.list_buckets)
    server = ThreadedMotoServer(port=0, verbose=False)
    server.start()
    _, port = server.get_host_and_port()
    found["SDK call, loopback"] = median(client(endpoint_url=f"http://127.0.0.1:{port}").list_buckets)
    server.stop()
    found["a block, entered and left again"] = median(block)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
