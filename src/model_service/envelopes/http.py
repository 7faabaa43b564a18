"""HTTP through API Gateway: any client of OpenAI's API, with its own status codes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Final

from model_service.envelopes.replies import reply_with, reply_with_error, stream_format
from model_service.errors import MethodNotAllowed, ModelServiceError
from model_service.fn.invocation import HttpRequest, Invocation
from model_service.fn.reply import Reply
from model_service.oci_names import PROJECT_OCID
from model_service.openai_api.chat import Answer
from model_service.openai_api.encoding import read_json_object
from model_service.openai_api.operations import (
    RESOURCES_PATH,
    AnyRequest,
    is_responses_path,
    operation_at,
    resource_request,
    responses_request,
)

FIELD_OF_HEADER: Final[Mapping[str, str]] = {
    "compartmentid": "compartment_id",  # OCI has two names for it
    "opc-compartment-id": "compartment_id",
    "opc-conversation-store-id": "project_id",  # which came before projects, and goes out as what it is
    "openai-project": "project_id",
    "x-model-service-unsupported": "unsupported",
    "x-model-service-region": "region",
    "x-model-service-on-break": "on_break",
}
# What an operation that is no chat takes of them: besides these, who pays for it.
OF_A_CHAT: Final = frozenset({"unsupported", "on_break"})
WITH_A_REGION: Final = frozenset({"chat", "embeddings", "rerank"})

# The platform throws the body of a function's 502 and 504 away (fdk: constants.py, fn: runner_fninvoke.go), so
# those two leave as their nearest relatives; the body has the status that was meant.
STATUS_THAT_SURVIVES: Final[Mapping[int, int]] = {502: 500, 504: 503}


def _is_meant(name: str, value: str | None) -> bool:
    """Return whether a header is there and says something to OCI; OpenAI's clients send their own ``proj_…``."""
    return value is not None and (FIELD_OF_HEADER[name] != "project_id" or PROJECT_OCID.fullmatch(value) is not None)


class HttpEnvelope:
    trigger = "http"
    may_name_the_payer = False

    def __init__(self, invocation: Invocation) -> None:
        assert invocation.http is not None  # noqa: S101 - its row of ENVELOPES has seen it
        self._http: HttpRequest = invocation.http
        self._body = invocation.body
        self._format = stream_format({}, invocation.http.headers.get("accept", ""))
        # The form of an upload is no JSON, and nobody reads it as such, whatever it holds.
        is_form = self._http.headers.get("content-type", "").lower().startswith("multipart/")
        self.may_name_its_body = not (is_form and RESOURCES_PATH.search(self._http.path))

    def decode(self) -> AnyRequest:
        path = self._http.path
        if RESOURCES_PATH.search(path):
            named = self._named_in_headers({})
            named.pop("unsupported", None)
            return resource_request(self._http.method, self._http.target, self._http.headers, self._body, named)
        if is_responses_path(path):
            body = self._fields() if self._body else {}
            named = self._named_in_headers(body)
            named.pop("on_break", None)  # of a chat
            return responses_request(body | named, self._http.method, self._http.target)
        operation, in_path = operation_at(path, self._http.method)
        body = in_path if operation.method == "GET" else self._fields()
        named = self._named_in_headers(body)
        if operation.name != "chat":
            named = {field: value for field, value in named.items() if field not in OF_A_CHAT}
        if operation.name not in WITH_A_REGION:
            named.pop("region", None)
        return operation.parse(body | named)

    def seal(self, answer: Answer) -> Reply:
        return reply_with(answer, self._format)

    def seal_error(self, error: ModelServiceError) -> Reply:
        reply = reply_with_error(error, STATUS_THAT_SURVIVES.get(error.status, error.status))
        if isinstance(error, MethodNotAllowed):
            return replace(reply, headers={**reply.headers, "allow": ", ".join(error.allowed)})
        return reply

    def _fields(self) -> dict[str, Any]:
        body, self._body = read_json_object(self._body), b""  # it may be large, and has been read
        self._format = stream_format(body, self._http.headers.get("accept", ""))
        return body

    def _named_in_headers(self, body: Mapping[str, Any]) -> dict[str, str]:
        """Return the fields of ours that the caller set by a header; the body, if it says them too, knows better."""
        headers = self._http.headers
        named = {field: headers[name] for name, field in FIELD_OF_HEADER.items() if _is_meant(name, headers.get(name))}
        return {name: value for name, value in named.items() if name not in body}
