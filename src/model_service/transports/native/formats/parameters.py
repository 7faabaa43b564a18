"""A request's parameters, from OpenAI's names into those of a native format: carried, harmless, or refused by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from model_service.errors import InvalidRequest
from model_service.openai_api.chat import ChatRequest

ChatBody = Mapping[str, Any]
NativeFields = dict[str, Any]
Carry = Callable[[str, Any], NativeFields]
"""OpenAI's name and the caller's value, as native fields; raises ``InvalidRequest`` that names the parameter."""


def refusal(param: str, problem: str, hint: str | None = None) -> InvalidRequest:
    return InvalidRequest(f"{param}: {problem}", param=param, hint=hint)


@dataclass(frozen=True)
class Parameters:
    """What a format makes of the parameters of a request.

    ``carried`` says how a parameter is put natively, ``elsewhere`` names those that the format puts together itself,
    ``harmless`` those (and the values) that may be left out because nobody could tell the difference, ``native``
    the fields of the format that a caller may use under their own names.
    """

    api_format: str
    carried: Mapping[str, Carry]
    elsewhere: frozenset[str]
    harmless: Mapping[str, Callable[[Any], bool]]
    native: frozenset[str]

    def translate(self, body: ChatBody) -> NativeFields:
        """Raises ``InvalidRequest`` for what the format cannot carry. Null means that a parameter is not there."""
        fields: NativeFields = {}
        for name, value in body.items():
            if value is not None and name not in self.elsewhere and name not in self.native:
                fields |= self._carried(name, value)
        return fields

    def native_fields(self, body: ChatBody) -> NativeFields:
        """The fields that the caller wrote in the format's own words: they count more than their translations."""
        # A name that both languages have, such as "seed", is OpenAI's.
        return {
            name: value
            for name, value in body.items()
            if value is not None and name in self.native and name not in self.carried
        }

    def _carried(self, name: str, value: Any) -> NativeFields:
        if name in self.carried:
            return self.carried[name](name, value)
        if name in self.harmless and self.harmless[name](value):
            return {}
        raise self._refusal(name)

    def _refusal(self, name: str) -> InvalidRequest:
        head, *humps = name.split("_")
        own = head + "".join(hump.capitalize() for hump in humps)
        hint = f"The format's own name for it is {own}." if own in self.native and own != name else None
        return refusal(name, f"OCI's {self.api_format} format cannot carry this parameter or this value.", hint)


def as_is(native: str) -> Carry:
    return lambda _, value: {native: value}


def flag(native: str) -> Carry:
    return lambda name, value: {native: _checked(name, value, bool, "true or false")}


def upper(native: str) -> Carry:
    """OpenAI's enumerations are in lower case, OCI's in upper case. A word that is not known yet goes out as well."""
    return lambda name, value: {native: require_string(name, value).upper()}


def listed(native: str) -> Carry:
    """One text or a list of them; an empty list says nothing."""

    def carry(_: str, value: Any) -> NativeFields:
        texts = [value] if isinstance(value, str) else value
        return {native: texts} if texts else {}

    return carry


def require_string(param: str, value: Any) -> str:
    checked: str = _checked(param, value, str, "a text")
    return checked


def require_object(param: str, value: Any) -> Mapping[str, Any]:
    checked: Mapping[str, Any] = _checked(param, value, Mapping, "an object")
    return checked


def known_fields(param: str, value: Any, *keys: str) -> Mapping[str, Any]:
    """The object's fields that are not null; raises ``InvalidRequest`` that names the first one not in ``keys``."""
    given = {key: one for key, one in require_object(param, value).items() if one is not None}
    for key in given:
        if key not in keys:
            raise refusal(f"{param}.{key}", "OCI has no such field.")
    return given


def token_limit(body: ChatBody) -> Any:
    """``max_tokens`` is the old name of ``max_completion_tokens``; where both are given, the new one counts."""
    newer = body.get("max_completion_tokens")
    return body.get("max_tokens") if newer is None else newer


def streaming(request: ChatRequest, *, stream: bool) -> NativeFields:
    """``isStream``, and the usage at the end of the stream where the caller wants it."""
    options = request.body.get("stream_options") or {}
    # OpenAI's obfuscation is padding against listeners; OCI pads every event by itself.
    known_fields("stream_options", options, "include_usage", "include_obfuscation")
    usage = {"streamOptions": {"isIncludeUsage": True}} if stream and request.include_usage else {}
    return {"isStream": stream, **usage}


def anything(_: Any) -> bool:
    return True


def falsy(value: Any) -> bool:
    return not value


def exactly(*values: Any) -> Callable[[Any], bool]:
    return lambda value: any(value == one and type(value) is type(one) for one in values)


def _checked(param: str, value: Any, kind: type, called: str) -> Any:
    if not isinstance(value, kind):
        raise refusal(param, f"this should be {called}.")
    return value


# What every format builds from several parameters, or from none.
ELSEWHERE: Final = frozenset(
    {
        "model",
        "messages",
        "stream",
        "stream_options",
        "tools",
        "tool_choice",
        "max_tokens",
        "max_completion_tokens",
        "logprobs",
        "top_logprobs",
    }
)

# What every format may leave out: labels for OpenAI's own bookkeeping and caches, and what says "as usual".
HARMLESS: Final[Mapping[str, Callable[[Any], bool]]] = {
    "user": anything,
    "safety_identifier": anything,
    "prompt_cache_key": anything,
    "prompt_cache_retention": anything,
    "store": falsy,
    "modalities": exactly(["text"]),
}
