"""Models for use from Python, on a laptop or in another service: ``get_model("oci:meta.llama-3.3-70b-instruct")``."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from model_service.errors import InvalidRequest
from model_service.fn.invocation import Deadline
from model_service.openai_api.chat import ChatRequest, Chunk, Complete, Completion, chunk_of, without_usage
from model_service.service import Service
from model_service.settings import Settings
from model_service.settings.local_oci import real_or_local

Prompt = str | Sequence[dict[str, Any]]
"""A text, which becomes the one message of a user, or a list of Chat Completions messages."""


@dataclass(frozen=True)
class Model:
    """A model id and the service that knows how to reach it. Every failure is a ``ModelServiceError``."""

    name: str
    service: Service
    timeout: float = 300.0

    def complete(self, prompt: Prompt, **parameters: Any) -> Completion:
        """Return the ``chat.completion``; ``parameters`` are those of Chat Completions (``max_tokens``, ``tools``…)."""
        answer = self._call(prompt, parameters, stream=False)
        assert isinstance(answer, Complete)  # noqa: S101 - no stream was asked for
        return answer.completion

    def stream(self, prompt: Prompt, **parameters: Any) -> Iterator[Chunk]:
        """Return the ``chat.completion.chunk`` objects, as they come."""
        answer = self._call(prompt, parameters, stream=True)
        if isinstance(answer, Complete):
            return iter([chunk_of(answer.completion)])
        return without_usage(answer.chunks) if answer.hides_usage else iter(answer.chunks)

    def close(self) -> None:
        """Close the connections; leaving a ``with`` block does it too."""
        self.service.close()

    def __enter__(self) -> Model:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def _call(self, prompt: Prompt, parameters: dict[str, Any], *, stream: bool) -> Any:
        messages = [{"role": "user", "content": prompt}] if isinstance(prompt, str) else list(prompt)
        body = {**parameters, "model": self.name, "messages": messages, "stream": stream}
        request = ChatRequest.parse(_json(body))
        return self.service.call(self.service.resolve(request), request, Deadline.after(self.timeout))


def _json(body: dict[str, Any]) -> dict[str, Any]:
    """Return the body as it would arrive; raise ``InvalidRequest`` for what no JSON can hold."""
    try:
        copy: dict[str, Any] = json.loads(json.dumps(body, allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidRequest(f"The parameters are not JSON: {error}") from None
    return copy


def get_model(name: str, *, settings: Settings | None = None, timeout: float = 300.0) -> Model:
    """Return the model of this name, reached with the settings of the environment unless others are given.

    Where nothing leads to an OCI (no ``OCI_…`` variable, no ``~/.oci/config``), a local OCI answers, if mock_oci is
    installed, and stderr says so.

    ``name`` is ``oci:`` and a model id, an alias, or either with ``responses:`` after the prefix; ``timeout`` is in
    seconds, for a whole answer. Raises ``SettingsError``; credentials are looked for on the first call.
    """
    return Model(name, Service(settings or real_or_local(Settings.load())), timeout)
