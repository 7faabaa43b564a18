"""What mock_oci costs, held without a clock: which modules are loaded, and how many calls of functions a request is."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from mock_oci import MockOci, Request
from mock_oci.services import SERVICES, Service, operations

# Whoever uses one has imported it: none is ours to load.
FOREIGN = frozenset(
    {"aiohttp", "anyio", "fdk", "httpx", "httpx2", "oci", "pydantic", "pytest", "requests", "responses", "yaml"}
)
# What takes long to import, and who only imports, or only makes a backend, does not need.
LONG = frozenset({"asyncio", "cryptography", "difflib", "http.server", "ssl", "tempfile", "unittest"})

# What is run, what may not be loaded then, and how many of mock_oci's modules may be.
LOADED: dict[str, tuple[str, frozenset[str], int]] = {
    "import": ("from mock_oci import mock_oci", FOREIGN | LONG, 14),
    "decorate": ("from mock_oci import mock_oci\n@mock_oci\ndef f(): pass", FOREIGN | LONG, 14),
    "a backend": ("from mock_oci import MockOci\nMockOci()", FOREIGN | LONG, 25),
    "a block": (
        "from mock_oci import mock_oci\nwith mock_oci(): pass",
        FOREIGN | (LONG - {"cryptography", "tempfile"}),
        39,
    ),
    "a served backend": (
        "from mock_oci import MockOci, serve\nimport urllib.request\nwith serve(MockOci()) as server:\n"
        "    urllib.request.urlopen(f'{server.url}/_mock/health')",
        FOREIGN | {"asyncio", "cryptography", "unittest"},
        42,
    ),
}


@pytest.mark.parametrize("what", LOADED)
def test_what_is_loaded(what: str) -> None:
    code, never, most = LOADED[what]
    shown = f"{code}\nimport sys, json\nprint(json.dumps(sorted(sys.modules)))"
    seen = subprocess.run([sys.executable, "-c", shown], capture_output=True, text=True, check=True)
    modules = set(json.loads(seen.stdout))
    assert not never & modules
    own = {name for name in modules if name.split(".")[0] == "mock_oci"}
    assert len(own) <= most, sorted(own)


@pytest.mark.parametrize("service", SERVICES, ids=lambda service: service.module.rpartition(".")[2])
def test_a_service_is_found_by_the_paths_of_its_row(service: Service) -> None:
    for operation in service.operations:
        assert operation.path.startswith(service.paths), operation.title
        assert operation in service.may_answer(operation.method, operation.path)
        others = [row.module for row in SERVICES if row is not service and operation.path.startswith(row.paths)]
        assert others == [], operation.title
    begun = [path for path in service.paths if any(item.path.startswith(path) for item in service.operations)]
    assert begun == list(service.paths)


def test_every_service_has_a_row() -> None:
    assert len(list(operations())) > 300
    assert len({service.module for service in SERVICES}) == len(SERVICES)


def _calls_of(work: Callable[[], object]) -> int:
    """Count the calls of Python functions that ``work`` makes."""
    count = 0

    def called(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal count
        del frame, argument
        count += event == "call"

    before = sys.getprofile()
    sys.setprofile(called)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


NATIVE = {
    "compartmentId": MockOci().tenancy.compartment_id,
    "servingMode": {"servingType": "ON_DEMAND", "modelId": "meta.llama-3.3-70b-instruct"},
    "chatRequest": {
        "apiFormat": "GENERIC",
        "messages": [{"role": "USER", "content": [{"type": "TEXT", "text": "Hi"}]}],
    },
}
CHAT = {"model": "openai.gpt-oss-120b", "messages": [{"role": "user", "content": "Hi"}]}
HOME = {"opc-compartment-id": MockOci().tenancy.compartment_id}


@pytest.mark.parametrize(
    ("method", "path", "body", "headers", "most"),
    [
        ("GET", "/n", None, {}, 140),
        ("POST", "/openai/v1/chat/completions", CHAT, HOME, 280),
        ("POST", "/20231130/actions/chat", NATIVE, {}, 440),
    ],
)
def test_a_call_is_a_bounded_number_of_function_calls(
    oci: MockOci,
    sign: Callable[..., Request],
    method: str,
    path: str,
    body: Any,
    headers: dict[str, str],
    most: int,
) -> None:
    user = oci.principals.api_key_user()
    content = b"" if body is None else json.dumps(body).encode()
    request = sign(user.key_id, user.private_pem, method, path, content, change=headers)
    assert oci.answer(request).status == 200  # the first loads the service
    counted = _calls_of(lambda: oci.answer(request))
    assert counted <= most
