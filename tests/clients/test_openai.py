"""OpenAI's own Python client, of whichever version is installed here."""

from __future__ import annotations

import json
from collections.abc import Iterator

import openai
import pytest
from questions import HI, NOT_ABOUT_WEATHER, WEATHER, City, of_each_family, tool

CLIENT = f"openai {openai.__version__.partition('.')[0]}.x"
PACKAGE = "openai"
NAMED = {"type": "function", "function": {"name": "get_weather"}}
ERRORS = {
    400: openai.BadRequestError,
    401: openai.AuthenticationError,
    403: openai.PermissionDeniedError,
    404: openai.NotFoundError,
    409: openai.ConflictError,
    422: openai.UnprocessableEntityError,
    429: openai.RateLimitError,
    500: openai.InternalServerError,
    503: openai.InternalServerError,
}


@pytest.fixture(scope="module")
def client(gateway: str) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=gateway, api_key="not-used-locally", max_retries=0) as client:
        yield client


def messages(text: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": text}]


@of_each_family()
def test_chat(client: openai.OpenAI, model: str) -> None:
    answer = client.chat.completions.create(model=model, messages=messages(HI))
    assert HI in answer.choices[0].message.content
    assert answer.choices[0].finish_reason == "stop"
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens > 0


@of_each_family()
def test_stream(client: openai.OpenAI, model: str) -> None:
    whole = client.chat.completions.create(model=model, messages=messages(HI)).choices[0].message.content
    options = {"include_usage": True}
    chunks = list(
        client.chat.completions.create(model=model, messages=messages(HI), stream=True, stream_options=options)
    )
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == whole
    assert chunks[-1].usage.total_tokens > 0


@of_each_family()
def test_tools(client: openai.OpenAI, model: str) -> None:
    asked = {"model": model, "tools": [tool()]}
    called = client.chat.completions.create(messages=messages(WEATHER), **asked).choices[0].message
    (call,) = called.tool_calls
    assert json.loads(call.function.arguments) == {"city": "Paris"}
    result = {"role": "tool", "tool_call_id": call.id, "content": "rain"}
    answer = client.chat.completions.create(messages=[*messages(WEATHER), called, result], **asked)
    assert "rain" in answer.choices[0].message.content


@of_each_family()
@pytest.mark.parametrize("choice", [pytest.param("required", id="required"), pytest.param(NAMED, id="named")])
def test_forced_tool(client: openai.OpenAI, model: str, choice: object) -> None:
    asked = {"model": model, "messages": messages(NOT_ABOUT_WEATHER), "tools": [tool()], "tool_choice": choice}
    (call,) = client.chat.completions.create(**asked).choices[0].message.tool_calls
    assert (call.function.name, json.loads(call.function.arguments)) == ("get_weather", {"city": "Oslo"})


@of_each_family()
def test_streamed_tool(client: openai.OpenAI, model: str) -> None:
    with client.chat.completions.stream(model=model, messages=messages(WEATHER), tools=[tool()]) as stream:
        (call,) = stream.get_final_completion().choices[0].message.tool_calls
    assert json.loads(call.function.arguments) == {"city": "Paris"}


@of_each_family()
def test_structured_output(client: openai.OpenAI, model: str) -> None:
    answer = client.chat.completions.parse(model=model, messages=messages("Paris"), response_format=City)
    assert isinstance(answer.choices[0].message.parsed, City)


@of_each_family()
@pytest.mark.parametrize("status", ERRORS)
def test_errors(client: openai.OpenAI, model: str, status: int) -> None:
    wrong = {"n": "x"} if status == 400 else {}
    with pytest.raises(ERRORS[status]) as caught:
        client.chat.completions.create(model=model, messages=messages(f"fail with {status}"), **wrong)
    assert caught.value.status_code == status
    assert caught.value.request_id


@of_each_family()
def test_responses(client: openai.OpenAI, model: str) -> None:
    first = client.responses.create(model=model, input="My name is Ada.")
    second = client.responses.create(model=model, input=HI, previous_response_id=first.id)
    assert HI in second.output_text
    assert second.usage.total_tokens == second.usage.input_tokens + second.usage.output_tokens > 0


@of_each_family()
def test_responses_conversation(client: openai.OpenAI, model: str) -> None:
    conversation = client.conversations.create(extra_body={"model": model}, metadata={"topic": "names"})
    client.responses.create(model=model, input="My name is Ada.", conversation=conversation.id)
    answer = client.responses.create(model=model, input=HI, conversation=conversation.id)
    assert HI in answer.output_text
    assert len(list(client.conversations.items.list(conversation.id, limit=1))) >= 4  # some models add their reasoning
    assert client.conversations.retrieve(conversation.id).metadata == {"topic": "names"}
    assert client.conversations.delete(conversation.id).deleted


@of_each_family()
def test_responses_stream(client: openai.OpenAI, model: str) -> None:
    with client.responses.stream(model=model, input=HI) as stream:
        text = "".join(event.delta for event in stream if event.type == "response.output_text.delta")
        assert HI in text == stream.get_final_response().output_text


@of_each_family()
@pytest.mark.parametrize("streamed", [False, True])
def test_responses_tools(client: openai.OpenAI, model: str, streamed: bool) -> None:
    function = {"type": "function", "strict": False, **tool()["function"]}
    asked = {"model": model, "tools": [function], "input": WEATHER}
    if streamed:
        with client.responses.stream(**asked) as stream:
            called = stream.get_final_response()
    else:
        called = client.responses.create(**asked)
    (call,) = (item for item in called.output if item.type == "function_call")
    assert json.loads(call.arguments) == {"city": "Paris"}
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "rain"}
    answer = client.responses.create(model=model, tools=[function], input=[result], previous_response_id=called.id)
    assert "rain" in answer.output_text


