"""What stands in the log of a call, on whose account it is, and which compartment pays: through the whole function."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest

from mock_oci import MockOci
from model_service.app import App
from model_service.fn.invocation import Deadline, HttpRequest, Invocation
from model_service.fn.reply import Reply

LLAMA, GPT = "meta.llama-3.3-70b-instruct", "openai.gpt-oss-120b"
HELLO: Any = [{"role": "user", "content": "Hi"}]
GATEWAY = {"oci-subject-id": "ocid1.apigateway.oc1..gateway"}
FUNCTION = {"oci-subject-id": "ocid1.fnfunc.oc1..other"}
HEADERS = {"id": "x-caller", "team": "x-team", "key": "x-key"}
FILE = {
    "callers": {
        "teams": {"search": {"labels": {"cost_center": "42"}}, "night": {"operations": ["chat"]}},
        "callers": {"ocid1.fnfunc.oc1..other": {"models": ["meta.*"]}},
    }
}


@pytest.fixture
def config(environment: dict[str, str], oci: MockOci) -> dict[str, str]:
    return {
        **environment,
        "MODEL_SERVICE_CONFIG": json.dumps(FILE),
        "MODEL_SERVICE_IDENTITY_HEADERS": json.dumps(HEADERS),
        "MODEL_SERVICE_PROJECT_ID": oci.projects.default.id,
        "OCI_LOG_REQUESTS": "1",
    }


@pytest.fixture
def app(config: dict[str, str]) -> Iterator[App]:
    app = App(config)
    with closing(app.service):
        yield app


def over_http(app: App, body: Any, path: str = "/v1/chat/completions", method: str = "POST", **caller: str) -> Reply:
    named = {f"x-{part}": value for part, value in caller.items()}
    http = HttpRequest(method, path, {"host": "gateway", **named})
    content = b"" if body is None else json.dumps(body).encode()
    reply = app.answer(Invocation(content, Deadline.after(20), "call-1", headers=GATEWAY, http=http))
    return reply if isinstance(reply.body, bytes) else Reply(reply.status, b"".join(reply.body), reply.headers)


@pytest.mark.parametrize("stream", [False, True])
def test_every_line_of_a_call_says_who_made_it_and_what_for(
    app: App, log_lines: list[dict[str, Any]], stream: bool
) -> None:
    body = {"model": LLAMA, "messages": HELLO, "user": "u-7", "metadata": {"job": "nightly"}, "stream": stream}
    assert over_http(app, body, caller="ada", team="search", key="0123456789").status == 200
    assert {line["event"] for line in log_lines} == {"upstream_request", "upstream_answer", "usage", "invocation"}
    for line in log_lines:
        assert {name: line[name] for name in ("call_id", "caller", "team", "user", "metadata")} == {
            "call_id": "call-1",
            "caller": "ada",
            "team": "search",
            "user": "u-7",
            "metadata": {"job": "nightly"},
        }, line
    for line in (line for line in log_lines if line["event"] in ("usage", "invocation")):
        assert (line["labels"], line["key"]) == ({"cost_center": "42"}, "0123456789")


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/embeddings", {"model": "cohere.embed-v4.0", "input": "x"}),
        ("/v1/rerank", {"model": "cohere.rerank-v3.5", "query": "q", "documents": ["d"]}),
        ("/v1/completions", {"model": LLAMA, "prompt": "x"}),
        ("/v1/responses", {"model": GPT, "input": "x"}),
    ],
)
def test_a_user_is_named_on_every_surface(app: App, log_lines: list[dict[str, Any]], path: str, body: Any) -> None:
    assert over_http(app, {**body, "user": "u-7"}, path, caller="ada").status == 200
    usage = [line for line in log_lines if line["event"] == "usage"]
    assert [(line["user"], line["operation"]) for line in usage] == [("u-7", path.rpartition("/")[2])]


@pytest.mark.not_through("process", why="names the host that was asked")
def test_a_call_says_how_often_it_asked_and_where(app: App, oci: MockOci, log_lines: list[dict[str, Any]]) -> None:
    oci.script.error(503, times=1)
    body = {"model": "cohere.command-a-03-2025", "messages": HELLO}  # tried again on the native surface
    assert over_http(app, body, caller="ada").status == 200
    assert over_http(app, {"model": LLAMA, "messages": HELLO}, caller="ada").status == 200
    usage = [line for line in log_lines if line["event"] == "usage"]
    assert [(line["tries"], line["target"]) for line in usage] == [(2, "127.0.0.1"), (1, "127.0.0.1")]


def test_a_call_bears_nothing_of_the_one_before(app: App, log_lines: list[dict[str, Any]]) -> None:
    over_http(app, {"model": LLAMA, "messages": HELLO, "user": "u-7"}, caller="ada", team="search")
    before = len(log_lines)
    over_http(app, {"model": LLAMA, "messages": HELLO})
    assert not [line for line in log_lines[before:] if line.get("caller") or line.get("team") or "user" in line]


@pytest.mark.parametrize("how", ["direct", "detached"])
def test_who_calls_a_function_directly_has_its_own_rights(app: App, log_lines: list[dict[str, Any]], how: str) -> None:
    headers = {**FUNCTION, **({"fn-invoke-type": "detached"} if how == "detached" else {})}
    for model, code in ((LLAMA, None), (GPT, "model_not_found")):
        body = json.dumps({"model": model, "messages": HELLO}).encode()
        reply = app.answer(Invocation(body, Deadline.after(20), headers=headers))
        assert (json.loads(reply.whole()).get("error") or {}).get("code") == code
    assert {line["caller"] for line in log_lines} == {"ocid1.fnfunc.oc1..other"}


def test_ids_of_what_is_stored_stand_in_no_line(app: App, log_lines: list[dict[str, Any]]) -> None:
    made = json.loads(over_http(app, {"model": GPT, "input": "x"}, "/v1/responses", caller="ada").whole())
    talk = json.loads(over_http(app, {}, "/v1/conversations", caller="ada").whole())
    more = {"model": GPT, "input": "x", "previous_response_id": made["id"]}
    ids = [made["id"], talk["id"], json.loads(over_http(app, more, "/v1/responses", caller="ada").whole())["id"]]
    chat = {"model": f"responses:{GPT}", "messages": HELLO}
    state = json.loads(over_http(app, chat, caller="ada").whole())["provider_state"]
    ids += [state["previous_response_id"]]
    over_http(app, {**chat, "provider_state": state}, caller="ada")
    for method, path in (("GET", ""), ("GET", "/input_items"), ("DELETE", "")):
        for caller in ("mallory", "ada"):
            over_http(app, None, f"/v1/responses/{made['id']}{path}", method, caller=caller)
    over_http(app, None, f"/v1/conversations/{talk['id']}/items", "GET", caller="ada")
    over_http(app, None, f"/v1/responses/{made['id']}", "GET", caller="ada")  # it is gone
    assert len(log_lines) > 20
    text = json.dumps(log_lines)
    assert not [one for one in ids if one in text]


def test_an_operation_that_a_team_does_not_have_is_refused_everywhere(app: App) -> None:
    for path, method, body in (
        ("/v1/completions", "POST", {"model": LLAMA, "prompt": "x"}),
        ("/v1/models", "GET", None),
        ("/v1/responses", "POST", {"model": GPT, "input": "x"}),
        ("/v1/responses/resp_1", "GET", None),
    ):
        reply = over_http(app, body, path, method, caller="bob", team="night")
        assert (reply.status, json.loads(reply.whole())["error"]["code"]) == (403, "operation_not_allowed"), path
    assert over_http(app, {"model": LLAMA, "messages": HELLO}, caller="bob", team="night").status == 200


def test_a_teams_compartment_pays_whatever_its_members_name(config: dict[str, str], oci: MockOci) -> None:
    own, other = oci.tenancy.compartment_id, "ocid1.compartment.oc1..aaaaother"
    file = {"callers": {"teams": {"search": {"compartment_id": own}}}}
    listed = {"MODEL_SERVICE_COMPARTMENTS": json.dumps([own, other]), "OCI_COMPARTMENT_ID": other}
    app = App({**config, **listed, "MODEL_SERVICE_CONFIG": json.dumps(file)})
    with closing(app.service):
        made = over_http(app, {"model": GPT, "input": "x"}, "/v1/responses", caller="ada", team="search")
        assert made.status == 200
        read = f"/v1/responses/{json.loads(made.whole())['id']}"
        assert over_http(app, None, read, "GET", caller="ada", team="search").status == 200
        assert {request.headers.get("opc-compartment-id") for request in oci.requests} == {own}
        body = {"model": LLAMA, "messages": HELLO, "compartment_id": other}
        refused = over_http(app, body, caller="ada", team="search")
        assert (refused.status, json.loads(refused.whole())["error"]["code"]) == (403, "compartment_not_allowed")
        assert over_http(app, {**body, "compartment_id": own}, caller="ada", team="search").status == 200
