"""``GET /v1/playground``: a page that asks this service, where an operator has switched it on.

It is served with a policy under which nothing but its own script runs; what a model says is shown as text.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

from model_service.errors import PathNotFound
from model_service.fn.caller import NOWHERE, Origin
from model_service.openai_api.chat import Complete

if TYPE_CHECKING:
    from model_service.fn.invocation import Deadline
    from model_service.openai_api.own_requests import PlaygroundRequest
    from model_service.settings import Settings


class PageService(Protocol):
    """What the page depends on of the service."""

    @property
    def settings(self) -> Settings: ...


@dataclass(frozen=True)
class Playground:
    """Answer the page and its parts; a 404 where it is switched off."""

    service: PageService
    answer_other: object = None

    def answer(self, request: PlaygroundRequest, _deadline: Deadline, _origin: Origin = NOWHERE) -> Complete:
        """Return a file of the page; raise ``PathNotFound``."""
        found = PARTS.get(request.file or "")
        if not self.service.settings.playground or found is None:
            raise PathNotFound("There is no such page.", hint=HINT)
        suffix, content_type = found
        content = Path(__file__).with_suffix(suffix).read_bytes()
        return Complete({}, headers={**HEADERS, "content-type": content_type}, content=content)


HINT: Final = "The playground is switched on by the operator (MODEL_SERVICE_PLAYGROUND)."
PARTS: Final = {
    "": (".html", "text/html; charset=utf-8"),
    "page.css": (".css", "text/css; charset=utf-8"),
    "page.js": (".js", "text/javascript; charset=utf-8"),
}
HEADERS: Final = {
    "cache-control": "no-cache",
    "content-security-policy": "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
    "img-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
}
