"""What a survey found missing or untold about the platform, each by a call: done, refused, or a switch."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from mock_oci import MockOci, Request, Response
from mock_oci.services.queues import Queues

Ask = Callable[..., Response]
SAYS = [{"role": "user", "content": "Hi"}]


def of_body(response: Response) -> Any:
    assert isinstance(response.body, bytes)
    return json.loads(response.body)


@pytest.mark.parametrize(
    ("path", "body", "tool"),
    [
        ("/chat/completions", {"messages": SAYS}, lambda name: {"type": "function", "function": {"name": name}}),
        ("/responses", {"input": "Hi"}, lambda name: {"type": "function", "name": name}),
    ],
)
@pytest.mark.parametrize(("count", "status"), [(128, 200), (129, 400)])
def test_openais_surface_takes_128_tools(
    surface: Ask, path: str, body: dict[str, Any], tool: Callable[[str], Any], count: int, status: int
) -> None:
    tools = [tool(f"f{number}") for number in range(count)]
    answer = surface("POST", path, {"model": "openai.gpt-oss-120b", **body, "tools": tools})
    assert answer.status == status, answer.body
    if status == 400:
        error = of_body(answer)["error"]
        assert (error["param"], error["code"]) == ("tools", "array_above_max_length")


@pytest.mark.parametrize("path", ["/v1/responses", "/v1/chat/completions"])
def test_what_passes_through_to_a_provider_is_a_path_that_there_is_not(oci: MockOci, signed: Ask, path: str) -> None:
    unsigned = oci.answer(Request("POST", path, {}, b"{}"))
    assert unsigned.status == signed("POST", path, {}).status == 404
    assert of_body(unsigned) == {"code": "404", "message": "Path doesn't map to a registered service"}


def test_control_characters_in_a_queue_come_back_as_they_were(oci: MockOci, answered: Callable[..., Any]) -> None:
    path = f"/20210201/queues/{oci.state_of(Queues).create('q').id}/messages"
    content = "\x00\x07\x1b\x7f"
    answered("POST", path, {"messages": [{"content": content}]})
    assert [message["content"] for message in answered("GET", path)["messages"]] == [content]
