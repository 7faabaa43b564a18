"""instructor, in the mode that is its default for OpenAI: a tool that the model has to call."""

from __future__ import annotations

import instructor
import openai
import pytest
from questions import FAMILIES, City, of_each_family

CLIENT = "instructor"
PACKAGE = "instructor"


@pytest.fixture(scope="module")
def client(gateway: str) -> openai.OpenAI:
    return openai.OpenAI(base_url=gateway, api_key="not-used-locally", max_retries=0)


def asked(model: str) -> dict[str, object]:
    return {"model": model, "messages": [{"role": "user", "content": "Paris"}], "max_retries": 0}


@of_each_family()
def test_forced_tool(client: openai.OpenAI, model: str) -> None:
    patched = instructor.from_openai(client)
    assert isinstance(patched.chat.completions.create(response_model=City, **asked(model)), City)


@of_each_family()
def test_streamed_tool(client: openai.OpenAI, model: str) -> None:
    *_, last = instructor.from_openai(client).chat.completions.create_partial(response_model=City, **asked(model))
    assert last.name == "Paris"


@of_each_family()
def test_structured_output(client: openai.OpenAI, model: str) -> None:
    patched = instructor.from_openai(client, mode=instructor.Mode.JSON_SCHEMA)
    assert isinstance(patched.chat.completions.create(response_model=City, **asked(model)), City)


@pytest.mark.parametrize("status", [401, 429])
def test_errors(client: openai.OpenAI, status: int) -> None:
    request = asked(FAMILIES["Llama"]) | {"messages": [{"role": "user", "content": f"fail with {status}"}]}
    with pytest.raises(Exception, match=f"{status}"):
        instructor.from_openai(client).chat.completions.create(response_model=City, **request)
