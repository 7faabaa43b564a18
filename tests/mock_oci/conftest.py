"""A backend, a clock that stands still, and a signer of its own for the tests of mock_oci."""

from __future__ import annotations

import base64
import functools
import hashlib
import json
from collections.abc import Callable, Iterator, Mapping
from email.utils import formatdate
from typing import Any

import httpx
import oci as sdk
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from tests.doors import OpenDoor

from mock_oci import MockOci, Request, Response
from mock_oci.identity.principals import new_key
from mock_oci.operations import oci_error
from mock_oci.services.functions import Caller, FunctionDetails, Functions

CHAT = "/openai/v1/chat/completions"


class Clock:
    """Unix seconds that move only when told to."""

    def __init__(self) -> None:
        self.now = 1_790_000_000.0

    def __call__(self) -> float:
        return self.now


class FakeFunction:
    """A function without a container: notes its calls, and answers 200 unless told which statuses come next.

    A status of None raises, as a fault of whoever runs functions would.
    """

    id = "ocid1.fnfunc.oc1.us-chicago-1.fake"

    def __init__(self, cloud: MockOci) -> None:
        self.statuses: list[int | None] = []
        self.bodies: list[bytes] = []
        self.headers: list[dict[str, str]] = []
        self.callers: list[Caller | None] = []
        self.during: Callable[[], object] = lambda: None
        cloud.state_of(Functions).enter(FunctionDetails(self.id, "fake"), self)

    def invoke(
        self,
        function_id: str,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        *,
        intent: str | None = None,
        invoke_type: str = "sync",
        caller: Caller | None = None,
    ) -> Response:
        self.bodies.append(body)
        self.headers.append({name.lower(): value for name, value in (headers or {}).items()})
        self.callers.append(caller)
        self.during()
        status = self.statuses.pop(0) if self.statuses else 200
        if status is None:
            raise RuntimeError("as told")
        return Response(200, {}, b"done") if status == 200 else oci_error(status, "as told", "AsTold")


@pytest.fixture
def function(oci: MockOci) -> FakeFunction:
    return FakeFunction(oci)


@pytest.fixture
def live_function(live: MockOci) -> FakeFunction:
    return FakeFunction(live)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def slept() -> list[float]:
    return []


@pytest.fixture
def oci(clock: Clock, slept: list[float]) -> MockOci:
    """A backend whose time stands still and whose sleeps are only noted."""
    return MockOci(clock=clock, sleep=slept.append)


@pytest.fixture(scope="session")
def another_key() -> rsa.RSAPrivateKey:
    return new_key()


@pytest.fixture
def live() -> MockOci:
    """A backend on the wall clock, for clients that sign by it."""
    return MockOci()


@pytest.fixture
def server(live: MockOci, door_to: Callable[[Any], OpenDoor]) -> OpenDoor:
    return door_to(live)


@pytest.fixture
def http(server: OpenDoor, live: MockOci) -> Iterator[httpx.Client]:
    """A client with a Generative AI API key, which reads no proxy settings."""
    headers = {"authorization": f"Bearer {live.principals.generative_ai_api_key().secret}"}
    with httpx.Client(base_url=server.url, headers=headers, trust_env=False, timeout=10) as client:
        yield client


@pytest.fixture
def door_to_oci(oci: MockOci, door_to: Callable[[Any], OpenDoor], pytestconfig: pytest.Config) -> OpenDoor:
    """The door to the backend whose time stands still; where ``--door`` names none it is asked without one."""
    return door_to(oci) if pytestconfig.getoption("--door") else OpenDoor("", oci.answer)


@pytest.fixture
def ask(oci: MockOci, door_to_oci: OpenDoor) -> Callable[..., Response]:
    """Sends a chat completion body to the backend directly, with an API key; keywords become headers."""
    secret = oci.principals.generative_ai_api_key().secret

    def send(body: Any, **headers: str) -> Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return door_to_oci.send(Request("POST", CHAT, {"authorization": f"Bearer {secret}", **named}, content))

    return send


