"""A service of an afternoon: FastAPI, and the client of OpenAI behind it. Nothing is signed."""

import os

import openai
from fastapi import FastAPI, Request

app = FastAPI()
client = openai.AsyncOpenAI(base_url=os.environ["UPSTREAM"] + "/openai/v1", api_key="none")


@app.post("/v1/chat/completions")
async def chat(request: Request):
    answer = await client.chat.completions.create(**await request.json())
    return answer.model_dump()
