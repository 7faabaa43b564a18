"""What a survey found missing or untold about the platform, each by a call: done, refused, or a switch."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.mock_oci.conftest import FakeFunction

from mock_oci import MockOci, Request, Response
from mock_oci.fn.environment import DeployError
from mock_oci.fn.functions import LocalFunctions
from mock_oci.services.queues import Queues
from mock_oci.services.streaming import Streaming

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


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"timeout": 301}, "timeout must be at most 300 s"),
        ({"detached_timeout": 3601}, "detached_timeout must be at most 3600 s"),
        ({"memory": 300}, "memory must be one of 128, 256"),
        ({"config": {"A": "x" * 5000}}, "config must be at most 4096 bytes"),
    ],
)
def test_a_function_beyond_a_limit_is_not_deployed(
    oci: MockOci, tmp_path: Path, more: dict[str, Any], said: str
) -> None:
    (tmp_path / "func.py").write_text("def handler(ctx, data=None): ...")
    with LocalFunctions(oci) as functions, pytest.raises(DeployError, match=said):
        functions.deploy(tmp_path, **more)


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (502, "FunctionInvokeSubnetNotAvailable"),
        (502, "FunctionInvokeSubnetOutOfIPs"),
        (502, "FunctionInvokeSyslogUnavailable"),
        (502, "FunctionInvokeTooManyMatchingDGs"),
        (504, "FunctionInvokeImagePullTimeout"),
    ],
)
def test_a_failure_of_the_network_or_of_images_is_a_scripts_to_say(
    oci: MockOci, signed: Ask, function: Any, status: int, code: str
) -> None:
    path = f"/20181201/functions/{function.id}/actions/invoke"
    oci.script.error(status, code, path=path)
    failed = signed("POST", path, {})
    assert (failed.status, of_body(failed)["code"]) == (status, code)
    assert signed("POST", path, {}).status == 200


# What a survey found untold: where it is asked, the body, and what is answered: status, and a part of the text.
UNTOLD: list[tuple[str, str, str, Any, int, str]] = [
    ("version 1 of the metadata", "GET", "/opc/v1/instance/", b"", 404, "doesn't map"),
    ("version 1.1 of principals", "GET", "/20180711/resourcePrincipalTokenV2/o", b"", 404, "doesn't map"),
    ("versions 1.1 and 2.1 of principals", "POST", "/v1/resourcePrincipalSessionToken", {}, 404, "doesn't map"),
    ("principals of OKE", "POST", "/resourcePrincipalSessionTokens", {}, 404, "doesn't map"),
    ("metadata without its header", "GET", "/opc/v2/instance/", b"", 401, "Bearer Oracle"),
    (
        "messages from a connector to a topic",
        "POST",
        "/20200909/serviceConnectors",
        {
            "displayName": "c",
            "compartmentId": "{home}",
            "source": {"kind": "streaming", "streamId": "{stream}"},
            "target": {"kind": "notifications", "topicId": "t"},
        },
        501,
        "target of kind notifications",
    ),
    (
        "a function as a task of a connector",
        "POST",
        "/20200909/serviceConnectors",
        {
            "displayName": "c",
            "compartmentId": "{home}",
            "source": {"kind": "streaming", "streamId": "{stream}"},
            "target": {"kind": "functions", "functionId": "f"},
            "tasks": [{"kind": "function", "functionId": "f"}],
        },
        501,
        "is not emulated",
    ),
    (
        "an event's condition that is none",
        "POST",
        "/20181201/rules",
        {
            "displayName": "r",
            "compartmentId": "{home}",
            "isEnabled": True,
            "condition": "[",
            "actions": {"actions": [{"actionType": "FAAS", "isEnabled": True, "functionId": "f"}]},
        },
        400,
        "condition",
    ),
]


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "said"), [row[1:] for row in UNTOLD], ids=[row[0] for row in UNTOLD]
)
def test_what_the_platform_has_besides_is_refused(
    oci: MockOci, signed: Ask, method: str, path: str, body: Any, status: int, said: str
) -> None:
    stream = oci.state_of(Streaming).create("s").id
    filled = json.dumps(body).replace("{home}", oci.tenancy.compartment_id) if body else ""
    answer = signed(method, path, filled.replace("{stream}", stream).encode())
    assert isinstance(answer.body, bytes)
    assert (answer.status, said in answer.body.decode()) == (status, True), answer.body


def test_a_change_of_policies_counts_at_once(oci: MockOci, signed: Ask) -> None:
    path = f"/20181201/functions/{FakeFunction(oci).id}/actions/invoke"
    assert signed("POST", path, {}).status == 200
    oci.deny("user")
    assert signed("POST", path, {}).status == 404
