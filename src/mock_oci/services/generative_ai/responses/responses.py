"""/openai/v1/responses as the inference endpoint serves it: created, streamed, run in the background, kept."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from mock_oci.identity.signatures import API_KEY, SIGNATURE
from mock_oci.model.catalogue import Target
from mock_oci.model.example_values import InvalidSchema
from mock_oci.model.local_model import replies_to, usage_of
from mock_oci.model.replies import Reply
from mock_oci.operations import Call, Operation, json_response, refusing
from mock_oci.services.generative_ai.openai_errors import openai_error
from mock_oci.services.generative_ai.openai_surface import (
    check_compartment,
    check_encoding,
    id_of,
    native_only,
    no_such_model,
    region_headers,
    target_of,
)
from mock_oci.services.generative_ai.projects import Project, project_of
from mock_oci.services.generative_ai.quirks import check_quirks
from mock_oci.services.generative_ai.responses.context import check_tool_items, history_of, missing
from mock_oci.services.generative_ai.responses.events import StreamEvent, events_of, written
from mock_oci.services.generative_ai.responses.items import Item, kept_items, messages_of, new_ids, page_of
from mock_oci.services.generative_ai.responses.quirks import QUIRKS, check_served
from mock_oci.services.generative_ai.responses.response_store import Kept, ResponseStore
from mock_oci.services.generative_ai.responses.rules import check_request, deserialized
from mock_oci.services.generative_ai.responses.run import ResponseRun, output_items
from mock_oci.wire import Body, Response

_INTEGER = re.compile(r"-?[0-9]{1,9}")


def create(call: Call) -> Response:
    """Answer a response, complete, as events, or queued; ``store`` keeps it unless it is false."""
    body, project, target = _admitted(call)
    check_request(body)
    check_quirks(QUIRKS, target.model.id, body)
    check_encoding(call, body)
    run = _run(call, body, project, target)
    store = call.cloud.state_of(ResponseStore)
    if run.in_background:
        store.keep(run, project)
    if body.get("stream"):
        events = written(_told(call, run, project))
        return Response(200, {"content-type": "text/event-stream", **region_headers(target)}, events)
    if run.in_background:
        return json_response(200, run.unfinished("queued"), region_headers(target))
    store.keep(run, project)
    return json_response(200, run.finished(call.cloud.clock()), region_headers(target))


def _admitted(call: Call) -> tuple[Body, Project, Target]:
    """Return the body, the project and the model, once each is known to exist and to be within reach."""
    check_compartment(call, "opc-compartment-id")
    body = deserialized(call)
    target = target_of(call, body["model"])
    vendor = target.model.vendor if target else str(body["model"]).partition(".")[0]
    if vendor == "cohere":
        raise native_only()
    project = project_of(call, vendor)
    if target is None:
        raise no_such_model(call, body["model"])
    if target.endpoint is None:
        check_served(target.model.id, target.selected_region or call.region)
    return body, project, target


def _run(call: Call, body: Body, project: Project, target: Target) -> ResponseRun:
    new_id, model = new_ids(call.cloud), target.model.id
    history = history_of(call, body, project)
    given = kept_items(body["input"], new_id)
    check_tool_items((*history, *given))
    reply = _reply(call, body, model, (*history, *given))
    return ResponseRun(
        id=id_of("resp_", model, call.cloud.next_serial()),
        created=call.cloud.clock(),
        model=model,
        asked=body,
        reply=reply,
        input=given,
        history=history,
        output=output_items(reply, body, model, new_id),
    )


def _reply(call: Call, body: Body, model: str, context: tuple[Item, ...]) -> Reply:
    asked = _in_chat_words(body, model, context)
    try:
        reply = call.scripted or replies_to(asked)[0]
    except InvalidSchema as error:
        raise openai_error(f"Invalid schema: {error}", code="invalid_schema") from error
    return reply if reply.usage else replace(reply, usage=usage_of(asked, reply))


def _in_chat_words(body: Body, model: str, context: tuple[Item, ...]) -> Body:
    """Write the request as the local model reads requests: in Chat Completions."""
    messages = messages_of(context)
    if body.get("instructions"):
        messages.insert(0, {"role": "system", "content": body["instructions"]})
    if not messages:
        raise openai_error("Invalid 'input': there is nothing to answer.", "input", "invalid_value")
    tools = [{"type": "function", "function": tool} for tool in body.get("tools") or ()]
    choice, wanted = body.get("tool_choice"), (body.get("text") or {}).get("format")
    return {
        "model": model,
        "messages": messages,
        "tools": tools,
        "tool_choice": {"type": "function", "function": choice} if isinstance(choice, dict) else choice,
        "parallel_tool_calls": body.get("parallel_tool_calls"),
        "response_format": {"type": wanted["type"], "json_schema": wanted} if wanted else None,
        "max_completion_tokens": body.get("max_output_tokens"),
    }


def _told(call: Call, run: ResponseRun, project: Project) -> Iterator[StreamEvent]:
    """Yield the events. A run is kept before its last is sent, and not at all when the client leaves before."""
    *events, last = events_of(run, call.cloud.clock())
    yield from events
    store = call.cloud.state_of(ResponseStore)
    if run.in_background:
        store.end(run)
    else:
        store.keep(run, project)
    yield last


def retrieve(call: Call) -> Response:
    kept = _found(call)
    if call.request.query.get("stream") == "true":
        return _resumed(call, kept)
    return json_response(200, kept.wire(call.cloud.clock()))


def _resumed(call: Call, kept: Kept) -> Response:
    """Answer the events after ``starting_after``, a sequence number.

    For background runs only (in the emulator's words).
    """
    if not kept.run.in_background or kept.cancelled:
        message = "Only a response created with background=true, and not cancelled, can be streamed again."
        raise openai_error(message, "stream", "invalid_value")
    after = call.request.query.get("starting_after", "-1")
    if not _INTEGER.fullmatch(after):
        raise openai_error("Invalid 'starting_after': expected an integer.", "starting_after", "invalid_type")
    events = _told(call, kept.run, kept.project)
    missed = (event for event in events if event["sequence_number"] > int(after))
    return Response(200, {"content-type": "text/event-stream"}, written(missed))


def delete(call: Call) -> Response:
    kept = _found(call)
    call.cloud.state_of(ResponseStore).delete(kept.run.id)
    return json_response(200, {"id": kept.run.id, "object": "response", "deleted": True})


def cancel(call: Call) -> Response:
    kept = _found(call)
    if not kept.run.in_background:
        raise openai_error("Cannot cancel a synchronous response.")
    return json_response(200, call.cloud.state_of(ResponseStore).cancel(kept).wire(call.cloud.clock()))


def list_input_items(call: Call) -> Response:
    return json_response(200, page_of(_found(call).run.input, call.request.query))


def _found(call: Call) -> Kept:
    check_compartment(call, "opc-compartment-id")
    id_ = call.parameters["id"]
    kept = call.cloud.state_of(ResponseStore).find(id_, project_of(call).id)
    if kept is None:
        raise missing(f"Response with id '{id_}' not found.")
    return kept


_ALL = "/openai/v1/responses"
_ONE = f"{_ALL}/{{id}}"
_CREDENTIALS = (SIGNATURE, API_KEY)
OPERATIONS = (
    Operation("POST", _ALL, refusing(create), _CREDENTIALS, asks_model=True),
    Operation("GET", _ONE, refusing(retrieve), _CREDENTIALS),
    Operation("DELETE", _ONE, refusing(delete), _CREDENTIALS),
    Operation("POST", f"{_ONE}/cancel", refusing(cancel), _CREDENTIALS),
    Operation("GET", f"{_ONE}/input_items", refusing(list_input_items), _CREDENTIALS),
)
