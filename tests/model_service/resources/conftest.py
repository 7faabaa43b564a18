"""The function in this process, asked as a gateway asks it, for callers that headers name."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest

from mock_oci import MockOci
from model_service.app import App
from model_service.fn.invocation import Deadline, HttpRequest, Invocation
from model_service.fn.reply import Reply

IDENTITY = json.dumps({"id": "x-caller", "team": "x-team"})
GATEWAY = {"oci-subject-id": "ocid1.apigateway.oc1..mine"}
TEAMS = {"ada": "search", "bob": "search", "eve": "ads"}
FORM = "multipart/form-data; boundary=b0"
Ask = Callable[..., Reply]


@pytest.fixture
def config(environment: dict[str, str], oci: MockOci) -> dict[str, str]:
    return {**environment, "MODEL_SERVICE_PROJECT_ID": oci.projects.default.id}


@pytest.fixture
def kept_apart(config: dict[str, str]) -> dict[str, str]:
    return {**config, "MODEL_SERVICE_CONFIG": "{}", "MODEL_SERVICE_IDENTITY_HEADERS": IDENTITY}


def asking(app: App) -> Ask:
    def ask(method: str, path: str, body: Any = b"", caller: str = "ada", **headers: str) -> Reply:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        said = {"host": "gw", "x-caller": caller, "x-team": TEAMS.get(caller, "")}
        http = HttpRequest(
            method, f"/v1{path}", said | {name.replace("_", "-"): text for name, text in headers.items()}
        )
        return app.answer(Invocation(content, Deadline.after(20), "01CALL", GATEWAY, http))

    return ask


@pytest.fixture
def ask(config: dict[str, str]) -> Iterator[Ask]:
    app = App(config)
    with closing(app.service):
        yield asking(app)


@pytest.fixture
def owned(kept_apart: dict[str, str]) -> Iterator[Ask]:
    """The same where a service file keeps teams apart: ada and bob are of one, eve of another."""
    app = App(kept_apart)
    with closing(app.service):
        yield asking(app)


def form(content: bytes, filename: str = "cats.txt", purpose: str = "user_data") -> bytes:
    field = f'--b0\r\nContent-Disposition: form-data; name="purpose"\r\n\r\n{purpose}\r\n' if purpose else ""
    file = f'--b0\r\nContent-Disposition: form-data; name="file"; filename="{filename}"\r\n'
    return f"{field}{file}Content-Type: text/plain\r\n\r\n".encode() + content + b"\r\n--b0--\r\n"


def said(reply: Reply, status: int = 200) -> Any:
    assert reply.status == status, reply.whole()
    return json.loads(reply.whole())


@pytest.fixture
def uploaded() -> Callable[..., str]:
    """Uploads a file as somebody; returns its id."""

    def upload(ask: Ask, content: bytes = b"the cat sat", caller: str = "ada", filename: str = "cats.txt") -> str:
        return str(said(ask("POST", "/files", form(content, filename), caller, content_type=FORM))["id"])

    return upload
