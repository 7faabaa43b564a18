"""The items of Responses and Conversations: as they come in, as they are kept, and as a model reads them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from mock_oci.cloud import Cloud
from mock_oci.services.generative_ai.openai_errors import openai_error

Item = dict[str, Any]
NewId = Callable[[str], str]


def new_ids(cloud: Cloud) -> NewId:
    """Make ids such as ``msg_`` and 48 hex digits, as OpenAI's are."""
    return lambda prefix: f"{prefix}_{hashlib.sha256(str(cloud.next_serial()).encode()).hexdigest()[:48]}"


def kept_items(given: str | list[Item], new_id: NewId) -> tuple[Item, ...]:
    """Return a request's input as it is kept and listed: a string becomes a message, and everything has an id."""
    if isinstance(given, str):
        given = [{"type": "message", "role": "user", "content": given}]
    return tuple(_kept(item, new_id) for item in given)


def _kept(item: Item, new_id: NewId) -> Item:
    named = {"id": item.get("id") or new_id(ID_PREFIXES[item["type"]]), "type": item["type"], "status": "completed"}
    kept = {**item, **named}
    if isinstance(item.get("content"), str):
        kinds = {"type": "output_text", "annotations": []} if item["role"] == "assistant" else {"type": "input_text"}
        kept["content"] = [{**kinds, "text": item["content"]}]
    return kept


def messages_of(items: Iterable[Item]) -> list[dict[str, Any]]:
    """Write the same items as Chat Completions has them, for the local model; reasoning is not for it to read."""
    return [_MESSAGES[item["type"]](item) for item in items if item["type"] in _MESSAGES]


def _message(item: Item) -> dict[str, Any]:
    return {"role": item["role"], "content": [_chat_part(part) for part in item["content"]]}


def _chat_part(part: Item) -> dict[str, Any]:
    if part["type"] == "input_image":
        return {"type": "image_url", "image_url": {"url": part.get("image_url")}}
    return {"type": "text", "text": part.get("text") or part.get("refusal") or ""}


def _tool_call(item: Item) -> dict[str, Any]:
    function = {"name": item["name"], "arguments": item["arguments"]}
    call = {"id": item["call_id"], "type": "function", "function": function}
    return {"role": "assistant", "content": None, "tool_calls": [call]}


def _tool_result(item: Item) -> dict[str, Any]:
    output = item["output"]
    content = output if isinstance(output, str) else [_chat_part(part) for part in output]
    return {"role": "tool", "tool_call_id": item["call_id"], "content": content}


def page_of(items: Iterable[Item], query: Mapping[str, str]) -> dict[str, Any]:
    """Return one page as OpenAI lists items: ``order`` (desc unless asked), ``after`` an id, ``limit`` (1-100, 20)."""
    listed = list(items)
    if query.get("order", "desc") != "asc":
        listed.reverse()
    places = [place for place, item in enumerate(listed) if item["id"] == query.get("after")]
    rest = listed[places[0] + 1 :] if places else listed
    return list_of(rest[: _limit(query)], has_more=len(rest) > _limit(query))


def _limit(query: Mapping[str, str]) -> int:
    given = query.get("limit", "20")
    if not (given.isascii() and given.isdigit() and len(given) <= 3 and 1 <= int(given) <= 100):
        raise openai_error("Invalid 'limit': expected an integer from 1 to 100.", "limit", "invalid_value")
    return int(given)


def list_of(items: list[Item], *, has_more: bool = False) -> dict[str, Any]:
    ids = [item["id"] for item in items]
    ends = {"first_id": ids[0] if ids else None, "last_id": ids[-1] if ids else None}
    return {"object": "list", "data": items, **ends, "has_more": has_more}


ID_PREFIXES = {"message": "msg", "function_call": "fc", "function_call_output": "fco", "reasoning": "rs"}
_MESSAGES = {"message": _message, "function_call": _tool_call, "function_call_output": _tool_result}
