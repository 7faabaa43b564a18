"""What a family of models refuses of a request, whichever surface it comes through."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from mock_oci.operations import Refused, json_response, oci_error
from mock_oci.services.generative_ai.openai_errors import openai_error
from mock_oci.wire import Body

GPT5 = r"openai\.(gpt-5|o\d)"
MAX_TOOLS = 128  # "A max of 128 functions are supported": oci.generative_ai_inference.models.GenericChatRequest


def in_oci_words(message: str) -> Refused:
    """Refuse as OCI itself does."""
    return Refused(oci_error(400, message))


def in_xai_words(message: str) -> Refused:
    """Refuse with xAI's own body, whose ``error`` is a string."""
    return Refused(json_response(400, {"code": "invalid-argument", "error": message}))


def in_openai_words(param: str, code: str = "", status: int = 400) -> Callable[[str], Refused]:
    """Refuse with OpenAI's error body, which names a parameter."""
    return lambda message: openai_error(message, param, code, status)


@dataclass(frozen=True)
class Quirk:
    """``models`` is a pattern for model ids; ``finds`` gives what a request has that they refuse, else something false.

    In the message MODEL stands for the model's id and FOUND for what was found.
    """

    models: str
    finds: Callable[[Body], object]
    message: str
    refusal: Callable[[str], Refused] = in_oci_words


def check_quirks(quirks: Iterable[Quirk], model: str, body: Body) -> None:
    """Raise Refused for the first thing that this model's family does not take. ``body`` has the right shape."""
    for quirk in quirks:
        if re.match(quirk.models, model) and (found := quirk.finds(body)):
            raise quirk.refusal(quirk.message.replace("MODEL", model).replace("FOUND", str(found)))


def given(*names: str) -> Callable[[Body], str]:
    """Find the first of these parameters that a request has, even when it is 0."""
    return lambda body: next((name for name in names if body.get(name) is not None), "")


def warm(body: Body) -> str:
    """Find a temperature other than 1."""
    return str(body["temperature"]) if body.get("temperature") not in (None, 1) else ""
