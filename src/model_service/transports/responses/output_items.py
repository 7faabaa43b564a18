"""The output items of a response as the message of a chat completion: nothing that an item says is lost.

What chat has no place for stands in the message as the Responses API has it: ``response_items`` are the items that
are no text, no call of a function or a custom tool and no plain reasoning (approval requests, calls that the client
carries out, pictures, results of searches, encrypted reasoning), and ``response_annotations`` the citations of
something else than a URL. A message of the next request hands ``response_items`` in again.
Source: https://platform.openai.com/docs/api-reference/responses/object
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from model_service.openai_api.encoding import write_json

OutputItem = Mapping[str, Any]

EXTRA_ITEMS: Final = "response_items"
EXTRA_ANNOTATIONS: Final = "response_annotations"
BETWEEN_THOUGHTS: Final = "\n\n"  # the parts of a summary are paragraphs, each with a heading


@dataclass
class ItemContent:
    """What output items say, joined in their order; annotations count in the joined ``content``."""

    content: str = ""
    refusal: str = ""
    reasoning: list[str] = field(default_factory=list)
    annotations: list[dict[str, Any]] = field(default_factory=list)
    logprobs: list[dict[str, Any]] = field(default_factory=list)
    calls: list[dict[str, Any]] = field(default_factory=list)
    extras: list[OutputItem] = field(default_factory=list)

    @classmethod
    def of(cls, items: Iterable[OutputItem]) -> ItemContent:
        """Return what ``items`` say together."""
        said = cls()
        texts: list[str] = []
        size = 0
        for item in items:
            said._add(item)
            for part in dicts_in(item, "content") if item.get("type") == "message" else ():
                said.refusal += text_of(part, "refusal")
                said.logprobs += tokens_of(part.get("logprobs"))
                said.annotations += (annotation_of(note, size) for note in dicts_in(part, "annotations"))
                texts.append(text_of(part, "text"))
                size += len(texts[-1])
        said.content = "".join(texts)
        return said

    def _add(self, item: OutputItem) -> None:
        call = call_of(item)
        if call is not None:
            self.calls.append(call)
        elif item.get("type") == "reasoning":
            parts = (*dicts_in(item, "summary"), *dicts_in(item, "content"))
            self.reasoning += filter(None, (text_of(part, "text") for part in parts))
            self.extras += [item] if item.get("encrypted_content") else []
        elif item.get("type") != "message":
            self.extras.append(item)

    def message(self) -> dict[str, Any]:
        """Return the message of a chat completion."""
        reasoning = BETWEEN_THOUGHTS.join(self.reasoning)
        return {
            "role": "assistant",
            "content": self.content or (None if self.calls or self.refusal else ""),
            "refusal": self.refusal or None,
            **({"reasoning_content": reasoning} if reasoning else {}),
            **annotation_fields(self.annotations),
            **({"tool_calls": self.calls} if self.calls else {}),
            **({EXTRA_ITEMS: self.extras} if self.extras else {}),
        }


def call_of(item: OutputItem) -> dict[str, Any] | None:
    """Return the chat tool call of a call of a function or of a custom tool that has its name already.

    Its id is the ``call_id``, which the result has to quote; the item's own id means nothing to the next request.
    """
    call_id = item.get("call_id") or item.get("id")
    name = item.get("name")
    if item.get("type") not in CALLS or not isinstance(call_id, str) or not isinstance(name, str) or not name:
        return None
    if item["type"] == "custom_tool_call":
        return {"id": call_id, "type": "custom", "custom": {"name": name, "input": text_of(item, "input")}}
    arguments = item.get("arguments") or "{}"
    arguments = arguments if isinstance(arguments, str) else write_json(arguments).decode()
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": arguments}}


def annotation_of(note: Mapping[str, Any], offset: int) -> dict[str, Any]:
    """Return an annotation of a part as one of the joined text, in which the part begins at ``offset``.

    A citation of a URL is nested as chat has it; any other stays as it is.
    """
    places = {name: note[name] + offset for name in OFFSETS if isinstance(note.get(name), int)}
    moved = {**note, **places}
    if note.get("type") != "url_citation":
        return moved
    return {"type": "url_citation", "url_citation": {name: moved[name] for name in moved if name != "type"}}


def annotation_fields(annotations: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the fields of a message or of a delta; chat's ``annotations`` are citations of URLs by definition."""
    told = list(annotations)
    of_urls = [note for note in told if note.get("type") == "url_citation"]
    others = [note for note in told if note.get("type") != "url_citation"]
    return {name: notes for name, notes in (("annotations", of_urls), (EXTRA_ANNOTATIONS, others)) if notes}


def logprobs_of(tokens: list[dict[str, Any]]) -> dict[str, Any] | None:
    """Return a choice's ``logprobs``; ``None`` where there are none."""
    return {"content": tokens, "refusal": None} if tokens else None


def tokens_of(logprobs: Any) -> list[dict[str, Any]]:
    """Return log probabilities with the fields that chat requires and Responses may leave out."""
    tokens = logprobs if isinstance(logprobs, list) else []
    return [{"bytes": None, **token, "top_logprobs": tops_of(token)} for token in tokens if isinstance(token, dict)]


def tops_of(token: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the tokens that could have stood in the place of ``token``."""
    return [{"bytes": None, **top} for top in dicts_in(token, "top_logprobs")]


def dicts_in(holder: Mapping[str, Any], name: str) -> Iterator[dict[str, Any]]:
    """Yield the objects of an array; none where it is not one."""
    value = holder.get(name)
    return (entry for entry in (value if isinstance(value, list) else ()) if isinstance(entry, dict))


def text_of(holder: Mapping[str, Any], name: str) -> str:
    """Return a string, which is empty where there is none."""
    value = holder.get(name)
    return value if isinstance(value, str) else ""


CALLS: Final = ("function_call", "custom_tool_call")
OFFSETS: Final = ("start_index", "end_index")

ARGUMENTS: Final[Mapping[str, str]] = {"function": "arguments", "custom": "input"}
"""What a call of a tool hands over, by the call's type in a chat."""
