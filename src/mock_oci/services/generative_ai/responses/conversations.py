"""/openai/v1/conversations and their items (docs: generative-ai/conversations-api.htm); there is no list of them."""

from __future__ import annotations

from mock_oci.identity.signatures import API_KEY, SIGNATURE
from mock_oci.operations import Call, Operation, json_response, refusing
from mock_oci.services.generative_ai.openai_errors import openai_error
from mock_oci.services.generative_ai.openai_surface import body_of, check_compartment
from mock_oci.services.generative_ai.projects import project_of
from mock_oci.services.generative_ai.responses.context import conversation_named, missing
from mock_oci.services.generative_ai.responses.conversation_store import Conversation, ConversationStore
from mock_oci.services.generative_ai.responses.items import Item, kept_items, list_of, new_ids, page_of
from mock_oci.services.generative_ai.responses.rules import check_items, check_metadata
from mock_oci.wire import Body, Response

_MAX_ITEMS = 20  # in one request (platform.openai.com/docs/api-reference/conversations)


def create_conversation(call: Call) -> Response:
    check_compartment(call, "opc-compartment-id")
    project = project_of(call)
    body = body_of(call, b"{}")
    check_metadata(body.get("metadata"))
    items = _new_items(call, body) if body.get("items") else ()
    id_ = new_ids(call.cloud)("conv")
    store = call.cloud.state_of(ConversationStore)
    return json_response(200, store.create(id_, project, body.get("metadata") or {}, items).wire())


def retrieve_conversation(call: Call) -> Response:
    return json_response(200, _found(call).wire())


def update_conversation(call: Call) -> Response:
    found, metadata = _found(call), body_of(call, b"{}").get("metadata")
    check_metadata(metadata)
    call.cloud.state_of(ConversationStore).describe(found.id, metadata or {})
    return retrieve_conversation(call)


def delete_conversation(call: Call) -> Response:
    found = _found(call)
    call.cloud.state_of(ConversationStore).delete(found.id)
    return json_response(200, {"id": found.id, "object": "conversation.deleted", "deleted": True})


def list_items(call: Call) -> Response:
    return json_response(200, page_of(_found(call).items(call.cloud.clock()), call.request.query))


def add_items(call: Call) -> Response:
    found, items = _found(call), _new_items(call, body_of(call, b"{}"))
    call.cloud.state_of(ConversationStore).add(found.id, items, at=call.cloud.clock())
    return json_response(200, list_of(list(items)))


def retrieve_item(call: Call) -> Response:
    return json_response(200, _found_item(call, _found(call)))


def delete_item(call: Call) -> Response:
    found = _found(call)
    item = _found_item(call, found)
    call.cloud.state_of(ConversationStore).remove(found.id, item["id"])
    return retrieve_conversation(call)


def _found(call: Call) -> Conversation:
    check_compartment(call, "opc-compartment-id")
    return conversation_named(call, call.parameters["id"], project_of(call))


def _found_item(call: Call, conversation: Conversation) -> Item:
    wanted = call.parameters["item"]
    for item in conversation.items(call.cloud.clock()):
        if item["id"] == wanted:
            return item
    raise missing(f"Item with id '{wanted}' not found in conversation '{conversation.id}'.")


def _new_items(call: Call, body: Body) -> tuple[Item, ...]:
    items = body.get("items")
    check_items(items)
    if len(items or ()) > _MAX_ITEMS:
        message = f"Invalid 'items': array too long. Expected at most {_MAX_ITEMS} items."
        raise openai_error(message, "items", "array_above_max_length")
    return kept_items(items or [], new_ids(call.cloud))


_ALL = "/openai/v1/conversations"
_ONE = f"{_ALL}/{{id}}"
_ITEMS = f"{_ONE}/items"
_ITEM = f"{_ITEMS}/{{item}}"
_CREDENTIALS = (SIGNATURE, API_KEY)
OPERATIONS = (
    Operation("POST", _ALL, refusing(create_conversation), _CREDENTIALS),
    Operation("GET", _ONE, refusing(retrieve_conversation), _CREDENTIALS),
    Operation("POST", _ONE, refusing(update_conversation), _CREDENTIALS),
    Operation("DELETE", _ONE, refusing(delete_conversation), _CREDENTIALS),
    Operation("GET", _ITEMS, refusing(list_items), _CREDENTIALS),
    Operation("POST", _ITEMS, refusing(add_items), _CREDENTIALS),
    Operation("GET", _ITEM, refusing(retrieve_item), _CREDENTIALS),
    Operation("DELETE", _ITEM, refusing(delete_item), _CREDENTIALS),
)
