"""FastAPI, and locus's own client of OCI behind it, which signs each request."""

import os

from fastapi import FastAPI, Request
from locus.core.messages import Message
from locus.models.providers.oci import OCIChatCompletionsModel

app = FastAPI()
model = OCIChatCompletionsModel(
    model="meta.llama-3.3-70b-instruct",
    profile="DEFAULT",
    config_file=os.environ["OCI_CONFIG"],
    base_url=os.environ["UPSTREAM"] + "/openai/v1",
)


@app.post("/v1/chat/completions")
async def chat(request: Request):
    body = await request.json()
    messages = [Message(role=one["role"], content=one["content"]) for one in body["messages"]]
    answer = await model.complete(messages)
    return {"choices": [{"index": 0, "message": {"role": "assistant", "content": answer.content}}]}
