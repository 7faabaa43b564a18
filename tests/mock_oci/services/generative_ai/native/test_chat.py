from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import oci.generative_ai_inference.models as m
import pytest
from oci.exceptions import ServiceError

from mock_oci import Disconnect, MockOci, Request, Response

LLAMA = "meta.llama-3.3-70b-instruct"
COMMAND = "cohere.command-a-03-2025"
PATH = "/20231130/actions/chat"
HI = {"apiFormat": "GENERIC", "messages": [{"role": "USER", "content": [{"type": "TEXT", "text": "Hi"}]}]}
Ask = Callable[..., Response]
Read = Callable[[Response], Any]
Refused = Callable[..., str]


def _details(live: MockOci, model: str, request: Any) -> Any:
    mode = m.OnDemandServingMode(model_id=model)
    return m.ChatDetails(compartment_id=live.tenancy.compartment_id, serving_mode=mode, chat_request=request)


def _generic(**fields: Any) -> Any:
    return m.GenericChatRequest(messages=[m.UserMessage(content=[m.TextContent(text="Hi")])], **fields)


def test_the_sdk_reads_a_complete_generic_answer(live: MockOci, sdk: Any) -> None:
    answer = sdk.chat(_details(live, LLAMA, _generic()))
    assert answer.data.model_id == LLAMA
    choice = answer.data.chat_response.choices[0]
    assert isinstance(choice.message, m.AssistantMessage)
    assert "Hi" in choice.message.content[0].text
    assert answer.data.chat_response.time_created is not None
    assert answer.data.chat_response.usage.total_tokens > 0


def test_the_sdk_reads_a_generic_stream(live: MockOci, sdk: Any) -> None:
    events = [event.data for event in sdk.chat(_details(live, LLAMA, _generic(is_stream=True))).data.events()]
    assert events.pop() == "[DONE]"
    text = "".join(json.loads(event)["message"]["content"][0]["text"] for event in events)
    assert text == sdk.chat(_details(live, LLAMA, _generic())).data.chat_response.choices[0].message.content[0].text


def test_the_sdk_reads_coheres_answer_and_history(live: MockOci, sdk: Any) -> None:
    answer = sdk.chat(_details(live, COMMAND, m.CohereChatRequest(message="Hi"))).data
    assert answer.chat_response.finish_reason == "COMPLETE"
    assert [entry.role for entry in answer.chat_response.chat_history] == ["USER", "CHATBOT"]


def test_the_sdk_raises_its_service_error_with_ocis_code(live: MockOci, sdk: Any) -> None:
    with pytest.raises(ServiceError) as error:
        sdk.chat(_details(live, "xai.grok-4.3", _generic(presence_penalty=0.0)))
    assert (error.value.status, error.value.code) == (400, "400")
    assert "presencePenalty" in error.value.message


@pytest.mark.parametrize("model", ["nobody.nothing-1", "ocid1.generativeaiendpoint.oc1.us-chicago-1.aaaa"])
def test_an_unknown_model_is_ocis_404(act: Ask, model: str) -> None:
    response = act("chat", model, chatRequest=HI)
    assert isinstance(response.body, bytes)
    assert (response.status, json.loads(response.body)["code"]) == (404, "NotAuthorizedOrNotFound")


def test_a_model_is_not_found_in_a_region_that_does_not_host_it(act: Ask, oci: MockOci) -> None:
    ashburn = "inference.generativeai.us-ashburn-1.oci.oraclecloud.com"
    assert act("chat", LLAMA, ashburn, chatRequest=HI).status == 404
    endpoint = oci.catalogue.add_endpoint(LLAMA)
    assert act("chat", endpoint, ashburn, chatRequest=HI).status == 404
    assert act("chat", endpoint, ashburn.replace("ashburn", "chicago"), chatRequest=HI).status == 200


def test_another_compartment_and_a_denied_caller_are_the_same_404(act: Ask, oci: MockOci) -> None:
    elsewhere = act("chat", LLAMA, compartmentId="ocid1.compartment.oc1..aaaa", chatRequest=HI)
    oci.deny("user")
    denied = act("chat", LLAMA, chatRequest=HI)
    assert (elsewhere.status, elsewhere.body) == (denied.status, denied.body)
    assert elsewhere.status == 404


def test_an_api_key_does_not_open_the_native_surface(oci: MockOci) -> None:
    secret = oci.principals.generative_ai_api_key().secret
    assert oci.answer(Request("POST", PATH, {"authorization": f"Bearer {secret}"}, b"{}")).status == 401


@pytest.mark.parametrize("missing", ["compartmentId", "servingMode", "chatRequest"])
def test_all_three_parts_of_the_envelope_are_required(act: Ask, refused: Refused, missing: str) -> None:
    response = act("chat", LLAMA, **{"chatRequest": HI, missing: None})
    assert missing in refused(response)


