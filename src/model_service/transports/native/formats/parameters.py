"""A request's parameters, from OpenAI's names into those of a native format: carried, left out, or refused by name."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from model_service.errors import InvalidRequest
from model_service.openai_api.chat import ChatRequest
from model_service.transports.native.formats.translation import Translation, refusal

ChatBody = Mapping[str, Any]
NativeFields = dict[str, Any]
Carry = Callable[[str, Any], NativeFields]
"""OpenAI's name and the caller's value, as native fields; raises ``InvalidRequest`` that names the parameter."""


@dataclass(frozen=True)
class Parameters:
    """What a format makes of the parameters of a request.

    ``carried`` says how a parameter is put natively, ``elsewhere`` names those that the format puts together itself,
    ``says_nothing`` the values that ask for what happens anyway, ``droppable`` what no caller would miss where the
    format has no place for it, ``native`` the fields of the format that a caller may use under their own names.
    """

    api_format: str
    carried: Mapping[str, Carry]
    elsewhere: frozenset[str]
    says_nothing: Mapping[str, Callable[[Any], bool]]
    droppable: frozenset[str]
    native: frozenset[str]

    def translate(self, body: ChatBody, translation: Translation) -> NativeFields:
        """Return native fields; raise ``InvalidRequest`` for what the format cannot carry. Null says nothing."""
        fields: NativeFields = {}
        for name, value in body.items():
            if value is None or (name in self.native and name not in self.carried):
                continue
            if name in self.carried:
                fields |= self.carried[name](name, value)
            elif name not in self.elsewhere and not self._says_nothing(name, value):
                if name not in self.droppable:
                    raise self._unknown(name)
                translation.dropped.drop(name)
        return fields

    def native_fields(self, body: ChatBody) -> NativeFields:
        """Return the fields that the caller wrote in the format's own words: they count more than translations."""
        # A name that both languages have, such as "seed", is OpenAI's.
        return {
            name: value
            for name, value in body.items()
            if value is not None and name in self.native and name not in self.carried
        }

    def _says_nothing(self, name: str, value: Any) -> bool:
        return name in self.says_nothing and self.says_nothing[name](value)

    def _unknown(self, name: str) -> InvalidRequest:
        head, *humps = name.split("_")
        own = head + "".join(hump.capitalize() for hump in humps)
        hint = f"The format's own name for it is {own}." if own in self.native and own != name else None
        return refusal(name, f"OCI's {self.api_format} format cannot carry this parameter or this value.", hint)


def as_is(native: str) -> Carry:
    return lambda _, value: {native: value}


def flag(native: str) -> Carry:
    return lambda name, value: {native: _checked(name, value, bool, "a boolean")}


def upper(native: str) -> Carry:
    """Carry a word: OpenAI's are in lower case, OCI's in upper case. One that is not known yet goes out as well."""
    return lambda name, value: {native: require_string(name, value).upper()}


def listed(native: str) -> Carry:
    """Carry one string or a list of them; an empty one says nothing."""

    def carry(_: str, value: Any) -> NativeFields:
        texts = [text for text in ([value] if isinstance(value, str) else value) if text]
        return {native: texts} if texts else {}

    return carry


def require_string(param: str, value: Any) -> str:
    checked: str = _checked(param, value, str, "a string")
    return checked


def require_object(param: str, value: Any) -> Mapping[str, Any]:
    checked: Mapping[str, Any] = _checked(param, value, Mapping, "an object")
    return checked


def known_fields(param: str, value: Any, *known: str) -> Mapping[str, Any]:
    """Return the object's fields that are not null; raise ``InvalidRequest`` that names the first unknown one."""
    given = {name: part for name, part in require_object(param, value).items() if part is not None}
    for name in given:
        if name not in known:
            raise refusal(f"{param}.{name}", "unknown field: OCI has no place for it.")
    return given


def token_limit(body: ChatBody) -> Any:
    """Return ``max_completion_tokens``, or what its old name ``max_tokens`` says where only that is given."""
    newer = body.get("max_completion_tokens")
    return body.get("max_tokens") if newer is None else newer


def streaming(request: ChatRequest, *, stream: bool) -> NativeFields:
    """Return ``isStream``, and the wish for usage at the end of the stream where the caller has it."""
    options = request.body.get("stream_options") or {}
    # OpenAI's obfuscation is padding against listeners; OCI pads every event by itself.
    known_fields("stream_options", options, "include_usage", "include_obfuscation")
    usage = {"streamOptions": {"isIncludeUsage": True}} if stream and request.include_usage else {}
    return {"isStream": stream, **usage}


def first_call_only(body: ChatBody) -> bool:
    """Return whether ``parallel_tool_calls`` asks for one call at most, which no format but GENERIC has a word for."""
    value = body.get("parallel_tool_calls")
    return value is not None and not _checked("parallel_tool_calls", value, bool, "a boolean")


def falsy(value: Any) -> bool:
    return not value


def exactly(*values: Any) -> Callable[[Any], bool]:
    return lambda value: any(value == one and type(value) is type(one) for one in values)


def _checked(param: str, value: Any, kind: type, called: str) -> Any:
    if not isinstance(value, kind):
        raise refusal(param, f"must be {called}.")
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
        "parallel_tool_calls",
        "response_format",
        "top_logprobs",
    }
)

# Values that ask for what happens anyway.
SAYS_NOTHING: Final[Mapping[str, Callable[[Any], bool]]] = {
    "function_call": exactly("auto", "none"),
    "functions": falsy,
    "modalities": exactly(["text"]),
    "store": falsy,
}

# What no format has and no caller would miss: labels for OpenAI's own bookkeeping and caches.
DROPPABLE: Final = frozenset(
    {
        "prompt_cache_key",
        "prompt_cache_options",
        "prompt_cache_retention",
        "safety_identifier",
        "store",
        "user",
    }
)
