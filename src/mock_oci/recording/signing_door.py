"""The recording of clients in any language: they ask a loopback port, whose requests are signed anew and sent on.

A request cannot be sent on as it is: its signature covers the host that the client asked. So the door has credentials
of its own, and finds the real host by the operation.
"""

from __future__ import annotations

from mock_oci.live.credentials import Credentials
from mock_oci.live.hosts import Hosts, UnknownHost
from mock_oci.operations import oci_error
from mock_oci.recording.exchange import json_of
from mock_oci.recording.recorder import Recorder
from mock_oci.wire import Request, Response

_OF_A_SIGNATURE = frozenset({"authorization", "date", "x-date", "x-content-sha256", "host", "content-length"})


class SigningDoor:
    """Without ``credentials`` what a client sends goes on as it is, which does for Generative AI's API keys."""

    def __init__(self, recorder: Recorder, region: str, credentials: Credentials | None) -> None:
        self._recorder = recorder
        self._credentials = credentials
        self._hosts = Hosts(region)

    def answer(self, request: Request) -> Response:
        """Return what the real service answers."""
        try:
            host = self._hosts.of(request)
        except UnknownHost as error:
            return oci_error(501, f"mock_oci: {error}", "NotImplemented")
        response = self._recorder.answer(self._sent(request, host))
        if isinstance(response.body, bytes):
            self._hosts.learn(json_of(response.body))
        return response

    def _sent(self, request: Request, host: str) -> Request:
        if self._credentials is None or request.path.startswith("/p/"):  # a link needs no signature
            return Request(request.method, request.target, {**request.headers, "host": host}, request.body)
        headers = {name: value for name, value in request.headers.items() if name not in _OF_A_SIGNATURE}
        return self._credentials.signed(request.method, host, request.target, headers, request.body)
