"""COHERE, the chat format of Cohere's text models (docs: CohereChatRequest, CohereChatResponse)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from mock_oci.model.replies import Reply, ToolCall
from mock_oci.services.generative_ai.native.cohere_rules import check
from mock_oci.services.generative_ai.native.format import Answer, Format
from mock_oci.wire import Body


def asked(request: Body) -> Body:
    """Write the request in OpenAI's words; the conversation has no ids, so tool calls and results have none either."""
    chat: Body = {"messages": list(_messages(request)), "max_tokens": request.get("maxTokens")}
    chat["stop"] = request.get("stopSequences")
    chat["response_format"] = response_format(request)
    if request.get("tools"):
        chat["tools"] = [{"type": "function", "function": _function(tool)} for tool in request["tools"]]
    return chat


def response_format(request: Body) -> Body:
    wanted = request.get("responseFormat") or {"type": "TEXT"}
    if wanted.get("schema"):
        return {"type": "json_schema", "json_schema": {"schema": wanted["schema"]}}
    return {"type": wanted["type"].lower()}


def _messages(request: Body) -> Iterator[Body]:
    if request.get("preambleOverride"):
        yield {"role": "system", "content": request["preambleOverride"]}
    for entry in request.get("chatHistory") or ():
        yield from _entry(entry)
    if request["message"]:
        yield {"role": "user", "content": request["message"]}
    yield from _results(request.get("toolResults"))


def _entry(entry: Body) -> Iterator[Body]:
    if entry["role"] == "TOOL":
        yield from _results(entry["toolResults"])
        return
    message = {"role": _ROLES[entry["role"]], "content": entry.get("message") or ""}
    calls = [{"function": call} for call in entry.get("toolCalls") or ()]
    yield {**message, "tool_calls": calls} if calls else message


def _results(results: list[Body] | None) -> Iterator[Body]:
    for result in results or ():
        outputs = [
            " ".join(value if isinstance(value, str) else json.dumps(value) for value in output.values())
            for output in result["outputs"]
        ]
        yield {"role": "tool", "content": "; ".join(outputs)}


def _function(tool: Body) -> Body:
    parameters = tool.get("parameterDefinitions") or {}
    schema = {
        "type": "object",
        "properties": {name: _schema(parameter) for name, parameter in parameters.items()},
        "required": [name for name, parameter in parameters.items() if parameter.get("isRequired")],
    }
    return {"name": tool["name"], "description": tool["description"], "parameters": schema}


def _schema(parameter: Body) -> Body:
    outer, _, inner = parameter["type"].removesuffix("]").partition("[")
    schema = {"type": _TYPES[outer.lower()], "description": parameter.get("description") or ""}
    if schema["type"] == "array" and inner:
        schema["items"] = {"type": _TYPES.get(re.split(r"\W", inner)[0].lower(), "string")}
    return schema


def whole(answer: Answer) -> Body:
    return {"apiFormat": "COHERE", **_end(answer), "usage": answer.usage}


def events(answer: Answer) -> Iterator[Body]:
    """Yield text in pieces; tool calls in an event that restates the text; an end that restates it all once more.

    Source: litellm/llms/oci/chat/cohere.py, written against the service; Elasticsearch's ocigenai tests.
    """
    reply, answered = answer.replies[0], not answer.request.get("isSearchQueriesOnly")
    for piece in reply.pieces if answered else ():
        yield {"apiFormat": "COHERE", "text": piece}
    if reply.tool_calls and answered:
        yield {"apiFormat": "COHERE", "text": reply.text, "toolCalls": _calls(reply)}
    usage = {"usage": answer.usage} if answer.streams_usage else {}
    yield {"apiFormat": "COHERE", **_end(answer), **usage}


def _end(answer: Answer) -> Body:
    """Return what the complete answer and the last event of a stream say alike."""
    request, reply = answer.request, answer.replies[0]
    if request.get("isSearchQueriesOnly"):
        queries = [{"text": request["message"]}]
        return {"text": "", "searchQueries": queries, "isSearchRequired": True, "finishReason": "COMPLETE"}
    end: Body = {"text": reply.text, "chatHistory": _history(request, reply)}
    end["finishReason"] = _FINISH.get(reply.finish_reason, reply.finish_reason.upper())
    if reply.tool_calls:
        end["toolCalls"] = _calls(reply)
    if request.get("isEcho"):
        end["prompt"] = request["message"]
    return {**end, **_cited(request, reply)}


def _history(request: Body, reply: Reply) -> list[Body]:
    history = [*(request.get("chatHistory") or ())]
    if request["message"]:
        history.append({"role": "USER", "message": request["message"]})
    if request.get("toolResults"):
        history.append({"role": "TOOL", "toolResults": request["toolResults"]})
    bot: Body = {"role": "CHATBOT", "message": reply.text}
    return [*history, {**bot, "toolCalls": _calls(reply)} if reply.tool_calls else bot]


def _cited(request: Body, reply: Reply) -> Body:
    """Return one citation: the answer's first word, from every document."""
    documents = request.get("documents") or []
    if not documents or not reply.pieces:
        return {}
    named = [{"id": f"doc_{number}", **document} for number, document in enumerate(documents)]
    word = reply.text.split()[0] if reply.text.split() else ""
    citation = {"start": 0, "end": len(word), "text": word, "documentIds": [document["id"] for document in named]}
    return {"citations": [citation], "documents": named}


def _calls(reply: Reply) -> list[Body]:
    """Write calls, which have no ids; their parameters are an object."""
    return [{"name": call.name, "parameters": parsed(call)} for call in reply.tool_calls]


def parsed(call: ToolCall) -> Any:
    """Return a call's arguments; what a script has broken stays a string, for there is no other way to write it."""
    try:
        return json.loads(call.arguments)
    except ValueError:
        return call.arguments


_ROLES = {"USER": "user", "SYSTEM": "system", "CHATBOT": "assistant"}
_TYPES = {
    "str": "string",
    "int": "integer",
    "float": "number",
    "bool": "boolean",
    "any": "string",
    "list": "array",
    "dict": "object",
}
_FINISH = {
    "stop": "COMPLETE",
    "tool_calls": "COMPLETE",
    "length": "MAX_TOKENS",
    "content_filter": "ERROR_TOXIC",
    "failed": "ERROR",
}

FORMAT = Format(check, asked, whole, events, plans=True)
