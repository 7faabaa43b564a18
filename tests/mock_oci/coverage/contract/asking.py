"""Asking a fresh mock_oci one operation after the other, and one of them with something changed."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote, urlencode

from tests.mock_oci.conftest import Clock

from mock_oci import MockOci, Request, Response
from mock_oci.coverage.door import SdkOperation, known_as
from mock_oci.services import operations

OPERATIONS: dict[str, SdkOperation] = {known.key: known for item in operations() if (known := known_as(item))}


@dataclass(frozen=True)
class Change:
    """One parameter of one operation gets another value. ``where``: query, headers or body."""

    key: str
    where: str
    name: str
    value: Any


class Reached(Exception):
    """The operation that was to be changed has answered ``response``, and after it ``usual`` as it is."""

    def __init__(self, oci: MockOci, response: Response, usual: Response) -> None:
        super().__init__(response.status)
        self.oci, self.response, self.usual = oci, response, usual


@dataclass(frozen=True)
class Answer:
    """What a step was answered; ``body`` is its JSON, or ``None``."""

    status: int
    headers: dict[str, str]
    body: Any

    @property
    def id(self) -> str:
        return str(self.body["id"])


class Asking:
    """Performs the steps of a story; ``answers`` has those of each operation, by its key.

    The operation of ``change`` is asked twice where it is first: with the change, then as it is, and ends the story.
    """

    def __init__(self, change: Change | None = None) -> None:
        self.clock = Clock()
        self.oci = MockOci(clock=self.clock, sleep=lambda _: None)
        self.home = self.oci.tenancy.compartment_id
        self.root = self.oci.tenancy.tenancy_id
        self.answers: dict[str, list[Answer]] = {}
        self._change = change

    def __call__(self, key: str, *path: str, body: Any = None, **parts: Any) -> Answer:
        """Ask; ``query`` and ``headers`` are among ``parts``, ``path`` has what its template leaves open."""
        target = OPERATIONS[key].path
        if "/20181201" in key:
            target = target.replace("/20260325/", "/20181201/")
        for value in path:
            target = target[: target.index("{")] + quote(value) + target[target.index("}") + 1 :]
        request = _Parts(target, dict(parts.get("query") or {}), dict(parts.get("headers") or {}), body)
        if self._change is not None and self._change.key == key:
            raise Reached(self.oci, self._send(key, request.changed(self._change)), self._send(key, request))
        response = self._send(key, request)
        assert response.status < 300, (key, response.status, response.body)
        return self._kept(key, response)

    def _kept(self, key: str, response: Response) -> Answer:
        content = response.body if isinstance(response.body, bytes) else b"".join(response.body)
        is_json = content and response.headers.get("content-type") == "application/json"
        answer = Answer(response.status, dict(response.headers), json.loads(content) if is_json else None)
        self.answers.setdefault(key, []).append(answer)
        return answer

    def _send(self, key: str, request: _Parts) -> Response:
        return self.oci.answer(request.written(OPERATIONS[key].method))


@dataclass(frozen=True)
class _Parts:
    target: str
    query: dict[str, str]
    headers: dict[str, str]
    body: Any

    def changed(self, change: Change) -> _Parts:
        before = getattr(self, change.where)
        return replace(self, **{change.where: {**(before or {}), change.name: change.value}})

    def written(self, method: str) -> Request:
        query = f"?{urlencode(self.query)}" if self.query else ""
        content = self.body if isinstance(self.body, bytes) else json.dumps(self.body).encode()
        headers = {"host": "127.0.0.1:1", **{name.lower(): value for name, value in self.headers.items()}}
        return Request(method, f"{self.target}{query}", headers, b"" if self.body is None else content)


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()
