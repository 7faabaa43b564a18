"""Input items in the form in which they are stored and listed: with an id, a type and an array of parts.

Source: https://platform.openai.com/docs/api-reference/responses/input-items
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from model_service.openai_api.stored_state import is_item_reference
from model_service.openai_api.validation import invalid_field

MAX_PAGE: Final = 100
DEFAULT_PAGE: Final = 20


def kept_items(items: Sequence[Any], unique: str) -> list[dict[str, Any]]:
    """Return the items with new ids; ``unique`` is the unique part of the id of the response or request.

    An unresolved reference is omitted, because with a new id it would refer to nothing.
    """
    return [
        _kept(item, f"{PREFIXES.get(_kind(item), 'item')}_chat_{unique}_i{place}")
        for place, item in enumerate(items)
        if not is_item_reference(item)
    ]


def _kind(item: Mapping[str, Any]) -> str:
    return str(item.get("type") or "message")


def _kept(item: Mapping[str, Any], item_id: str) -> dict[str, Any]:
    kept = {**item, "id": item_id, "type": _kind(item)}
    if kept["type"] == "message":
        kept.setdefault("status", "completed")
        if isinstance(kept.get("content"), str):
            kind = "output_text" if kept.get("role") == "assistant" else "input_text"
            more: dict[str, Any] = {"annotations": []} if kind == "output_text" else {}
            kept["content"] = [{"type": kind, "text": kept["content"], **more}]
    elif kept["type"] in ("function_call", "function_call_output"):
        kept.setdefault("status", "completed")
    return kept


def page_of_items(items: Sequence[dict[str, Any]], query: Mapping[str, str]) -> dict[str, Any]:
    """Return a page of items, the newest first by default; raise ``InvalidRequest`` for an invalid query."""
    order, limit = query.get("order", "desc"), query.get("limit", str(DEFAULT_PAGE))
    if order not in ("asc", "desc"):
        raise invalid_field("order", "must be one of asc, desc.")
    if not limit.isascii() or not limit.isdigit() or not 1 <= int(limit) <= MAX_PAGE:
        raise invalid_field("limit", f"must be an integer from 1 to {MAX_PAGE}.")
    listed = list(items) if order == "asc" else list(reversed(items))
    if after := query.get("after"):
        ids = [item["id"] for item in listed]
        if after not in ids:
            raise invalid_field("after", "there is no such item.")
        listed = listed[ids.index(after) + 1 :]
    page = listed[: int(limit)]
    return {
        "object": "list",
        "data": page,
        "first_id": page[0]["id"] if page else None,
        "last_id": page[-1]["id"] if page else None,
        "has_more": len(listed) > len(page),
    }


PREFIXES: Final = {
    "message": "msg",
    "function_call": "fc",
    "function_call_output": "fco",
    "custom_tool_call": "ctc",
    "custom_tool_call_output": "ctco",
    "reasoning": "rs",
}