@of_each_family()
def test_responses_structured(client: openai.OpenAI, model: str) -> None:
    assert isinstance(client.responses.parse(model=model, input="Paris", text_format=City).output_parsed, City)


@of_each_family()
def test_models(client: openai.OpenAI, model: str) -> None:
    assert model in {listed.id for listed in client.models.list()}
    assert client.models.retrieve(model).owned_by == model.partition(".")[0]


@of_each_family()
def test_completions(client: openai.OpenAI, model: str) -> None:
    assert HI in client.completions.create(model=model, prompt=HI).choices[0].text
    chunks = client.completions.create(model=model, prompt=HI, stream=True)
    assert HI in "".join(choice.text for chunk in chunks for choice in chunk.choices)


def test_files(client: openai.OpenAI) -> None:
    made = client.files.create(file=("notes.txt", b"Ada met Charles."), purpose="user_data")
    assert client.files.wait_for_processing(made.id).filename == "notes.txt"
    assert made.id in {listed.id for listed in client.files.list()}
    assert client.files.content(made.id).read() == b"Ada met Charles."
    assert client.files.delete(made.id).deleted


def test_vector_stores(client: openai.OpenAI) -> None:
    store = client.vector_stores.create(name="notes", metadata={"topic": "people"})
    uploaded = client.vector_stores.files.upload_and_poll(
        vector_store_id=store.id, file=("notes.txt", b"Ada met Charles.")
    )
    batch = client.vector_stores.file_batches.create_and_poll(store.id, file_ids=[uploaded.id])
    assert (uploaded.status, batch.file_counts.completed) == ("completed", 1)
    (found,) = client.vector_stores.search(store.id, query="Who is Ada?")
    assert found.content[0].text == "Ada met Charles."
    assert client.vector_stores.update(store.id, name="people").name == "people"
    assert client.vector_stores.delete(store.id).deleted


def test_containers(client: openai.OpenAI) -> None:
    made = client.containers.create(name="work")
    added = client.containers.files.create(made.id, file=("d.csv", b"1,2"))
    assert client.containers.files.content.retrieve(added.id, container_id=made.id).read() == b"1,2"
    client.containers.delete(made.id)
    with pytest.raises(openai.NotFoundError):
        client.containers.retrieve(made.id)


def test_speech(client: openai.OpenAI) -> None:
    made = client.audio.speech.create(model="xai.grok-tts", voice="eve", input=HI, response_format="wav")
    assert made.read().startswith(b"RIFF")
