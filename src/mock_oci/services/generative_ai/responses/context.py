"""What a response continues from: the compartment it is asked in, the response before it, its conversation."""

from __future__ import annotations

import json
from collections.abc import Iterable

from mock_oci.operations import Call, Refused, oci_error
from mock_oci.services.generative_ai.openai_errors import openai_error
from mock_oci.services.generative_ai.projects import Project
from mock_oci.services.generative_ai.responses.conversation_store import Conversation, ConversationStore
from mock_oci.services.generative_ai.responses.items import Item
from mock_oci.services.generative_ai.responses.response_store import ResponseStore, conversation_of
from mock_oci.wire import Body


def history_of(call: Call, body: Body, project: Project) -> tuple[Item, ...]:
    """Return the items before this request's own."""
    if body.get("previous_response_id"):
        return _previous(call, body["previous_response_id"], project)
    if conversation_of(body):
        return conversation_named(call, conversation_of(body), project).items(call.cloud.clock())
    return ()


def conversation_named(call: Call, id_: str, project: Project) -> Conversation:
    found = call.cloud.state_of(ConversationStore).find(id_, project.id)
    if found is None:
        raise missing(f"Conversation with id '{id_}' not found.")
    return found


def _previous(call: Call, id_: str, project: Project) -> tuple[Item, ...]:
    kept = call.cloud.state_of(ResponseStore).find(id_, project.id)
    now = call.cloud.clock()
    if kept is not None and kept.status(now) in ("queued", "in_progress"):
        message = f"Previous response with id '{id_}' is not finished."  # the emulator's wording
        raise openai_error(message, "previous_response_id", "invalid_value")
    if kept is None or not kept.continues(now):
        message = f"Previous response with id '{id_}' not found."
        raise openai_error(message, "previous_response_id", "previous_response_not_found")
    return kept.run.context


def check_tool_items(context: Iterable[Item]) -> None:
    """Raise Refused, in OpenAI's words, for a result without its call or a call without its result."""
    called: dict[str, bool] = {}
    for item in context:
        if item["type"] == "function_call":
            called[item["call_id"]] = False
        elif item["type"] == "function_call_output":
            if item["call_id"] not in called:
                message = f"No tool call found for function call output with call_id {item['call_id']}."
                raise openai_error(message, "input")
            called[item["call_id"]] = True
    for call_id, answered in called.items():
        if not answered:
            raise openai_error(f"No tool output found for function call {call_id}.", "input")


def missing(message: str) -> Refused:
    """Refuse with OpenAI's error as a string inside OCI's, as seen for vector stores (by a third party, 2026)."""
    error = {"message": message, "type": "invalid_request_error", "param": None, "code": None}
    return Refused(oci_error(404, json.dumps({"error": error})))
