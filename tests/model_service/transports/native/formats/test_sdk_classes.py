"""Every request that goes out is one that the SDK's own classes know, field by field and value by value."""

from __future__ import annotations

import json
from typing import Any

import oci
import pytest
from tests.model_service.transports.parameters_page import CONTENTS, PARAMETERS, TARGETS, between, sent

from model_service.errors import InvalidRequest
from model_service.transports.call import DroppedParameters

NATIVE = [target for target in TARGETS if target.title.split(":")[0] in ("COHERE", "COHEREV2", "GENERIC")]
BODIES: list[dict[str, Any]] = [
    *({**beside, name: value} for name, value, beside in PARAMETERS),
    *(between(message) for _, message, _ in CONTENTS),
    {
        "messages": [
            {"role": "system", "content": "S"},
            {"role": "user", "content": "?"},
            {
                "role": "assistant",
                "content": "Look.",
                "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "f", "arguments": '{"a": 1}'}}],
            },
            {"role": "tool", "tool_call_id": "c1", "content": "r"},
        ],
        "max_tokens": 5,
        "stop": ["a"],
    },
]


@pytest.fixture(scope="module")
def client() -> Any:
    # Nothing is sent: it is asked only how it reads and writes JSON.
    endpoint = "https://inference.generativeai.us-chicago-1.oci.oraclecloud.com"
    signer = oci.auth.signers.SecurityTokenSigner.__new__(oci.auth.signers.SecurityTokenSigner)
    return oci.generative_ai_inference.GenerativeAiInferenceClient({}, signer=signer, service_endpoint=endpoint)


@pytest.mark.parametrize("target", NATIVE, ids=lambda target: target.title)
def test_the_sdk_reads_and_writes_each_request_as_it_was(target: Any, client: Any) -> None:
    count = 0
    for body in BODIES:
        try:
            request = sent(target, body, DroppedParameters())
        except InvalidRequest:
            continue
        request = {name: value for name, value in request.items() if not name.startswith("(")}
        details = {
            "compartmentId": "c",
            "servingMode": {"servingType": "ON_DEMAND", "modelId": "m"},
            "chatRequest": request,
        }
        base = client.base_client
        model = base.deserialize_response_data(json.dumps(details).encode(), "ChatDetails")
        assert plain(base.sanitize_for_serialization(model)) == plain(details), body
        count += 1
    assert count > len(BODIES) // 2


def plain(value: Any) -> Any:
    """Without nulls, and with the types of content that the SDK has classes for but whose names its setter lacks."""
    if isinstance(value, dict):
        fields = {name: plain(field) for name, field in value.items() if field is not None}
        url = next((name for name in ("audioUrl", "documentUrl", "videoUrl") if name in fields), None)
        return fields if url is None else {**fields, "type": url.removesuffix("Url").upper()}
    return [plain(item) for item in value] if isinstance(value, list | tuple) else value
