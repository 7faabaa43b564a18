"""Ways to ask the native surface: signed requests handed to the backend, and the unmodified SDK over a socket."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import oci
import pytest
from oci.generative_ai import GenerativeAiClient
from oci.generative_ai_inference import GenerativeAiInferenceClient

from mock_oci import LoopbackServer, MockOci, Request, Response

Sign = Callable[..., Request]


@pytest.fixture
def call(oci: MockOci, sign: Sign) -> Callable[..., Response]:
    """Sends one signed request to the backend; ``host`` stands for the region."""
    user = oci.principals.api_key_user()

    def send(method: str, target: str, body: Any = None, host: str = "127.0.0.1:1") -> Response:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        request = sign(user.key_id, user.private_pem, method, target, content if body else b"", change={"host": host})
        return oci.answer(request)

    return send


@pytest.fixture
def act(oci: MockOci, call: Callable[..., Response]) -> Callable[..., Response]:
    """Performs one action on a model (an id, or an endpoint's OCID); keywords become the body's fields."""

    def perform(action: str, model: str, host: str = "127.0.0.1:1", **fields: Any) -> Response:
        dedicated = {"servingType": "DEDICATED", "endpointId": model}
        on_demand = {"servingType": "ON_DEMAND", "modelId": model}
        mode = dedicated if "generativeaiendpoint" in model else on_demand
        body = {"compartmentId": oci.tenancy.compartment_id, "servingMode": mode, **fields}
        return call("POST", f"/20231130/actions/{action}", body, host)

    return perform


@pytest.fixture
def generic(act: Callable[..., Response]) -> Callable[..., Response]:
    """A GENERIC chat that says "Hi", or ``messages``; keywords become the chatRequest's fields."""

    def ask(model: str, **fields: Any) -> Response:
        said = [{"role": "USER", "content": [{"type": "TEXT", "text": "Hi"}]}]
        return act("chat", model, chatRequest={"apiFormat": "GENERIC", "messages": said, **fields})

    return ask


@pytest.fixture
def cohere(act: Callable[..., Response]) -> Callable[..., Response]:
    """A COHERE chat that says "Hi", or ``message``; keywords become the chatRequest's fields."""

    def ask(model: str = "cohere.command-a-03-2025", **fields: Any) -> Response:
        return act("chat", model, chatRequest={"apiFormat": "COHERE", "message": "Hi", **fields})

    return ask


@pytest.fixture
def said() -> Callable[[Response], Any]:
    """A complete answer's body."""

    def read(response: Response) -> Any:
        assert response.status == 200, response.body
        assert isinstance(response.body, bytes)
        assert response.headers["content-type"] == "application/json"
        return json.loads(response.body)

    return read


@pytest.fixture
def streamed() -> Callable[[Response], list[Any]]:
    """A stream's events, without their pads; the text ``[DONE]`` as it is."""

    def read(response: Response) -> list[Any]:
        assert response.status == 200, response.body
        assert response.headers["content-type"] == "text/event-stream"
        *events, rest = b"".join(response.body).decode().split("\n\n")  # type: ignore[arg-type]
        assert rest == ""
        return [_event(event.removeprefix("data: ")) for event in events]

    return read


def _event(text: str) -> Any:
    if text == "[DONE]":
        return text
    event = json.loads(text)
    assert set(event.pop("pad")) == {"a"}
    return event


@pytest.fixture
def refused() -> Callable[[Response, int], str]:
    """A refusal's message, once its body is found to be OCI's with the status as a text for its code."""

    def read(response: Response, status: int = 400) -> str:
        assert isinstance(response.body, bytes)
        assert response.status == status, response.body
        error = json.loads(response.body)
        assert error["code"] == str(status)
        return str(error["message"])

    return read


def _client(kind: Any, live: MockOci, server: LoopbackServer) -> Any:
    user = live.principals.api_key_user()
    config = {
        "tenancy": user.tenancy_id,
        "user": user.user_id,
        "fingerprint": user.fingerprint,
        "key_content": user.private_pem,
        "region": live.region,
    }
    return kind(
        config,
        service_endpoint=server.url,
        retry_strategy=oci.retry.NoneRetryStrategy(),
        circuit_breaker_strategy=oci.circuit_breaker.NoCircuitBreakerStrategy(),
    )


@pytest.fixture
def sdk(live: MockOci, server: LoopbackServer) -> Iterator[Any]:
    """The SDK's inference client, over a socket to ``live``."""
    client = _client(GenerativeAiInferenceClient, live, server)
    yield client
    client.base_client.session.close()


@pytest.fixture
def control(live: MockOci, server: LoopbackServer) -> Iterator[Any]:
    """The SDK's control-plane client, over a socket to ``live``."""
    client = _client(GenerativeAiClient, live, server)
    yield client
    client.base_client.session.close()
