"""POST /20231130/actions/chat: the native chat operation, whose format the request names (docs: ChatDetails)."""

from __future__ import annotations

import json
import re
from dataclasses import replace

from mock_oci.model.catalogue import Target
from mock_oci.model.example_values import InvalidSchema
from mock_oci.model.local_model import replies_to, usage_of
from mock_oci.model.replies import Reply, words_of
from mock_oci.operations import Call, Operation, json_response, refusing
from mock_oci.services.generative_ai.native import FORMATS
from mock_oci.services.generative_ai.native.format import Answer, Format, written
from mock_oci.services.generative_ai.native.refusal import bad_request, check_shape, misshapen
from mock_oci.services.generative_ai.native.serving import body_of, target_of
from mock_oci.services.generative_ai.openai_surface import region_headers
from mock_oci.services.shapes import mapping, one_by, record, text
from mock_oci.wire import Body, Response


@refusing
def chat(call: Call) -> Response:
    """Answer one ``ChatResult``, or a stream of its events."""
    body = body_of(call)
    target = target_of(call, body, "CHAT")
    check_shape(_DETAILS, body, "body")
    request = body["chatRequest"]
    model = target.model.id
    spoken = next(formats for models, formats in SPOKEN if re.match(models, model))
    if request["apiFormat"] not in spoken:
        # BerriAI/litellm#18166 had this for a model of another format; NVIDIA/NeMo-Relay#554 for COHEREV2.
        raise misshapen(f"{model} does not take the apiFormat {request['apiFormat']}")
    chosen = FORMATS[request["apiFormat"]]
    chosen.check(model, request)
    return _response(chosen, _answer(call, target, chosen, request))


def _answer(call: Call, target: Target, chosen: Format, request: Body) -> Answer:
    asked = {**chosen.asked(request), "model": target.model.id}
    try:
        replies = (call.scripted,) if call.scripted else replies_to(asked)
    except InvalidSchema as error:
        raise bad_request(f"Invalid schema: {error}") from error
    if chosen.plans and not call.scripted:
        replies = tuple(_planned(reply) for reply in replies)
    if target.endpoint and target.endpoint.tool_calls == "text":
        replies = tuple(_in_text(reply) for reply in replies)
    counted = tuple(
        reply if call.scripted and reply.usage else replace(reply, usage=usage_of(asked, reply)) for reply in replies
    )
    return Answer(target, request, counted, call.cloud.clock(), call.cloud.next_serial())


def _planned(reply: Reply) -> Reply:
    """Add the plan: Cohere's models say which tools they will use before they call them."""
    if not reply.tool_calls or reply.pieces:
        return reply
    names = dict.fromkeys(call.name for call in reply.tool_calls)
    return replace(reply, pieces=words_of(f"I will use the tools: {', '.join(names)}."))


def _in_text(reply: Reply) -> Reply:
    """Write tool calls as Qwen does, when its server leaves them so (langchain_oci's xml_tool_call_parser.py)."""
    if not reply.tool_calls:
        return reply
    said = "\n".join(
        f'<tool_call>\n{{"name": {json.dumps(call.name)}, "arguments": {call.arguments}}}\n</tool_call>'
        for call in reply.tool_calls
    )
    pieces = (*reply.pieces, *(said[start : start + _PIECE] for start in range(0, len(said), _PIECE)))
    return replace(reply, pieces=pieces, tool_calls=(), finish_reason="stop")


def _response(chosen: Format, answer: Answer) -> Response:
    """Write the answer; the content types have no charset: the SDK matches them exactly (oci/base_client.py)."""
    endpoint = answer.target.endpoint
    streaming = endpoint.streaming if endpoint else "sse"
    wants_stream = bool(answer.request.get("isStream"))
    if wants_stream and streaming == "refused":
        raise bad_request("isStream is not supported: this endpoint does not support streaming.")
    headers = region_headers(answer.target)
    if not wants_stream or streaming == "plain":
        version = _VERSIONS.get(answer.target.model.vendor, "1.0.0")
        whole = {"modelId": answer.model, "modelVersion": version, "chatResponse": chosen.whole(answer)}
        return json_response(200, whole, headers)
    done = answer.target.model.vendor in _SAYS_DONE
    return Response(200, {"content-type": "text/event-stream", **headers}, written(chosen.events(answer), done=done))


_PIECE = 5  # characters: less than the tag has, so that a stream cuts it
_SAYS_DONE = frozenset({"meta"})  # since about September 2026; the others just end
_VERSIONS = {"cohere": "1.0"}

_DETAILS = record(
    {
        "compartmentId": text,
        "servingMode": mapping,
        "chatRequest": one_by("apiFormat", dict.fromkeys(FORMATS, mapping)),
    },
    ["chatRequest"],
)

# The formats that a model's family speaks; the first row that matches counts.
SPOKEN: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"cohere\.command-a-vision", ("COHEREV2",)),
    (r"cohere\.command-a-reasoning", ("COHEREV2", "COHERE")),
    (r"cohere\.", ("COHERE",)),
    (r"", ("GENERIC",)),
)

OPERATIONS = (Operation("POST", "/20231130/actions/chat", chat, asks_model=True),)
