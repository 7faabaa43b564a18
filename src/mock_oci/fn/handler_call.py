"""A function's handler called in process, by the FDK's own code, in a millisecond: for tests of one's own function."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

from mock_oci.cloud import Cloud
from mock_oci.extras import from_extra
from mock_oci.fn.call_headers import request_id
from mock_oci.identity.tenancy import ocid
from mock_oci.wire import Response


def call_handler(
    cloud: Cloud,
    handler: Callable[..., Any],
    body: Any = b"",
    *,
    headers: Mapping[str, str] | None = None,
    config: Mapping[str, str] | None = None,
    timeout: float = 30,
) -> Response:
    """Return what ``handler(ctx, data)`` answers to ``body`` (bytes, or JSON), as a direct caller gets it.

    An exception is 502, as the platform makes it. The function has the environment of this process, and ``config``.
    For files, credentials that rotate and limits there is the real thing: ``LocalFunctions``.
    """
    purpose = "calling a handler in process"
    constants, runner = from_extra("fdk.constants", purpose), from_extra("fdk.runner", purpose)
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    serial = cloud.next_serial()
    deadline = datetime.now(UTC) + timedelta(seconds=timeout)
    sent = {
        "fn-call-id": f"01{serial:024d}",
        "fn-deadline": deadline.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "fn-invoke-type": "sync",
        "opc-request-id": request_id(serial, ""),
        **{name.lower(): value for name, value in (headers or {}).items()},
    }
    own = {
        "FN_FN_ID": ocid("fnfunc", "in-process", cloud.region),
        "FN_APP_ID": ocid("fnapp", "in-process", cloud.region),
    }
    with mock.patch.dict("os.environ", {**own, **(config or {})}):
        call = runner.handle_request(_Code(handler), constants.HTTPSTREAM, headers=sent, data=io.BytesIO(content))
        return _response(asyncio.run(call))


_OCIDS = (("fn", "func"), ("app", "app"))


class _Code:
    """What the FDK has of a func.py."""

    def __init__(self, handler: Callable[..., Any]) -> None:
        self._handler = handler

    def handler(self) -> Callable[..., Any]:
        return self._handler


def _response(answer: Any) -> Response:
    body = answer.body()
    content = body.encode() if isinstance(body, str) else bytes(body or b"")
    headers = {name.lower(): str(value) for name, value in answer.context().GetResponseHeaders().items()}
    return Response(int(answer.status()), headers, content)
