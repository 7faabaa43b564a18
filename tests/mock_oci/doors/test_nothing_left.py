"""What a block leaves behind when every kind of client has used it: nothing."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import tempfile
import threading
from pathlib import Path
from typing import Any

import aiohttp
import httpx
import httpx2
import oci as sdk
import pytest
import requests

from mock_oci import mock_oci

ENVIRONMENT = os.environ  # noqa: TID251 - a test looks at what a block puts there
NAMESPACE = "https://objectstorage.us-chicago-1.oraclecloud.com/n"
PATCHED: tuple[Any, ...] = (
    socket,
    httpx.HTTPTransport,
    httpx.AsyncHTTPTransport,
    httpx2.HTTPTransport,
    httpx2.AsyncHTTPTransport,
    requests.adapters.HTTPAdapter,
    sdk._vendor.requests.adapters.HTTPAdapter,
    aiohttp.TCPConnector,
)


def _state(folder: Path) -> dict[str, Any]:
    """Return all that a block could change; ``folder`` is where temporary files are made."""
    return {
        "attributes": [dict(vars(owner)) for owner in PATCHED],
        "environment": dict(ENVIRONMENT),
        "finders": list(sys.meta_path),
        "threads": {thread.ident for thread in threading.enumerate() if thread.name != "AnyIO worker thread"},
        "files": sorted(folder.iterdir()),
        "modules": {name for name in sys.modules if not name.startswith("mock_oci.")},
        "profile": (sys.getprofile(), sys.gettrace(), threading.excepthook, sys.excepthook),
    }


async def _with_aiohttp() -> int:
    async with aiohttp.ClientSession() as session, session.get(NAMESPACE) as answer:
        return answer.status


async def _with_async_httpx() -> int:
    async with httpx.AsyncClient() as client:
        return (await client.get(NAMESPACE)).status_code


def _use_it(credentials: str) -> None:
    with mock_oci(credentials=credentials) as cloud:
        for library in (httpx, httpx2, requests):
            assert library.get(NAMESPACE).status_code == 401
        assert asyncio.run(_with_aiohttp()) == 401
        assert asyncio.run(_with_async_httpx()) == 401
        user = cloud.principals.api_key_user()
        place = {"tenancy": user.tenancy_id, "user": user.user_id, "fingerprint": user.fingerprint}
        config = {**place, "key_content": user.private_pem, "region": cloud.region}
        client = sdk.object_storage.ObjectStorageClient(config)
        assert client.get_namespace().status == 200
        client.base_client.session.close()


@pytest.mark.parametrize("credentials", ["api_key", "session_token", "resource_principal", "none"])
@pytest.mark.parametrize("ends", ["in order", "by an error"])
def test_a_block_leaves_nothing(credentials: str, ends: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    _use_it(credentials)  # what clients load on first use is theirs
    before = _state(tmp_path)
    if ends == "in order":
        _use_it(credentials)
    else:
        with pytest.raises(ZeroDivisionError), mock_oci(credentials=credentials):
            _ = 1 / 0
    assert _state(tmp_path) == before
    assert before["files"] == []
