"""A copy of requests that stands on a copy of urllib3, as the OCI SDK had both until 2.169."""

from __future__ import annotations

import sys
from types import ModuleType, SimpleNamespace

import pytest
import requests
import urllib3

from mock_oci import Disconnect, MockOci, Request, Response
from mock_oci.doors.requests_interception import RequestsInterception

URL = "https://objectstorage.us-chicago-1.oraclecloud.com/n"


@pytest.fixture
def copies(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Modules as a package ``copied`` would have them; nothing in them is of the installed packages themselves."""
    own = SimpleNamespace(
        HTTPResponse=type("HTTPResponse", (urllib3.HTTPResponse,), {}),
        ProtocolError=type("ProtocolError", (Exception,), {"__module__": "copied.urllib3.exceptions"}),
        HTTPAdapter=type("HTTPAdapter", (requests.adapters.HTTPAdapter,), {"send": requests.adapters.HTTPAdapter.send}),
        ConnectionError=type("ConnectionError", (requests.RequestException,), {}),
    )
    names = {
        "copied": {},
        "copied.urllib3": {"HTTPResponse": own.HTTPResponse, "HTTPSConnectionPool": urllib3.HTTPSConnectionPool},
        "copied.urllib3.exceptions": {"ProtocolError": own.ProtocolError},
        "copied.requests": {},
        "copied.requests.adapters": {"HTTPAdapter": own.HTTPAdapter, "ProtocolError": own.ProtocolError},
        "copied.requests.exceptions": {"ConnectionError": own.ConnectionError},
    }
    for name, content in names.items():
        module = ModuleType(name)
        vars(module).update(content)
        monkeypatch.setitem(sys.modules, name, module)
        package, _, child = name.rpartition(".")
        if package:
            setattr(sys.modules[package], child, module)
    return own


def test_what_it_answers_and_raises_is_of_the_copies(copies: SimpleNamespace) -> None:
    prepared = requests.Request("GET", URL).prepare()
    with RequestsInterception("copied.requests").patch(MockOci().answer):
        answered = copies.HTTPAdapter().send(prepared)
    assert (answered.status_code, type(answered.raw)) == (401, copies.HTTPResponse)

    def cut(_request: Request) -> Response:
        raise Disconnect("gone")

    with RequestsInterception("copied.requests").patch(cut), pytest.raises(copies.ConnectionError) as caught:
        copies.HTTPAdapter().send(prepared)
    assert isinstance(caught.value.args[0], copies.ProtocolError)


def test_a_stream_that_is_cut_is_an_error_of_the_response_itself(copies: SimpleNamespace) -> None:
    def cut_later(_request: Request) -> Response:
        def pieces() -> object:
            yield b"first"
            raise Disconnect("gone")

        return Response(200, {}, pieces())

    with RequestsInterception("copied.requests").patch(cut_later):
        answered = copies.HTTPAdapter().send(requests.Request("GET", URL).prepare(), stream=True)
    stream = answered.raw.stream()
    assert next(stream) == b"first"
    # A real copy raises its own; this one has inherited how it reads.
    with pytest.raises(urllib3.exceptions.ProtocolError, match="ended prematurely"):
        next(stream)
