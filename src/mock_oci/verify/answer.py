"""What a service answers, as a question looks at it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mock_oci.wire import Response

_MAX_SAID = 200
_MAX_BODY = 10_000_000


@dataclass(frozen=True)
class SeenAnswer:
    """What came back. ``body`` is its JSON, else its text."""

    status: int
    headers: Mapping[str, str]
    body: Any

    @property
    def code(self) -> str | None:
        """Return the code of an error, in OCI's or in OpenAI's form."""
        error = self.body.get("error", self.body) if isinstance(self.body, dict) else {}
        return error.get("code") if isinstance(error, dict) else None

    @property
    def seen(self) -> dict[str, Any]:
        """Return status and code, which most questions are about."""
        return {"status": self.status, **({"code": self.code} if self.status >= 400 else {})}


def joined(response: Response) -> bytes:
    """Return a streamed body, or as much of it as a question may look at."""
    content = b""
    for piece in response.body:
        content += piece if isinstance(piece, bytes) else b""
        if len(content) > _MAX_BODY:
            response.close()
            break
    return content


def error_of(answer: SeenAnswer) -> str:
    message = answer.body.get("message", "") if isinstance(answer.body, dict) else str(answer.body)
    return f"{answer.status} {answer.code or ''}: {str(message)[:_MAX_SAID]}"
