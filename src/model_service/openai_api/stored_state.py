"""Check the request fields about stored state: ``store``, and the fields that refer to stored objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from model_service.errors import InvalidRequest

STATE: Final = "provider_state"  # {"previous_response_id": …}: in a reply, and handed in again as it was
HELD_BY_OCI: Final = ("previous_response_id", STATE, "conversation")
CONVERSATION_PREFIX: Final = "conv_chat_"  # of conversations that this service stores; OCI's ids have no "chat"
RESPONSE_PREFIX: Final = "resp_chat_"


def conversation_in(body: Mapping[str, Any]) -> Any:
    """Return the id of the conversation in a request, unchecked; ``None`` if it names none."""
    conversation = body.get("conversation")
    return conversation.get("id") if isinstance(conversation, dict) else conversation or None


def is_item_reference(item: Any) -> bool:
    """Return whether an input item is a reference to another item; its ``type`` is optional in OpenAI's API."""
    if not isinstance(item, dict):
        return False
    kind = item.get("type")
    return kind == "item_reference" or (kind is None and item.get("role") is None and "id" in item)


def exclusive(*names: str) -> InvalidRequest:
    """Return the error for parameters of which a request may have one only, in OpenAI's words."""
    quoted = [f"'{name}'" for name in names]
    return InvalidRequest(
        f"Mutually exclusive parameters: {' and '.join(quoted)}. Ensure you are only providing one of: "
        f"{' or '.join(quoted)}.",
        param=names[0],
        code="mutually_exclusive_parameters",
    )


def refuse_kept_here(body: Mapping[str, Any]) -> None:
    """Raise ``InvalidRequest`` if a request to OCI continues an object that this service stores."""
    named = (
        ("conversation", conversation_in(body), CONVERSATION_PREFIX),
        ("previous_response_id", body.get("previous_response_id"), RESPONSE_PREFIX),
    )
    for name, value, prefix in named:
        if isinstance(value, str) and value.startswith(prefix):
            raise InvalidRequest(
                f"{name}: this id belongs to an object that this service stores for models of Chat Completions. OCI's "
                "Responses API, which serves this model, does not have it.",
                param=name,
                code="stored_elsewhere",
                hint="Create a conversation for this model (POST /v1/conversations with its model), or send the "
                "history as input.",
            )


def unstored(body: dict[str, Any]) -> dict[str, Any]:
    """Return the request with ``store: false``; raise ``InvalidRequest`` if it needs storage."""
    stores(body, may_store=False)
    refuse_references(body)
    if body.get("background"):
        raise InvalidRequest(f"background: {NOTHING_IS_STORED}", param="background", code="store_disabled")
    return body | {"store": False}


def stores(body: Mapping[str, Any], *, may_store: bool) -> bool:
    """Return whether OCI may keep this answer: unless the request or the operator says no.

    Source of the default, true: https://platform.openai.com/docs/api-reference/responses/create
    """
    store = body.get("store")
    if store is not None and not isinstance(store, bool):
        raise InvalidRequest("store: must be true or false.", param="store")
    if store and not may_store:
        raise InvalidRequest(f"store: {NOTHING_IS_STORED}", param="store", code="store_disabled")
    return may_store and store is not False


def refuse_references(body: Mapping[str, Any]) -> None:
    """Raise ``InvalidRequest`` for a request that stores nothing and yet refers to something stored."""
    for name in HELD_BY_OCI:
        if body.get(name):
            refuse_reference(name)


def refuse_reference(path: str) -> None:
    """Raise ``InvalidRequest`` for the field at ``path``, which refers to something stored."""
    raise InvalidRequest(
        f"{path}: cannot work with store=false: OCI keeps nothing that it could refer to. Leave it out and send the "
        "full history with each request.",
        param=path,
        code="store_disabled",
    )


NOTHING_IS_STORED: Final = "the operator of this service lets OCI keep nothing (MODEL_SERVICE_RESPONSES_STORE=false)."