@pytest.mark.parametrize("body", [b"not json", b"[]", b'"text"', b"\xff"])
def test_a_body_that_is_no_json_object_is_refused(call: Ask, refused: Refused, body: bytes) -> None:
    assert refused(call("POST", PATH, body)).startswith("Please pass in correct format of request.")


@pytest.mark.parametrize(
    ("model", "format_name"),
    [
        (LLAMA, "COHERE"),
        (COMMAND, "GENERIC"),
        (COMMAND, "COHEREV2"),
        ("cohere.command-a-vision-07-2025", "COHERE"),
        (LLAMA, "SOMETHING"),
        (LLAMA, None),
    ],
)
def test_a_format_that_the_model_does_not_speak_is_refused(
    act: Ask, refused: Refused, model: str, format_name: str | None
) -> None:
    assert "apiFormat" in refused(act("chat", model, chatRequest={**HI, "apiFormat": format_name}))


def test_a_model_that_does_not_chat_is_refused(act: Ask, refused: Refused) -> None:
    assert "does not support" in refused(act("chat", "cohere.embed-v4.0", chatRequest=HI))


def test_a_models_ocid_and_a_routing_profile_are_asked_on_demand(act: Ask, call: Ask, oci: MockOci, said: Read) -> None:
    listed = call("GET", f"/20231130/models?compartmentId={oci.tenancy.compartment_id}&displayName={LLAMA}")
    ocids = [item["id"] for item in said(listed)["items"] if "CHAT" in item["capabilities"]]
    assert said(act("chat", ocids[0], chatRequest=HI))["modelId"] == LLAMA
    profile = oci.catalogue.add_routing_profile("google.gemini-3.5-flash", "ap-osaka-1")
    assert act("chat", profile, chatRequest=HI).headers["x-genai-selected-region"] == "ap-osaka-1"


def test_an_endpoint_is_not_a_model_on_demand(act: Ask, oci: MockOci) -> None:
    mode = {"servingType": "ON_DEMAND", "modelId": oci.catalogue.add_endpoint(LLAMA)}
    assert act("chat", LLAMA, servingMode=mode, chatRequest=HI).status == 404


def test_an_endpoint_may_refuse_to_stream_and_says_so(act: Ask, oci: MockOci, said: Read, refused: Refused) -> None:
    endpoint = oci.catalogue.add_endpoint(LLAMA, streaming="refused")
    assert "does not support streaming" in refused(act("chat", endpoint, chatRequest={**HI, "isStream": True}))
    assert said(act("chat", endpoint, chatRequest=HI))["modelId"] == LLAMA


def test_an_endpoint_may_answer_plain_json_to_a_stream_request(act: Ask, oci: MockOci, said: Read) -> None:
    endpoint = oci.catalogue.add_endpoint(LLAMA, streaming="plain")
    assert said(act("chat", endpoint, chatRequest={**HI, "isStream": True}))["chatResponse"]["choices"]


def test_qwens_endpoint_writes_its_tool_calls_as_text(act: Ask, oci: MockOci, said: Read, streamed: Read) -> None:
    endpoint = oci.catalogue.add_endpoint("qwen.qwen3-32b", tool_calls="text")
    oci.script.chat("Let me see. ", tool_calls=[{"name": "f", "arguments": {"a": 1}}], times=2)
    choice = said(act("chat", endpoint, chatRequest=HI))["chatResponse"]["choices"][0]
    text = choice["message"]["content"][0]["text"]
    assert text == 'Let me see. <tool_call>\n{"name": "f", "arguments": {"a": 1}}\n</tool_call>'
    assert (choice["finishReason"], choice["message"]["toolCalls"]) == ("stop", [])
    events = streamed(act("chat", endpoint, chatRequest={**HI, "isStream": True}))
    pieces = [event["message"]["content"][0]["text"] for event in events]
    assert "".join(pieces) == text
    assert not any("<tool_call>" in piece for piece in pieces)


def test_an_endpoint_behaves_only_in_known_ways(oci: MockOci) -> None:
    with pytest.raises(ValueError, match="streaming"):
        oci.catalogue.add_endpoint(LLAMA, streaming="sometimes")


def test_endpoints_with_names_of_their_own_have_ocids_of_their_own(oci: MockOci) -> None:
    assert oci.catalogue.add_endpoint(LLAMA, name="a") != oci.catalogue.add_endpoint(LLAMA, name="b")


def test_a_script_for_a_model_is_found_by_its_native_name(generic: Ask, oci: MockOci, said: Read) -> None:
    oci.script.chat("scripted", model=LLAMA)
    assert "Hi" in json.dumps(said(generic("openai.gpt-oss-120b")))
    assert "scripted" in json.dumps(said(generic(LLAMA)))


def test_a_cut_stream_is_cut_between_events(generic: Ask, oci: MockOci) -> None:
    oci.script.chat("a b c", cut_after=1)
    pieces = iter(generic(LLAMA, isStream=True).body)  # type: ignore[arg-type]
    assert b'"text":"a"' in next(pieces)  # type: ignore[operator]
    with pytest.raises(Disconnect):
        next(pieces)
