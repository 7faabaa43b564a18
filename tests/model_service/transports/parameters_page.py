"""Write ``docs/parameters.md``: what becomes of each of OpenAI's parameters on each way to a model, by trying it.

``python -m tests.model_service.transports.parameters_page > docs/parameters.md``
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from model_service.errors import InvalidRequest
from model_service.fn.invocation import Deadline
from model_service.openai_api.chat import ChatRequest
from model_service.routing import Route, resolve
from model_service.transports.call import Call, DroppedParameters
from model_service.transports.native.formats import FORMATS, Translation
from model_service.transports.responses.chat import OCIResponsesModel
from model_service.transports.v1 import OCIOpenAIModel

MESSAGES: Final = [{"role": "user", "content": "Hello"}]
SCHEMA: Final = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOL: Final = {"type": "function", "function": {"name": "f", "description": "d", "parameters": SCHEMA}}
PDF: Final = "data:application/pdf;base64,AAAA"
NAMED: Final = {"type": "function", "function": {"name": "f"}}


class Sent(Exception):
    """Ends a call of a transport once it has said what it sends."""


@dataclass
class Wire:
    """Stands where OCI would be, and keeps what it is sent."""

    body: dict[str, Any]

    def send(self, _method: str, _path: str, body: Mapping[str, Any], *_rest: Any) -> Any:
        self.body = dict(body)
        raise Sent


def over_http(kind: type[Any], route: Route, request: ChatRequest, dropped: DroppedParameters) -> dict[str, Any]:
    """The body that a transport sends, of which only ``_post`` knows what was left out."""
    wire = Wire({})
    call = Call(Deadline.after(60))
    model = kind(route, wire)
    try:
        if kind is OCIOpenAIModel:
            model._post(request, call, dropped, stream=False)
        else:
            from model_service.transports.responses.continuation import turn_of

            model._post(request, turn_of(request.wire(), may_store=True), call, dropped, stream=False)
    except Sent:
        pass
    return wire.body


def native(api_format: str, route: Route, request: ChatRequest, dropped: DroppedParameters) -> dict[str, Any]:
    translation = Translation(dropped)
    sent = FORMATS[api_format].request(request, route, stream=False, translation=translation)
    reading = translation.reading
    # What a request asks of the answer's reader is carried too.
    return {**sent, **({"(the first call is kept)": True} if reading.first_call_only else {})}


@dataclass(frozen=True)
class Target:
    """A way to a model: ``transport`` overrides that of its route."""

    title: str
    model: str
    send: Callable[[Route, ChatRequest, DroppedParameters], dict[str, Any]]
    transport: Any = None


def v1(route: Route, request: ChatRequest, dropped: DroppedParameters) -> dict[str, Any]:
    return over_http(OCIOpenAIModel, route, request, dropped)


def responses(route: Route, request: ChatRequest, dropped: DroppedParameters) -> dict[str, Any]:
    return over_http(OCIResponsesModel, route, request, dropped)


TARGETS: Final = (
    Target("V1: Llama", "meta.llama-3.3-70b-instruct", v1),
    Target("V1: gpt-oss", "openai.gpt-oss-120b", v1),
    Target("V1: gpt-5, o*", "openai.gpt-5", v1),
    Target("V1: Grok", "xai.grok-4.3", v1),
    Target("V1: Gemini", "google.gemini-2.5-pro", v1),
    Target("Responses", "responses:openai.gpt-oss-120b", responses),
    Target("COHERE", "cohere.command-a-03-2025", lambda *sent: native("COHERE", *sent)),
    Target("COHEREV2", "cohere.command-a-vision-07-2025", lambda *sent: native("COHEREV2", *sent)),
    Target("GENERIC", "ocid1.generativeaiendpoint.oc1.r.x", lambda *sent: native("GENERIC", *sent)),
    Target("GENERIC: Gemini", "google.gemini-2.5-pro", lambda *sent: native("GENERIC", *sent), "sdk"),
)

# OpenAI's parameters, each with a value that says something, and what it needs beside it.
PARAMETERS: Final[tuple[tuple[str, Any, Mapping[str, Any]], ...]] = (
    ("audio", {"voice": "alloy", "format": "wav"}, {}),
    ("frequency_penalty", 0.5, {}),
    ("function_call", {"name": "f"}, {}),
    ("functions", [{"name": "f", "parameters": SCHEMA}], {}),
    ("logit_bias", {"50256": -100}, {}),
    ("logprobs", True, {}),
    ("max_completion_tokens", 50, {}),
    ("max_tokens", 50, {}),
    ("metadata", {"team": "a"}, {}),
    ("modalities", ["text", "audio"], {}),
    ("n", 2, {}),
    ("parallel_tool_calls", False, {"tools": [TOOL]}),
    ("prediction", {"type": "content", "content": "likely"}, {}),
    ("presence_penalty", 0.5, {}),
    ("prompt_cache_key", "k", {}),
    ("prompt_cache_retention", "24h", {}),
    ("reasoning_effort", "low", {}),
    ("reasoning_effort", "high", {}),
    ("response_format", {"type": "json_object"}, {}),
    ("response_format", {"type": "json_schema", "json_schema": {"name": "n", "schema": SCHEMA, "strict": True}}, {}),
    ("safety_identifier", "s", {}),
    ("seed", 7, {}),
    ("service_tier", "priority", {}),
    ("stop", ["END"], {}),
    ("store", True, {}),
    ("temperature", 0.2, {}),
    ("tool_choice", "none", {"tools": [TOOL]}),
    ("tool_choice", "required", {"tools": [TOOL]}),
    ("tool_choice", NAMED, {"tools": [TOOL]}),
    (
        "tool_choice",
        {"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": [NAMED]}},
        {"tools": [TOOL, {"type": "function", "function": {"name": "g", "description": "d", "parameters": SCHEMA}}]},
    ),
    ("tools", [TOOL], {}),
    ("tools", [{"type": "custom", "custom": {"name": "c", "description": "d"}}], {}),
    ("tools", [{"type": "function", "function": {**TOOL["function"], "strict": True}}], {}),
    ("top_logprobs", 2, {"logprobs": True}),
    ("top_p", 0.5, {}),
    ("user", "u", {}),
    ("verbosity", "low", {}),
    ("web_search_options", {"search_context_size": "low"}, {}),
    ("top_k", 5, {}),
    ("unheard_of", 1, {}),
)


def user(part: Mapping[str, Any]) -> dict[str, Any]:
    return {"role": "user", "content": [part]}


SO: Final = {"role": "assistant", "content": "So."}
HELLO: Final = {"role": "user", "content": "Hello"}

# What a message may have in it, and the same message without it.
CONTENTS: Final[tuple[tuple[str, Mapping[str, Any], Mapping[str, Any]], ...]] = (
    ("`developer` message", {"role": "developer", "content": "Hello"}, HELLO),
    ("`name` of a message", {**HELLO, "name": "ann"}, HELLO),
    ("`image_url`", user({"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA"}}), HELLO),
    ("`input_audio`", user({"type": "input_audio", "input_audio": {"data": "AAAA", "format": "wav"}}), HELLO),
    ("`file` with its data", user({"type": "file", "file": {"file_data": PDF, "filename": "a.pdf"}}), HELLO),
    ("`file` by its id", user({"type": "file", "file": {"file_id": "file-1"}}), HELLO),
    ("a refusal in the history", {"role": "assistant", "content": [{"type": "refusal", "refusal": "no"}]}, SO),
    ("`reasoning_content` in the history", {**SO, "reasoning_content": "Hm."}, SO),
    ("`thinking_blocks` in the history", {**SO, "thinking_blocks": [{"type": "thinking", "thinking": "Hm."}]}, SO),
    (
        "an unknown field of a part",
        user({"type": "text", "text": "Hello", "unheard_of": 1}),
        user({"type": "text", "text": "Hello"}),
    ),
)

CAPABILITIES: Final = {
    "tools": "`tools: [function]`",
    "forced tools": "`tool_choice: required`",
    "one tool at a time": "`parallel_tool_calls`",
    "JSON that follows a schema": "`response_format: json_schema`",
    "several answers": "`n`",
    "log probabilities": "`logprobs`",
    "effort of reasoning": "`reasoning_effort: high`",
    "web search": "`web_search_options`",
    "pictures": "`image_url`",
    "audio": "`input_audio`",
    "documents": "`file` with its data",
}

CARRIED, REFUSED, LEFT_OUT, GONE = "carried", "refused", "left out", "gone"


def outcome(target: Target, with_it: Mapping[str, Any], without: Mapping[str, Any], name: str) -> tuple[str, str]:
    """Return what becomes of a parameter, and the fields of OCI's that carry it."""
    before, dropped = DroppedParameters(), DroppedParameters()
    plain = sent(target, without, before)
    try:
        said = sent(target, with_it, dropped)
    except InvalidRequest as error:
        assert str(error.param).startswith(name), (target.title, name, error.param)
        return REFUSED, ""
    changed = [key for key in said if said[key] != plain.get(key)] + [key for key in plain if key not in said]
    left_out = [one for one in dropped.names if one not in before.names]
    assert name == "messages" or all(one.startswith(name) for one in left_out), (target.title, name, left_out)
    if not changed:
        return (LEFT_OUT if left_out else GONE), ""
    fields = ", ".join(key if key.startswith("(") else f"`{key}`" for key in changed)
    return CARRIED, fields + "".join(f"; left out: `{one}`" for one in left_out)


