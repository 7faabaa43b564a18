"""The table of formats."""

from __future__ import annotations

import sys
from subprocess import run

from model_service.openai_api.chat import ChatRequest
from model_service.transports.native.formats import FORMATS, offered_tools


def test_each_format_stands_under_its_own_name():
    assert {name: one.api_format for name, one in FORMATS.items()} == {name: name for name in FORMATS}


def test_the_offered_tools_are_the_functions_of_the_request():
    body = {"model": "m", "messages": [{"role": "user", "content": "?"}]}
    tools = [{"type": "function", "function": {"name": "f"}}, {"type": "custom", "function": None}]

    assert offered_tools(ChatRequest.parse({**body, "tools": tools})) == {"f"}
    assert offered_tools(ChatRequest.parse(body)) == frozenset()


def test_translating_needs_no_sdk_and_no_network():
    loaded = (
        "import sys, model_service.transports.native.formats; print({'oci', 'httpx', 'pydantic'} & set(sys.modules))"
    )

    assert run([sys.executable, "-c", loaded], capture_output=True, text=True, check=True).stdout == "set()\n"
