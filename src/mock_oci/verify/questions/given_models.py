"""What is not documented of keys, dedicated endpoints and projects of Generative AI: asked with some that are there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mock_oci.verify.answer import SeenAnswer
from mock_oci.verify.question import Cost, CouldNotAsk, Observation, Question
from mock_oci.verify.questions.generative_ai import INFERENCE, LLAMA, compartment_headers, small_chat, small_native
from mock_oci.verify.service import AskedService

_RESPONDS = "openai.gpt-oss-120b"


def ask_key_on_native(service: AskedService) -> Observation:
    """Ask the native chat with a Generative AI API key."""
    given = service.given["api_key_file"]
    key = given if given.startswith("sk-") else Path(given).read_text().strip()
    headers = {"authorization": f"Bearer {key}", "content-type": "application/json"}
    path, body = "/20231130/actions/chat", small_native(service, LLAMA)
    answer = service.ask("POST", INFERENCE, path, body, headers=headers, signed=False, stores=True, expects=(401, 403))
    return answer.seen


def ask_endpoint(service: AskedService) -> Observation:
    """Ask a dedicated endpoint on OpenAI's surface, by its OCID."""
    body, path = small_chat(service.given["endpoint"]), "/openai/v1/chat/completions"
    return service.ask("POST", INFERENCE, path, body, headers=compartment_headers(service), stores=True).seen


def ask_project_header(service: AskedService) -> Observation:
    """Ask Responses with opc-project-id in place of OpenAI-Project."""
    headers = {**compartment_headers(service), "opc-project-id": service.given["project"]}
    return _responded(service, {"input": "Hi", "store": False}, headers).seen


def ask_item_reference(service: AskedService) -> Observation:
    """Name an item of an earlier response by its id."""
    headers = {**compartment_headers(service), "openai-project": service.given["project"]}
    first = _responded(service, {"input": "Hi"}, headers)
    if first.status >= 300:
        raise CouldNotAsk(f"{_RESPONDS} does not respond: {first.status} {first.code}")
    item = next((part["id"] for part in first.body["output"] if part.get("type") == "message"), None)
    if item is None:
        raise CouldNotAsk("the response has no message")
    again = [{"type": "item_reference", "id": item}, {"type": "message", "role": "user", "content": "And?"}]
    return _responded(service, {"input": again}, headers).seen


def _responded(service: AskedService, body: dict[str, Any], headers: dict[str, str]) -> SeenAnswer:
    """Ask Responses; what is stored is removed."""
    whole = {"model": _RESPONDS, "max_output_tokens": 200, **body}
    answer = service.ask("POST", INFERENCE, "/openai/v1/responses", whole, headers=headers, stores=True)
    if answer.status < 300 and body.get("store") is not False:
        path = f"/openai/v1/responses/{answer.body['id']}"

        def remove() -> bool:
            return service.ask("DELETE", INFERENCE, path, headers=headers).status in (200, 204, 404)

        service.made("response", answer.body["id"], remove)
    return answer


QUESTIONS = (
    Question(
        "key-on-native",
        "Whether a Generative AI API key may ask the native chat; one project did.",
        "A chat of one token with the key that --given api_key_file names.",
        Cost(1, tokens=50),
        ask_key_on_native,
        needs=("api_key_file",),
    ),
    Question(
        "endpoint-on-openai",
        "Whether a dedicated endpoint can be asked on OpenAI's surface.",
        "A chat of one token with the endpoint that --given endpoint names.",
        Cost(1, tokens=50),
        ask_endpoint,
        needs=("endpoint",),
    ),
    Question(
        "project-header",
        "Whether opc-project-id does for OpenAI-Project; one client sends it, and no document has it.",
        "A response that is not stored, in the project that --given project names.",
        Cost(1, tokens=300),
        ask_project_header,
        needs=("project",),
    ),
    Question(
        "item-reference",
        "Whether Responses takes an item_reference, by which the AI SDK names an earlier item.",
        "Two responses in the project that --given project names.",
        Cost(2, tokens=600, resources=2),
        ask_item_reference,
        "two stored responses",
        needs=("project",),
    ),
)
