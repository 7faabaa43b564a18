"""The function itself, at a local OCI, asked as a client of the Responses API asks it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from typing import Any

import pytest
from openai.types.responses import Response

from mock_oci import MockOci
from model_service.app import App
from model_service.fn.invocation import Deadline, HttpRequest, Invocation

GATEWAY = {"oci-subject-id": "ocid1.apigateway.oc1..gateway"}


@dataclass(frozen=True)
class Told:
    """What came back: ``value`` is the JSON of a whole answer, ``events`` those of a stream."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def value(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.body)
        return found

    @property
    def events(self) -> list[dict[str, Any]]:
        blocks = [block for block in self.body.decode().split("\n\n") if block]
        events = [json.loads(block.partition("data: ")[2]) for block in blocks]
        assert [block.split("\n")[0] for block in blocks] == [f"event: {event['type']}" for event in events]
        return events

    @property
    def response(self) -> Response:
        """Return the response, whole or as the last event has it, checked against OpenAI's own type."""
        assert self.status == 200, self.body
        found = self.events[-1]["response"] if self.body.startswith(b"event:") else self.value
        return Response.model_validate(found, strict=True)

    @property
    def error(self) -> dict[str, Any]:
        found: dict[str, Any] = self.value["error"]
        return found


@dataclass(frozen=True)
class Asking:
    """Asks the function of ``app``, with headers of the caller's."""

    app: App

    def __call__(
        self, body: dict[str, Any] | None, path: str = "/v1/responses", method: str = "POST", **headers: str
    ) -> Told:
        named = {"host": "gateway", **{name.replace("_", "-"): value for name, value in headers.items()}}
        sent = b"" if body is None else json.dumps(body).encode()
        http = HttpRequest(method, path, named)
        reply = self.app.answer(Invocation(sent, Deadline.after(30), headers=GATEWAY, http=http))
        body_of = reply.body if isinstance(reply.body, bytes) else b"".join(reply.body)
        return Told(reply.status, dict(reply.headers), body_of)


@pytest.fixture
def asking(environment: dict[str, str], oci: MockOci) -> Iterator[Callable[..., Asking]]:
    """Make what asks a function with these settings beside those of every test."""
    apps: list[App] = []

    def made(**settings: str) -> Asking:
        project = {"MODEL_SERVICE_PROJECT_ID": oci.projects.default.id}
        app = App({**environment, **project, **settings})
        apps.append(app)
        return Asking(app)

    yield made
    for app in apps:
        with closing(app.service):
            pass


@pytest.fixture
def ask(asking: Callable[..., Asking]) -> Asking:
    return asking()
