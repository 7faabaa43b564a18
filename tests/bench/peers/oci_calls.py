"""Calls of mock_oci, in process and over loopback: medians in milliseconds as JSON, each beside its floor."""

from __future__ import annotations

import base64
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.utils import formatdate
from typing import Any

import httpx
import oci
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding
from oci._vendor import requests

from mock_oci import MockOci, mock_oci, serve

STORAGE = "https://objectstorage.us-chicago-1.oraclecloud.com"
INFERENCE = "https://inference.generativeai.us-chicago-1.oci.oraclecloud.com"
CHAT = {"model": "openai.gpt-oss-120b", "messages": [{"role": "user", "content": "Hi"}]}
WARM, CALLS = 30, 300
BARE = """
import http.server
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version, disable_nagle_algorithm = "HTTP/1.1", True
    def do_GET(self):
        self.rfile.read(int(self.headers.get("content-length", 0)))
        self.wfile.write(b"HTTP/1.1 200 OK\\r\\ncontent-length: 4\\r\\ncontent-type: application/json\\r\\n\\r\\nnull")
    do_POST = do_GET
    def log_message(self, *_): pass
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(f"ready: http://127.0.0.1:{server.server_port}", flush=True)
server.serve_forever()
"""


class Signed(httpx.Auth):
    """Signs a GET as OCI asks for it."""

    def __init__(self, cloud: MockOci) -> None:
        user = cloud.principals.api_key_user()
        self._key: Any = serialization.load_pem_private_key(user.private_pem.encode(), None)
        self._id = user.key_id

    def auth_flow(self, request: httpx.Request) -> Iterator[httpx.Request]:
        request.headers["date"] = formatdate(usegmt=True)
        target = f"get {request.url.raw_path.decode()}"
        text = f"(request-target): {target}\nhost: {request.headers['host']}\ndate: {request.headers['date']}"
        signature = base64.b64encode(self._key.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())).decode()
        named = f'keyId="{self._id}",algorithm="rsa-sha256",headers="(request-target) host date"'
        request.headers["authorization"] = f'Signature version="1",{named},signature="{signature}"'
        yield request


class Fixed(requests.adapters.HTTPAdapter):  # type: ignore[misc] # it has no types
    """Answers always the same."""

    def send(self, request: Any, *_: Any, **__: Any) -> Any:
        response = requests.Response()
        response.status_code, response._content, response.request = 200, b'"ns"', request
        response.headers["content-type"] = "application/json"
        return response


def median(call: Callable[[], object]) -> float:
    """Return the median of many calls, in milliseconds, after some that are not counted."""
    times = []
    for number in range(WARM + CALLS):
        began = time.perf_counter()
        call()
        if number >= WARM:
            times.append(time.perf_counter() - began)
    return statistics.median(times) * 1000


def plain(cloud: MockOci, url: str, transport: httpx.BaseTransport | None = None) -> float:
    with httpx.Client(auth=Signed(cloud), trust_env=False, verify=False, transport=transport) as client:
        assert client.get(f"{url}/n").status_code == 200
        return median(lambda: client.get(f"{url}/n"))


def chat(cloud: MockOci, url: str, transport: httpx.BaseTransport | None = None) -> float:
    headers = {"authorization": f"Bearer {cloud.principals.generative_ai_api_key().secret}"}
    with httpx.Client(headers=headers, trust_env=False, verify=False, transport=transport) as client:
        path = f"{url}/openai/v1/chat/completions"
        assert client.post(path, json=CHAT).status_code == 200
        return median(lambda: client.post(path, json=CHAT))


def sdk(cloud: MockOci, url: str, adapter: Any = None) -> float:
    user = cloud.principals.api_key_user()
    place = {"tenancy": user.tenancy_id, "user": user.user_id, "fingerprint": user.fingerprint, "region": cloud.region}
    config = {**place, "key_content": user.private_pem}
    client = oci.object_storage.ObjectStorageClient(config, service_endpoint=url)
    if adapter is not None:
        client.base_client.session.mount("https://", adapter)
    return median(client.get_namespace)


@contextmanager
def bare() -> Iterator[str]:
    with subprocess.Popen([sys.executable, "-c", BARE], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().split()[1]
        process.terminate()


def block() -> None:
    with mock_oci():
        pass


def main() -> None:
    found = {}
    fixed = httpx.MockTransport(lambda _: httpx.Response(200, json="ns"))
    with mock_oci() as cloud:
        found["signed httpx call, in process"] = plain(cloud, STORAGE)
        found["... its floor"] = plain(cloud, STORAGE, fixed)
        found["chat by httpx with an API key, in process"] = chat(cloud, INFERENCE)
        found["... its floor "] = chat(cloud, INFERENCE, fixed)
        found["SDK call, in process"] = sdk(cloud, STORAGE)
        found["... the floor of the SDK"] = sdk(cloud, STORAGE, Fixed())
    cloud = MockOci()
    with serve(cloud) as server, bare() as floor:
        found["signed httpx call, loopback"] = plain(cloud, server.url)
        found["... its floor  "] = plain(cloud, floor)
        found["chat by httpx with an API key, loopback"] = chat(cloud, server.url)
        found["... its floor   "] = chat(cloud, floor)
        found["SDK call, loopback"] = sdk(cloud, server.url)
        found["... the floor of the SDK "] = sdk(cloud, floor)
    found["a block, entered and left again"] = median(block)
    print(json.dumps(found))


if __name__ == "__main__":
    main()
