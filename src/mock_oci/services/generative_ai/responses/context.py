"""What a response continues from: the compartment it is asked in, the response before it, its conversation."""

from __future__ import annotations

import json
from collections.abc import Iterable

from mock_oci.operations import Call, Refused, oci_error
from mock_oci.services.generative_ai.chat.rules import openai_error
from mock_oci.services.generative_ai.openai_surface import barred, refuse
from mock_oci.services.generative_ai.projects import Project
from mock_oci.services.generative_ai.responses.conversation_store import Conversation, ConversationStore
from mock_oci.services.generative_ai.responses.items import Item
from mock_oci.services.generative_ai.responses.response_store import ResponseStore, conversation_of
from mock_oci.wire import Body, Response


def entered(call: Call) -> None:
    """Raises Refused for a caller without ``opc-compartment-id``, which alone counts here, or without rights."""
    refuse(barred(call, "opc-compartment-id"))


def history_of(call: Call, body: Body, project: Project) -> tuple[Item, ...]:
    """The items before this request's own."""
    if body.get("previous_response_id"):
        return _previous(call, body["previous_response_id"], project)
    if conversation_of(body):
        return conversation_named(call, conversation_of(body), project).items(call.cloud.clock())
    return ()


def conversation_named(call: Call, id_: str, project: Project) -> Conversation:
    found = call.cloud.state_of(ConversationStore).find(id_, project.id)
    if found is None:
        raise Refused(missing(f"Conversation with id '{id_}' not found."))
    return found


def _previous(call: Call, id_: str, project: Project) -> tuple[Item, ...]:
    kept = call.cloud.state_of(ResponseStore).find(id_, project.id)
    now = call.cloud.clock()
    if kept is not None and kept.status(now) in ("queued", "in_progress"):
        message = f"Previous response with id '{id_}' is not finished."  # the emulator's wording
        raise Refused(openai_error(message, "previous_response_id", "invalid_value"))
    if kept is None or not kept.continues(now):
        message = f"Previous response with id '{id_}' not found."
        raise Refused(openai_error(message, "previous_response_id", "previous_response_not_found"))
    return kept.run.context


def check_tool_items(context: Iterable[Item]) -> None:
    """Raises Refused, in OpenAI's words, for a result without its call or a call without its result."""
    called: dict[str, bool] = {}
    for item in context:
        if item["type"] == "function_call":
            called[item["call_id"]] = False
        elif item["type"] == "function_call_output":
            if item["call_id"] not in called:
                raise _unpaired(f"No tool call found for function call output with call_id {item['call_id']}.")
            called[item["call_id"]] = True
    for call_id, answered in called.items():
        if not answered:
            raise _unpaired(f"No tool output found for function call {call_id}.")


def _unpaired(message: str) -> Refused:
    return Refused(openai_error(message, "input"))


def no_such_response(id_: str) -> Response:
    return missing(f"Response with id '{id_}' not found.")


def missing(message: str) -> Response:
    """OpenAI's error as text inside OCI's, as it was seen for vector stores (by a third party, 2026)."""
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": None}
    return oci_error(404, json.dumps({"error": error}))
