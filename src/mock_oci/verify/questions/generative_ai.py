"""What is not documented of Generative AI, or was seen by one project only."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from mock_oci.verify.question import Cost, CouldNotAsk, Observation, Question
from mock_oci.verify.service import AskedService

INFERENCE, _CONTROL = "GenerativeAiInferenceClient", "GenerativeAiClient"
LLAMA = "meta.llama-3.3-70b-instruct"
_GEMINI = "google.gemini-2.5-flash"
_DEPRECATED = "meta.llama-3.2-90b-vision-instruct"
_EMBED = "cohere.embed-v4.0"
_RERANK = "cohere.rerank-v4.0-fast"
_LARGE_BODY = 25_000_000
_ALL = (400, 401, 403, 404, 405, 415, 422, 500, 501)
_AUDIO = (
    b'--verify\r\ncontent-disposition: form-data; name="model"\r\n\r\nwhisper-1\r\n--verify\r\n'
    b'content-disposition: form-data; name="file"; filename="a.wav"\r\n\r\nRIFF\r\n--verify--\r\n'
)


def small_chat(model: str, **more: Any) -> dict[str, Any]:
    return {"model": model, "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 1, **more}


def small_native(service: AskedService, model: str) -> dict[str, Any]:
    message = {"role": "USER", "content": [{"type": "TEXT", "text": "Hi"}]}
    return {
        "compartmentId": service.compartment_id,
        "servingMode": {"servingType": "ON_DEMAND", "modelId": model},
        "chatRequest": {"apiFormat": "GENERIC", "messages": [message], "maxTokens": 1},
    }


def compartment_headers(service: AskedService) -> dict[str, str]:
    return {"compartmentid": service.compartment_id, "opc-compartment-id": service.compartment_id}


def _path(
    method: str, path: str, body: Any = None, kind: str = "application/json"
) -> Callable[[AskedService], Observation]:
    """Make a question that only looks whether a path of OpenAI's is served."""

    def ask(service: AskedService) -> Observation:
        headers = {**compartment_headers(service), "content-type": kind}
        answer = service.ask(method, INFERENCE, path, body, headers=headers, stores=True, expects=_ALL)
        return {"status": answer.status, "unknown path": "doesn't map" in json.dumps(answer.body)}

    return ask


def ask_retirement_header(service: AskedService) -> Observation:
    """Ask a model that is deprecated, and look at what its answer says of that."""
    path, headers = "/openai/v1/chat/completions", compartment_headers(service)
    answer = service.ask("POST", INFERENCE, path, small_chat(_DEPRECATED), headers=headers, stores=True)
    return {**answer.seen, "model-retirement-info": answer.headers.get("model-retirement-info")}


def ask_compartment_header(service: AskedService) -> Observation:
    """Ask a chat with opc-compartment-id alone."""
    path = "/openai/v1/chat/completions"
    service.require("POST", INFERENCE, path, small_chat(LLAMA), headers=compartment_headers(service), stores=True)
    headers = {"opc-compartment-id": service.compartment_id}
    return service.ask("POST", INFERENCE, path, small_chat(LLAMA), headers=headers, stores=True).seen


def ask_large_body(service: AskedService) -> Observation:
    """Ask a native chat whose body is 25 MB of spaces."""
    content = json.dumps(small_native(service, LLAMA)).encode()
    padded = content[:-1] + b" " * _LARGE_BODY + b"}"
    answer = service.ask("POST", INFERENCE, "/20231130/actions/chat", padded, stores=True)
    return {"status": answer.status}


def ask_unknown_model(service: AskedService) -> Observation:
    """Ask a model that there is not, on both surfaces."""
    name = "meta.mock-oci-verify-no-such-model"
    native = service.ask("POST", INFERENCE, "/20231130/actions/chat", small_native(service, name), stores=True)
    path = "/openai/v1/chat/completions"
    openai = service.ask("POST", INFERENCE, path, small_chat(name), headers=compartment_headers(service), stores=True)
    return {
        "native": {**native.seen, "names it": name in json.dumps(native.body)},
        "openai": {**openai.seen, "names it": name in json.dumps(openai.body)},
    }


def _models(service: AskedService) -> list[dict[str, Any]]:
    listed = f"/20231130/models?compartmentId={service.compartment_id}&limit=1000"
    items: list[dict[str, Any]] = service.require("GET", _CONTROL, listed).body["items"]
    if not items:
        raise CouldNotAsk("no model is listed in this compartment and region")
    return items


def ask_base_models(service: AskedService) -> Observation:
    """Look at the compartment of base models."""
    base = [model for model in _models(service) if model.get("type") == "BASE"]
    return {"compartmentId": "null" if all(model.get("compartmentId") is None for model in base) else "there"}


def ask_rerank_name(service: AskedService) -> Observation:
    """Look whether the newest rerank model is listed by the name that others use."""
    return {"listed": any(model.get("displayName") == _RERANK for model in _models(service))}


def ask_repeated_models(service: AskedService) -> Observation:
    """Look whether a base model is listed more than once."""
    names = [model.get("displayName") for model in _models(service) if model.get("type") == "BASE"]
    return {"repeated": len(set(names)) < len(names)}