def sent(target: Target, body: Mapping[str, Any], dropped: DroppedParameters) -> dict[str, Any]:
    request = ChatRequest.parse({"model": target.model, "messages": MESSAGES, **body})
    route = resolve(target.model, aliases={}, override=target.transport)
    return json.loads(json.dumps(target.send(route, request, dropped)))


Row = tuple[str, dict[str, tuple[str, str]]]


def parameter_rows() -> list[Row]:
    return [
        (
            f"`{name}`" if not needs_value(name) else f"`{name}: {shown(value)}`",
            {target.title: outcome(target, {**beside, name: value}, beside, name) for target in TARGETS},
        )
        for name, value, beside in PARAMETERS
    ]


def content_rows() -> list[Row]:
    return [
        (title, {target.title: outcome(target, between(message), between(plain), "messages") for target in TARGETS})
        for title, message, plain in CONTENTS
    ]


def between(message: Mapping[str, Any]) -> dict[str, Any]:
    return {"messages": [*MESSAGES, message, *MESSAGES]}


def capability_rows() -> list[Row]:
    """Return what a model family can do, as the rows of the other tables have it."""
    rows = dict(parameter_rows() + content_rows())
    return [(title, {name: rows[row][name] for name in rows[row]}) for title, row in CAPABILITIES.items()]