@pytest.fixture
def surface(oci: MockOci, door_to_oci: OpenDoor) -> Callable[..., Response]:
    """Asks any path below /openai/v1 with an API key, in the default project; keywords become headers."""
    secret = oci.principals.generative_ai_api_key().secret

    def send(method: str, path: str, body: Any = None, **headers: str) -> Response:
        usual = {"authorization": f"Bearer {secret}", "openai-project": oci.projects.default.id}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        given = {name: value for name, value in {**usual, **named}.items() if value}
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        return door_to_oci.send(Request(method, f"/openai/v1{path}", given, content))

    return send


@pytest.fixture
def sdk_client(live: MockOci, server: OpenDoor) -> Iterator[Callable[[Any], Any]]:
    """Makes the SDK's clients, unmodified and with an API signing key, over a socket to ``live``."""
    user, made = live.principals.api_key_user(), []
    place = {"tenancy": user.tenancy_id, "user": user.user_id, "fingerprint": user.fingerprint}
    config = {**place, "key_content": user.private_pem, "region": live.region}

    def make(kind: Any) -> Any:
        retry, breaker = sdk.retry.NoneRetryStrategy(), sdk.circuit_breaker.NoCircuitBreakerStrategy()
        client = kind(config, service_endpoint=server.url, retry_strategy=retry, circuit_breaker_strategy=breaker)
        made.append(client)
        return client

    yield make
    for client in made:
        client.base_client.session.close()


@pytest.fixture
def signed(oci: MockOci, door_to_oci: OpenDoor, sign: Callable[..., Request]) -> Callable[..., Response]:
    """Asks ``oci``, whose clock stands still, with a signature; ``body`` is sent as JSON unless it is bytes."""
    user = oci.principals.api_key_user()

    def send(method: str, target: str, body: Any = b"", **headers: str) -> Response:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return door_to_oci.send(sign(user.key_id, user.private_pem, method, target, content, change=named))

    return send


@pytest.fixture
def answered(signed: Callable[..., Response]) -> Callable[..., Any]:
    """As ``signed``, for an answer that has to be of the status in ``expects``; gives its JSON."""

    def send(method: str, target: str, body: Any = b"", expects: int = 200, **headers: str) -> Any:
        response = signed(method, target, body, **headers)
        assert isinstance(response.body, bytes)
        assert response.status == expects, response.body
        return json.loads(response.body or b"null")

    return send


@functools.cache
def _loaded(pem: str) -> rsa.RSAPrivateKey:
    """Reading a key checks it, which takes longer than a test."""
    key = serialization.load_pem_private_key(pem.encode(), None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


@pytest.fixture
def sign(clock: Clock) -> Callable[..., Request]:
    """A signed request, made from the published scheme alone; every part can be set wrong."""

    def make(
        key_id: str,
        private_pem: str,
        method: str = "POST",
        target: str = CHAT,
        body: bytes = b"{}",
        names: str = "",
        change: dict[str, str] | None = None,
        parameters: str = "",
    ) -> Request:
        headers = {"host": "127.0.0.1:1", "date": formatdate(clock.now, usegmt=True)}
        if method in ("POST", "PUT", "PATCH"):
            digest = base64.b64encode(hashlib.sha256(body).digest()).decode()
            headers |= {"content-length": str(len(body)), "content-type": "application/json"}
            headers |= {"x-content-sha256": digest}
        headers |= change or {}
        signed = names or " ".join(["(request-target)", *headers])
        text = "\n".join(
            f"{name}: {method.lower() + ' ' + target if name == '(request-target)' else headers.get(name, '')}"
            for name in signed.split()
        )
        signature = base64.b64encode(
            _loaded(private_pem).sign(text.encode(), padding.PKCS1v15(), hashes.SHA256())
        ).decode()
        usual = 'version="1",keyId="{key_id}",algorithm="rsa-sha256",headers="{signed}",signature="{sig}"'
        stated = (parameters or usual).format(key_id=key_id, signed=signed, sig=signature)
        return Request(method, target, {**headers, "authorization": f"Signature {stated}"}, body)

    return make
