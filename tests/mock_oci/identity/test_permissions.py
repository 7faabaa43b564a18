"""Policies at the door: each service's own refusal, what is told of it, and what is not asked without policies."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.mock_oci.conftest import FakeFunction

from mock_oci import MockOci, Request, Response
from mock_oci.fn.invocation_records import Settled, send_record
from mock_oci.identity.policies import PolicyAnswer
from mock_oci.identity.tenancy import ocid
from mock_oci.services.connector_hub import ConnectorHub
from mock_oci.services.connector_hub.batches import from_queue, from_stream, to_function
from mock_oci.services.events import Events
from mock_oci.services.functions import Destination, Functions
from mock_oci.services.object_storage import ObjectStorage, Pars
from mock_oci.services.object_storage.state import NAMESPACE
from mock_oci.services.queues import Queues
from mock_oci.services.streaming import Streaming

CALLER = ocid("fnfunc", "one", "us-chicago-1")
OBJECT = f"/n/{NAMESPACE}/b/results/o/a"


class Site:
    """A backend with policies in force, asked as a function that they may name; ``said`` are the statements."""

    def __init__(self, oci: MockOci, sign: Callable[..., Request]) -> None:
        self.oci = oci
        self.home = oci.tenancy.compartment_id
        self.storage = oci.state_of(ObjectStorage)
        self.storage.create_bucket("results")
        self._sign, self._principal = sign, oci.principals.resource_principal(CALLER)
        self.oci.iam.add_policy([])

    def allow(self, what: str, where: str = "", who: str = f"request.principal.id = '{CALLER}'") -> None:
        conditions = ", ".join(filter(None, (who, where)))
        self.oci.iam.add_policy([f"Allow any-user to {what} in compartment id {self.home} where all {{{conditions}}}"])

    def ask(self, method: str, target: str, body: Any = None, **headers: str) -> tuple[int, Any]:
        key = f"ST${self._principal.rpst}"
        content = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        request = self._sign(key, self._principal.private_pem, method, target, content, change=named)
        return _read(self.oci.answer(request))


def _read(response: Response) -> tuple[int, Any]:
    assert isinstance(response.body, bytes)
    kind = response.headers.get("content-type")
    return response.status, json.loads(response.body) if kind == "application/json" else response.body


@pytest.fixture
def site(oci: MockOci, sign: Callable[..., Request]) -> Site:
    return Site(oci, sign)


def code(answer: tuple[int, Any]) -> tuple[int, str]:
    return answer[0], answer[1]["code"]


def test_a_refusal_is_the_services_own_and_the_record_says_why(site: Site) -> None:
    site.storage.put("results", "a", b"1")
    assert code(site.ask("GET", OBJECT)) == (404, "BucketNotFound")
    why = site.oci.calls[-1].refusal
    assert why is not None
    assert why.startswith(f"GetObject of fnfunc {CALLER}")
    assert why.endswith("no statement allows OBJECT_READ")
    stream = site.oci.state_of(Streaming).create("prompts")
    path = f"/20180418/streams/{stream.id}/messages"
    assert code(site.ask("POST", path, {"messages": []})) == (404, "NotAuthorizedOrNotFound")
    body = {"model": "meta.llama-3.3-70b-instruct", "messages": [{"role": "user", "content": "Hello"}]}
    chat = site.ask("POST", "/openai/v1/chat/completions", body, opc_compartment_id=site.home)
    assert code(chat) == (404, "NotAuthorizedOrNotFound")
    assert [item.answer for item in site.oci.permissions.decisions] == [PolicyAnswer.DENIED] * 3


def test_a_statement_opens_what_it_names_and_nothing_beside(site: Site) -> None:
    site.storage.create_bucket("other")
    for bucket in ("results", "other"):
        site.storage.put(bucket, "in/a", b"1")
        site.storage.put(bucket, "b", b"1")
    site.allow("{OBJECT_READ}", "target.bucket.name = 'results', target.object.name = 'in/*'")
    assert site.ask("GET", f"/n/{NAMESPACE}/b/results/o/in/a") == (200, b"1")
    for elsewhere in ("results/o/b", "other/o/in/a"):
        assert code(site.ask("GET", f"/n/{NAMESPACE}/b/{elsewhere}")) == (404, "BucketNotFound")
    assert code(site.ask("DELETE", f"/n/{NAMESPACE}/b/results/o/in/a")) == (404, "BucketNotFound")


def test_writing_over_needs_another_permission_than_writing(site: Site) -> None:
    site.allow("{OBJECT_CREATE}")
    assert site.ask("PUT", OBJECT, b"1")[0] == 200
    assert code(site.ask("PUT", OBJECT, b"2")) == (404, "BucketNotFound")
    assert code(site.ask("PUT", OBJECT, b"2", if_none_match="*")) == (412, "IfNoneMatchFailed")
    site.allow("{OBJECT_OVERWRITE}")
    assert site.ask("PUT", OBJECT, b"2")[0] == 200


def test_the_namespace_asks_for_a_permission_only_with_a_compartment(site: Site) -> None:
    assert site.ask("GET", "/n")[0] == 200
    assert site.ask("GET", f"/n?compartmentId={site.home}")[0] == 404
    site.allow("read objectstorage-namespaces")
    assert site.ask("GET", f"/n?compartmentId={site.home}")[0] == 200


def test_a_link_reads_only_as_long_as_who_made_it_may(site: Site) -> None:
    site.allow("{PAR_MANAGE}")
    details = {"name": "x", "accessType": "ObjectRead", "objectName": "a", "timeExpires": "2100-01-01T00:00:00Z"}
    site.storage.put("results", "a", b"1")
    status, par = site.ask("POST", f"/n/{NAMESPACE}/b/results/p", details)
    assert status == 200
    assert _read(site.oci.answer(Request("GET", par["accessUri"], {})))[0] == 404
    site.allow("{OBJECT_READ}")
    assert _read(site.oci.answer(Request("GET", par["accessUri"], {}))) == (200, b"1")
    assert len(site.oci.state_of(Pars).all()) == 1


def test_a_model_can_be_named(site: Site) -> None:
    site.allow("use generative-ai-chat", "target.model.id = 'meta.llama-3.3-70b-instruct'")
    for model, status in (("meta.llama-3.3-70b-instruct", 200), ("openai.gpt-oss-120b", 404)):
        body = {"model": model, "messages": [{"role": "user", "content": "Hello"}]}
        path = "/openai/v1/chat/completions"
        assert site.ask("POST", path, body, opc_compartment_id=site.home)[0] == status


def test_the_region_is_the_one_that_is_asked(site: Site) -> None:
    site.allow("inspect generative-ai-model", "request.region = 'iad'")
    path = f"/20231130/models?compartmentId={site.home}"
    assert site.ask("GET", path)[0] == 404
    assert site.ask("GET", path, host="generativeai.us-ashburn-1.oci.oraclecloud.com")[0] == 200


def test_what_nobody_can_say_is_501_with_the_statement(site: Site) -> None:
    site.allow("manage moon-bases")
    status, answer = site.ask("GET", OBJECT)
    assert (status, answer["code"]) == (501, "NotImplemented")
    assert "moon-bases" in answer["message"]


def test_an_administrator_may_do_everything(site: Site, signed: Callable[..., Response]) -> None:
    assert signed("PUT", OBJECT, b"1").status == 200
    assert signed("GET", f"/n/{NAMESPACE}/b/results").status == 200


def test_a_connector_needs_its_source_and_its_function(site: Site) -> None:
    function = FakeFunction(site.oci)
    stream, hub = site.oci.state_of(Streaming).create("prompts"), site.oci.state_of(ConnectorHub)
    hub.backoff = lambda failures: 0.0
    queue = site.oci.state_of(Queues).create("jobs")
    hub.create("stream", from_stream(stream.id), to_function(function.id))
    hub.create("queue", from_queue(queue.id), to_function(function.id))
    stream.put([(None, b"1")])
    site.oci.state_of(Queues).messages(queue.id).put("2")
    who = "request.principal.type = 'serviceconnector'"
    assert [run.status for run in hub.pump()] == [404, 404]
    site.allow("{STREAM_READ, STREAM_CONSUME}", f"target.stream.id = '{stream.id}'", who)
    site.allow("{QUEUE_READ, QUEUE_CONSUME}", f"target.queue.id = '{queue.id}'", who)
    site.allow("use fn-invocation", "", who)
    assert [run.status for run in hub.pump()] == [404, 404]
    assert function.bodies == []
    site.allow("read fn-function", f"target.function.id = '{function.id}'", who)
    site.oci.clock.advance(60)
    assert [run.status for run in hub.pump()] == [200, 200]
    assert len(function.bodies) == 2


def test_a_rule_needs_its_function(site: Site) -> None:
    function, events = FakeFunction(site.oci), site.oci.state_of(Events)
    events.backoff = lambda failures: 0.0
    events.create("files", {}, [events.action("FAAS", function.id)])
    site.storage.create_bucket("inbox", object_events=True)
    assert [delivery.status for delivery in events.pump()] == [404]
    site.allow("read fn-function", "", "request.principal.type = 'eventrule'")
    site.allow("use fn-invocation", "", "request.principal.type = 'eventrule'")
    assert [delivery.status for delivery in events.pump()] == [200]


def test_who_invokes_a_function_needs_to(site: Site) -> None:
    function = FakeFunction(site.oci)
    path = f"/20181201/functions/{function.id}/actions/invoke"
    assert code(site.ask("POST", path, b"{}")) == (404, "NotAuthorizedOrNotFound")
    site.allow("use fn-invocation", f"target.function.id = '{function.id}'")
    assert site.ask("POST", path, b"{}")[0] == 200
    caller = function.callers[-1]
    assert caller is not None
    assert caller.subject_id == CALLER


def test_a_schedule_needs_the_function_too(site: Site) -> None:
    function = FakeFunction(site.oci)
    assert site.oci.state_of(Functions).on_schedule(function.id).status == 404
    site.allow("use fn-invocation", "", "request.principal.type = 'resourceschedule'")
    assert site.oci.state_of(Functions).on_schedule(function.id).status == 200


def test_an_invocation_record_needs_its_destination(site: Site) -> None:
    stream = site.oci.state_of(Streaming).create("failures")
    deployment, log = _Deployment(stream.id), _Log()
    for expected in (0, 1):
        send_record(site.oci, deployment, log, Settled("call", Response(200)))  # type: ignore[arg-type]  # as much as it reads
        assert sum(len(entries) for entries in (stream.read(0, 0, 10),)) == expected
        site.allow("{STREAM_PRODUCE}", f"target.stream.id = '{stream.id}'")
    assert "Authorization failed" in log.lines[0]


class _Deployment:
    id, app_id, failure_destination = CALLER, "", Destination()

    def __init__(self, destination: str) -> None:
        self.success_destination = Destination(destination)


class _Log:
    def __init__(self) -> None:
        self.lines: list[str] = []

    def add(self, line: str) -> None:
        self.lines.append(line)


def test_without_policies_nothing_is_asked(oci: MockOci, signed: Callable[..., Response]) -> None:
    oci.state_of(ObjectStorage).create_bucket("results")
    assert signed("PUT", OBJECT, b"1").status == 200
    assert list(oci.permissions.decisions) == []
