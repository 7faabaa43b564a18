"""docs/reference/errors.md: each code that the sources raise, found in their syntax, with its statuses."""

from __future__ import annotations

import ast
import importlib
import pkgutil
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from tests.docs.reference.markdown import MADE, described, table

import model_service
from model_service.errors import ModelServiceError

SOURCES: Final = Path(model_service.__file__).parent
INTRODUCTION: Final = f"""# Errors

{MADE}

Every error, on every trigger, is OpenAI's error object with three more keys:

| key | is |
| --- | --- |
| `message` | what is wrong; it ends with the hint, because most clients print nothing else |
| `type` | `invalid_request_error`, `rate_limit_error`, `insufficient_quota`, `timeout_error`, `upstream_error` or `server_error` |
| `code` | one of the codes below, or OCI's own |
| `param` | the field that is wrong, or null |
| `status` | the HTTP status. A direct caller of a function always sees 200 |
| `hint` | what to do about a common mistake, or null |
| `opc_request_id` | OCI's id of the request, or null: Oracle's support asks for it |

Through API Gateway a 502 arrives as 500 and a 504 as 503, because the platform throws the body of the real ones away. What OCI
answers with a 4xx keeps OCI's status, words and code.
"""
# Where a caller meets a code, and what it means to him.
TEXTS: Final[dict[str, dict[str, str]]] = {
    "Requests": {
        "invalid_request": "a field is missing, unknown or wrong; `param` names it",
        "invalid_json": "the body is no JSON object, or it is nested too deeply",
        "empty_body": "there is no body",
        "invalid_encoding": "the body is not compressed as `Content-Encoding` says",
        "unsupported_encoding": "this `Content-Encoding` is not taken",
        "unsupported_parameter": "the model cannot take this parameter, and unsupported ones are to be refused",
        "request_too_large": "more than the [limits](../limits.md) allow",
        "unknown_path": "there is nothing at this path",
        "method_not_allowed": "the path is there, the method is not",
        "reserved_header": "the request has a header that only the platform may set",
        "invalid_form": "the body is not the form that its `Content-Type` says, or none is taken here",
        "uploads_unavailable": "files beyond 6 MB need a bucket that the operator has not named",
        "too_many_references": "the request names more files, vector stores and containers than are looked up",
        "list_too_long": "too many objects of others to look through for the caller's own",
        "input_tokens_not_counted": "OCI does not count input tokens for this model",
    },
    "Models, rights and budgets": {
        "model_not_found": "there is no such model, or not for this caller",
        "operation_not_allowed": "this caller may not use the operation",
        "compartment_required": "no compartment is configured and none was named",
        "compartment_not_allowed": "another compartment pays for this caller",
        "bucket_not_allowed": "`body_from` names a bucket that is not listed",
        "destination_not_allowed": "`relay` names a queue or a stream that is not listed",
        "rate_limit_exceeded": "a budget of a minute is used up, or OCI throttles: wait `retry-after` seconds",
        "insufficient_quota": "a budget of a day or a month is used up",
        "counter_unavailable": "budgets cannot be counted, and calls are then to be refused",
        "region_not_available": "the model cannot be asked in the region that the request wants",
    },
    "Responses and conversations": {
        "previous_response_not_found": "OCI no longer has the response to continue from: send the whole history",
        "project_required": "OCI wants a Generative AI project: `OpenAI-Project`",
        "project_invalid": "OCI does not know the project: another region's, or too young",
        "store_disabled": "nothing is stored: by `MODEL_SERVICE_RESPONSES_STORE=0`, or for want of `MODEL_SERVICE_RESPONSES_BUCKET`",
        "not_found": "there is no such response or conversation for this caller",
        "stored_elsewhere": "OCI keeps what the request continues and this service answers it, or the other way round",
        "item_reference_not_allowed": "callers are kept apart, and the item that is named is in nothing that the request continues",
        "mutually_exclusive_parameters": "`previous_response_id` and `conversation` stand in one request",
        "conversation_locked": "others change the conversation all the time: try again in a few seconds",
    },
    "OCI and the way to it": {
        "upstream_error": "OCI answered with an error",
        "upstream_unreachable": "OCI cannot be reached",
        "connection_lost": "the connection broke in the middle of an answer: it may have been charged, and is not tried again",
        "stream_broken": "a stream ended before its end",
        "upstream_answer_too_large": "OCI's answer is larger than the memory allows",
        "answer_too_large": "the answer is over 6 MB, and there is no bucket for such",
        "no_answer": "OCI's answer has no content",
        "deadline_exceeded": "there was no time left",
        "first_token_late": "a target did not begin to answer in the time that its alias gives it",
        "answer_late": "a target did not answer in the time that its alias gives it",
        "reader_gone": "in the log only: the caller went away",
        "relay_incomplete": "of `follow`: a part of the relayed answer is missing",
    },
    "The function itself": {
        "invalid_settings": "a setting is wrong; `param` names it",
        "invalid_credentials": "there is no credential, or a broken one",
        "other_realm": "a target is in another realm than the credential: it has to name a profile",
        "session_expired": "the session token has expired",
        "invalid_region": "the region is unknown",
        "internal_error": "a bug: the log line `bug` says where",
    },
    "Records": {
        "no_task": "no task takes the record",
        "not_a_request": "the record is no chat request, and its task has no template",
        "template_error": "an expression of the template finds nothing in the record",
        "invalid_record": "the record cannot be read",
        "too_many_records": "the batch has more records than are taken at once",
        "no_object": "the record names no object",
        "invalid_object": "the object is no text or picture that can be read",
        "bad_name": "the template gives no name for an object",
        "bad_channel": "the template gives no channel of a queue",
        "name_taken": "an object of this name is of another record",
        "no_time": "the batch had no time left for the record",
        "unknown_address": "a subscription wants to be confirmed at an address that is not OCI's",
        "batch_unfinished": "records are left over: the batch has to come again",
        "not_a_dead_letter": "of `batch redrive`: the file is no dead letter",
    },
}