def needs_value(name: str) -> bool:
    return sum(one == name for one, _, _ in PARAMETERS) > 1


def shown(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, list):
        (tool,) = value
        return f"[{tool['type']}{', strict' if tool.get('function', {}).get('strict') else ''}]"
    return "{function}" if value["type"] == "function" else value["type"]


def page() -> str:
    can = [
        (title, {name: (CARRIED, "yes") if what == CARRIED else (what, "") for name, (what, _) in cells.items()})
        for title, cells in capability_rows()
    ]
    lines = [INTRODUCTION, *table(can), "", PARAMETERS_TITLE, "", *table(parameter_rows()), "", CONTENTS_TITLE, ""]
    return "\n".join([*lines, *table(content_rows()), "", NOTES]) + "\n"


def table(rows: list[Row]) -> list[str]:
    titles = [target.title for target in TARGETS]
    lines = ["| | " + " | ".join(titles) + " |", "|---" * (len(titles) + 1) + "|"]
    for title, cells in rows:
        lines.append(f"| {title} | " + " | ".join(cell(*cells[name]) for name in titles) + " |")
    return lines


def cell(what: str, how: str) -> str:
    return how if what == CARRIED else f"**{what}**"


INTRODUCTION: Final = """# What becomes of each parameter

Made by `python -m tests.model_service.transports.parameters_page`, which tries every cell, and held by a test. A cell
names the field of OCI's request that carries the parameter. **refused** is a 400 that names it. **left out** is what
the model cannot take and no caller would miss: `x-model-service-dropped` names it, and
`MODEL_SERVICE_UNSUPPORTED=refuse` (`x-model-service-unsupported: refuse` on a request) makes it a 400. V1 passes on
whatever its table of families does not name, so that a field OCI adds tomorrow works today; what V1 itself ignores,
only OCI knows.

## What each way to a model can do
"""
PARAMETERS_TITLE: Final = "## Parameters"
CONTENTS_TITLE: Final = """## Messages

What a message, or a part of it, becomes; a part of a history that was left out is named too, and never refused."""
NOTES: Final = """## Notes

- COHERE has no word for a forced call: `tool_choice` `required`, or a function, goes out as a JSON schema, and the
  answer comes back as a call, streamed too. Beside a `response_format` it is refused.
- Parameters that ask for what happens anyway (`n: 1`, `logprobs: false`, `store: false`, `temperature: 1` where a
  family refuses others, `tool_choice: auto`, empty lists and strings, null) say nothing, and may be left out without
  a word.
- The fields of a native format may be used under their own names (`topK`, `safetyMode`, `documents`, …) where the
  model goes over that format; they count more than what OpenAI's parameters become.
- Streams and complete answers are asked for with the same parameters."""


if __name__ == "__main__":
    print(page(), end="")  # a page for a pipe