def ask_token_counts(service: AskedService) -> Observation:
    """Embed one word."""
    body = {"inputs": ["verify"], "compartmentId": service.compartment_id}
    mode = {"servingType": "ON_DEMAND", "modelId": _EMBED}
    path = "/20231130/actions/embedText"
    answer = service.require("POST", INFERENCE, path, {**body, "servingMode": mode}, stores=True)
    return {"inputTextTokenCounts": "inputTextTokenCounts" in answer.body}


def ask_gemini_tools(service: AskedService) -> Observation:
    """Ask Gemini on OpenAI's surface for a call of a tool."""
    tool = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}
    body = small_chat(_GEMINI, tools=[tool], tool_choice="required", max_tokens=2048)
    path = "/openai/v1/chat/completions"
    answer = service.ask("POST", INFERENCE, path, body, headers=compartment_headers(service), stores=True)
    if answer.status == 404:
        raise CouldNotAsk(f"{_GEMINI} is not served here")
    calls = bool(answer.body["choices"][0]["message"].get("tool_calls")) if answer.status == 200 else None
    return {**answer.seen, "calls the tool": calls}


def ask_guardrails(service: AskedService) -> Observation:
    """Apply guardrails without saying which version, and with a category that there is not."""
    moderation: dict[str, Any] = {"categories": ["OVERALL"]}
    body = {
        "compartmentId": service.compartment_id,
        "input": {"type": "TEXT", "content": "verify", "languageCode": "en"},
        "guardrailConfigs": {"contentModerationConfig": moderation},
    }
    path = "/20231130/actions/applyGuardrails"
    version = service.require("POST", INFERENCE, path, body, stores=True).body["guardrailVersion"]
    moderation["categories"] = ["MOCK_OCI_VERIFY"]
    unknown = service.ask("POST", INFERENCE, path, body, stores=True, expects=_ALL)
    return {"the default version": version, "an unknown category": unknown.status}


QUESTIONS = (
    Question(
        "openai-models",
        "Whether OpenAI's surface lists models by now; it was 404, and a tutorial of Oracle's speaks of it.",
        "GET /openai/v1/models.",
        Cost(1),
        _path("GET", "/openai/v1/models"),
    ),
    Question(
        "openai-embeddings",
        "Whether OpenAI's surface embeds by now; it was 400 Unsupported OpenAI operation.",
        "POST /openai/v1/embeddings with one word.",
        Cost(1, tokens=5),
        _path("POST", "/openai/v1/embeddings", {"model": _EMBED, "input": "verify"}),
    ),
    Question(
        "openai-images",
        "Whether OpenAI's surface makes images.",
        "POST /openai/v1/images/generations with no prompt, so that none is made.",
        Cost(1),
        _path("POST", "/openai/v1/images/generations", {"model": "none"}),
    ),
    Question(
        "openai-transcriptions",
        "Whether OpenAI's surface transcribes.",
        "POST /openai/v1/audio/transcriptions with a file of 4 bytes.",
        Cost(1),
        _path("POST", "/openai/v1/audio/transcriptions", _AUDIO, "multipart/form-data; boundary=verify"),
    ),
    Question(
        "chat-compartment",
        "Whether a signed chat on OpenAI's surface may have opc-compartment-id alone; one project saw it refused.",
        "Two chats of one token.",
        Cost(2, tokens=100),
        ask_compartment_header,
    ),
    Question(
        "retirement-header",
        "What the header model-retirement-info of an answer says of a deprecated model.",
        "A chat of one token with a model that is deprecated.",
        Cost(1, tokens=50),
        ask_retirement_header,
    ),
    Question(
        "native-body",
        "Whether the native chat refuses a body of 25 MB; that it refuses large ones was seen, but not from where on.",
        "A chat of one token, with 25 MB of spaces in its JSON.",
        Cost(1, tokens=50),
        ask_large_body,
    ),
    Question(
        "unknown-model",
        "How a model that there is not is refused, on both surfaces.",
        "A chat with a made-up name on each.",
        Cost(2),
        ask_unknown_model,
    ),
    Question(
        "base-model-compartment",
        "Whether a base model has a compartment: the SDK says that it must, and it was seen without.",
        "Lists the models.",
        Cost(1),
        ask_base_models,
    ),
    Question(
        "base-models-repeated",
        "Whether a base model is listed once for each of its versions.",
        "Lists the models.",
        Cost(1),
        ask_repeated_models,
    ),
    Question(
        "rerank-name",
        f"Whether {_RERANK} is what the model is called.",
        "Lists the models.",
        Cost(1),
        ask_rerank_name,
    ),
    Question(
        "embed-token-counts",
        "Whether embeddings come with inputTextTokenCounts: it was seen, and the SDK does not have it.",
        "Embeds one word.",
        Cost(1, tokens=5),
        ask_token_counts,
    ),
    Question(
        "gemini-tools",
        "Whether Gemini calls tools on OpenAI's surface; it was seen to ignore them.",
        "A chat that requires a call.",
        Cost(1, tokens=2200),
        ask_gemini_tools,
    ),
    Question(
        "guardrails",
        "Which version of guardrails is the default, and how a category that there is not is refused.",
        "Applies a moderation to one word, and one of a made-up category.",
        Cost(2, tokens=10),
        ask_guardrails,
    ),
)