def page() -> str:
    """Return the whole page; raise ``ValueError`` where a code has no text here, or a text no code."""
    known = codes()
    described(known, {code: text for rows in TEXTS.values() for code, text in rows.items()}, "TEXTS in errors.py")
    parts = [INTRODUCTION]
    for title, texts in TEXTS.items():
        rows = [(f"`{code}`", ", ".join(map(str, sorted(known[code]))), text) for code, text in texts.items()]
        parts.append(f"## {title}\n\n{table('code', 'status', 'means', rows=rows)}\n")
    return "\n".join(parts)


def codes() -> dict[str, set[int]]:
    """Return each code of the sources with its statuses."""
    for module in pkgutil.walk_packages(model_service.__path__, "model_service."):
        if not module.name.endswith("__main__"):
            importlib.import_module(module.name)
    classes = {kind.__name__: kind for kind in _kinds(ModelServiceError)}
    found: defaultdict[str, set[int]] = defaultdict(set)
    for kind in classes.values():
        if kind.code:
            found[kind.code].add(kind.status)
    for call in _calls():
        values = {one.arg: one.value.value for one in call.keywords if isinstance(one.value, ast.Constant)}
        kind = classes.get(ast.unparse(call.func).rpartition(".")[2])
        if isinstance(values.get("code"), str) and kind is not None:
            found[values["code"]].add(values.get("status", kind.status))
    return dict(found)


def _kinds(kind: type[ModelServiceError]) -> Iterator[Any]:
    yield kind
    for below in kind.__subclasses__():
        yield from _kinds(below)


def _calls() -> Iterator[ast.Call]:
    for path in SOURCES.rglob("*.py"):
        nodes = ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        yield from (node for node in nodes if isinstance(node, ast.Call))
