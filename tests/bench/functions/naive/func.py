"""What a first version looks like: the OCI SDK, and a signer and a client made anew in each call."""

import json
import os

import oci
from fdk.response import Response
from oci.generative_ai_inference import GenerativeAiInferenceClient
from oci.generative_ai_inference.models import (
    ChatDetails,
    GenericChatRequest,
    OnDemandServingMode,
    TextContent,
    UserMessage,
)


def handler(ctx, data=None):
    request = json.load(data)
    signer = oci.auth.signers.get_resource_principals_signer()
    client = GenerativeAiInferenceClient({}, signer=signer, service_endpoint=os.environ["OCI_GENAI_ENDPOINT"])
    text = request["messages"][-1]["content"]
    chat = GenericChatRequest(messages=[UserMessage(content=[TextContent(text=text)])], max_tokens=100)
    mode = OnDemandServingMode(model_id=request["model"])
    details = ChatDetails(compartment_id=os.environ["OCI_COMPARTMENT_ID"], serving_mode=mode, chat_request=chat)
    answer = client.chat(details).data.chat_response
    body = json.dumps({"choices": [{"message": {"content": answer.choices[0].message.content[0].text}}]})
    return Response(ctx, response_data=body, headers={"content-type": "application/json"})
