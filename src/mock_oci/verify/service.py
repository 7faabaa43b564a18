"""One side that is asked, OCI or mock_oci: signed requests, what was made for the questions, and its removal."""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from mock_oci.live.credentials import Credentials
from mock_oci.live.hosts import Hosts
from mock_oci.verify.answer import SeenAnswer, error_of, joined
from mock_oci.verify.question import CouldNotAsk
from mock_oci.wire import Disconnect, Handler, Request

_PREFIX = "mock-oci-verify"
_ACTIVE_SECONDS = 300.0
_LOOK_SECONDS = 2.0
_UNDO_PAUSES = (2.0, 5.0, 10.0, 20.0)  # what is still being made or used cannot be removed yet
# Answers that say nothing of a question: try again later, or with other credentials.
_NO_ANSWER = frozenset({401, 403, 429, 500, 501, 502, 503, 504})
_GONE = frozenset({"DELETED", "DELETING", "FAILED"})
_STEP_SECONDS = 0.5
_CHANGES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


@dataclass
class AskedService:
    """``send`` takes a signed request, ``fetch`` an unsigned one to a URL; ``wait`` lets seconds pass.

    ``given`` are things that are there already and may be called. What this makes bears a name of its own, and it
    changes and removes nothing else: a request that would is a bug, and raises. ``is_interrupted`` ends it before its
    next request: never in the middle of one, which might make something that nobody then removes.
    """

    send: Handler
    credentials: Credentials
    compartment_id: str
    given: Mapping[str, str] = field(default_factory=dict)
    wait: Callable[[float], None] = time.sleep
    now: Callable[[], float] = time.time
    fetch_from: Callable[[str], Handler] | None = None
    is_interrupted: bool = False

    def __post_init__(self) -> None:
        self.hosts = Hosts(self.credentials.region)
        self.run = secrets.token_hex(4)
        self.requests = 0
        self.left_behind: list[str] = []
        self._mine: list[str] = []
        self._undoings: list[tuple[str, Callable[[], bool]]] = []
        self._shared: dict[str, Any] = {}
        self._is_undoing = False

    def name(self, stem: str) -> str:
        """Return a name that nothing else has."""
        name = f"{_PREFIX}-{stem}-{self.run}"
        self._mine.append(name)
        return name

    def ask(
        self,
        method: str,
        client: str,
        target: str,
        body: Any = None,
        *,
        headers: Mapping[str, str] | None = None,
        host: str = "",
        signed: bool = True,
        stores: bool = False,
        expects: tuple[int, ...] = (),
    ) -> SeenAnswer:
        """Ask as one of the SDK's clients does. Raises CouldNotAsk for an answer that says nothing of any question.

        ``stores``: it makes something, or asks a model. ``expects``: statuses that do say something here.
        """
        if method in _CHANGES and not (stores or any(own in target for own in self._mine)):
            raise AssertionError(f"{method} {target} is about something that was not made here")
        content = body if isinstance(body, bytes) else b"" if body is None else json.dumps(body).encode()
        where, sent = host or self.hosts.of_client(client), dict(headers or {})
        self._count()
        if signed:
            request = self.credentials.signed(method, where, target, sent, content)
        else:
            request = Request(method, target, {"host": where, **sent}, content)
        answer = self._answered(self.send, request)
        if answer.status in _NO_ANSWER - set(expects):
            raise CouldNotAsk(f"{request.method} {request.path}: {error_of(answer)}")
        return answer

    def require(self, method: str, client: str, target: str, body: Any = None, **how: Any) -> SeenAnswer:
        """Ask for what a question only needs. Raises CouldNotAsk unless it is there."""
        answer = self.ask(method, client, target, body, **how)
        if answer.status >= 300:
            raise CouldNotAsk(f"{method} {urlsplit(target).path}: {error_of(answer)}")
        return answer

    def fetch(
        self, url: str, method: str = "GET", headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> SeenAnswer:
        """Ask a URL that was given, without a signature."""
        if self.fetch_from is None:
            raise CouldNotAsk("no URL can be asked here")
        parts = urlsplit(url)
        self._count()
        target = f"{parts.path or '/'}{'?' if parts.query else ''}{parts.query}"
        return self._answered(
            self.fetch_from(url), Request(method, target, {"host": parts.netloc, **(headers or {})}, body)
        )

    def owns(self, ocid: str) -> None:
        """Remember that this is ours, under another name than that which it was made by."""
        self._mine.append(ocid)

    def made(self, title: str, ocid: str, undo: Callable[[], bool]) -> str:
        """Remember that this is ours, and how it is removed: ``undo`` tells whether it is gone."""
        self._mine.append(ocid)
        self._undoings.append((f"{title} {ocid}", undo))
        return ocid

    def make(self, title: str, client: str, collection: str, body: Mapping[str, Any]) -> SeenAnswer:
        """Create a resource that has an OCID and is removed by a DELETE on it. Its answer may be a refusal.

        Where the answer does not say the OCID, or does not come, what has the name is removed: nothing else has it.
        """
        try:
            answer = self.ask("POST", client, collection, body, stores=True)
        except CouldNotAsk:
            self.made_by_name(title, client, collection, body)
            raise
        found = answer.body if isinstance(answer.body, dict) else {}
        ocid = found.get("id") or found.get("topicId")
        if answer.status < 300 and ocid:
            self.made(title, ocid, lambda: self.removed(client, f"{collection}/{ocid}"))
        elif answer.status < 300:
            self.made_by_name(title, client, collection, body)
        return answer

    def make_active(self, title: str, client: str, collection: str, body: Mapping[str, Any]) -> Any:
        """Create a resource and return it when it can be used. Raises CouldNotAsk where it cannot be made."""
        made = self.make(title, client, collection, body)
        if made.status >= 300:
            raise CouldNotAsk(f"no {title} can be made: {error_of(made)}")
        ocid = made.body.get("id") or made.body["topicId"]
        return self.until_active(client, f"{collection}/{ocid}").body

    def made_by_name(self, title: str, client: str, collection: str, body: Mapping[str, Any]) -> None:
        """Remember to remove whatever has the name of ``body``."""
        called = "displayName" if "displayName" in body else "name"
        if body.get(called) not in self._mine:  # a subscription has none, and counts for nothing without its topic
            return
        listed = f"{collection}?compartmentId={self.compartment_id}&{called}={body[called]}"

        def remove() -> bool:
            answer = self.ask("GET", client, listed)
            items = answer.body["items"] if isinstance(answer.body, dict) else answer.body
            left = [item for item in items if item[called] == body[called] and item["lifecycleState"] not in _GONE]
            for item in left:
                ocid = item.get("id") or item["topicId"]
                self._mine.append(ocid)
                self.removed(client, f"{collection}/{ocid}")
            return not left

        self.made(title, str(body[called]), remove)

    def removed(self, client: str, target: str) -> bool:
        """Remove what was made; tell whether it is gone."""
        return self.ask("DELETE", client, target).status in (200, 202, 204, 404)

    def shared(self, name: str, make: Callable[[], Any]) -> Any:
        """Return what several questions use, made by the first of them."""
        if name not in self._shared:
            self._shared[name] = make()
        return self._shared[name]

    def until_active(self, client: str, target: str) -> SeenAnswer:
        """Wait until a resource can be used. Raises CouldNotAsk when it cannot."""
        end = self.now() + _ACTIVE_SECONDS
        while True:
            answer = self.require("GET", client, target)
            if answer.body.get("lifecycleState") == "ACTIVE":
                return answer
            if answer.body.get("lifecycleState") == "FAILED" or self.now() > end:
                raise CouldNotAsk(f"{target} is {answer.body.get('lifecycleState')}")
            self.pause(_LOOK_SECONDS)

    def undo(self) -> None:
        """Remove what was made, the last first; what stays is in ``left_behind``."""
        self._is_undoing = True
        while self._undoings:
            title, undo = self._undoings.pop()
            for seconds in _UNDO_PAUSES:
                if _is_done(undo):
                    break
                self.wait(seconds)
            else:
                self.left_behind.append(title)
        self._is_undoing = False

    def pause(self, seconds: float) -> None:
        """Let time pass. Raises KeyboardInterrupt when interrupted."""
        end = self.now() + seconds
        while (left := end - self.now()) > 0:
            self._check_interrupted()
            self.wait(min(left, _STEP_SECONDS))

    def _count(self) -> None:
        self._check_interrupted()
        self.requests += 1

    def _check_interrupted(self) -> None:
        if self.is_interrupted and not self._is_undoing:
            raise KeyboardInterrupt

    def _answered(self, send: Handler, request: Request) -> SeenAnswer:
        try:
            response = send(request)
            content = response.body if isinstance(response.body, bytes) else joined(response)
        except Disconnect as fault:
            raise CouldNotAsk(f"{request.headers['host']}: {fault}") from fault
        try:
            body = json.loads(content)
        except (ValueError, RecursionError):
            body = content.decode(errors="replace")
        if response.status < 300:
            self.hosts.learn(body)
        return SeenAnswer(response.status, response.headers, body)


def _is_done(undo: Callable[[], bool]) -> bool:
    try:
        return undo()
    except CouldNotAsk:
        return False
