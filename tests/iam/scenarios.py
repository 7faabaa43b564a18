"""What each feature is for, from one end to the other, with the statements of its own and no others."""

from __future__ import annotations

import argparse
import io
import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from tests.iam.site import HELLO, LLAMA, Site, read, whole

from mock_oci.fn.functions import DETACHED
from mock_oci.fn.gateway.issuer import LocalIssuer
from mock_oci.services.connector_hub import ConnectorHub
from mock_oci.services.connector_hub.batches import from_queue, from_stream, to_function
from mock_oci.services.connector_hub.feeds import Logs
from mock_oci.services.events import Events
from mock_oci.services.generative_ai.stored.files import FILES, File
from mock_oci.services.monitoring import CustomMetrics
from mock_oci.services.notifications import Notifications
from mock_oci.services.object_storage import Pars
from mock_oci.services.queues import Queues
from mock_oci.services.streaming import Streaming
from mock_oci.services.vault import Secrets
from mock_oci.wire import Request
from model_service.cli import keys as keys_command

_FORM: Final = (
    b'--b0\r\nContent-Disposition: form-data; name="purpose"\r\n\r\nassistants\r\n--b0\r\nContent-Disposition: '
    b'form-data; name="file"; filename="cats.txt"\r\n\r\nthe cat sat\r\n--b0--\r\n'
)
IMPATIENT: Final = Path(__file__).with_name("impatient")
ASK: Final = {"model": LLAMA, "messages": HELLO}
GPT: Final = "openai.gpt-oss-120b"


def chat(site: Site) -> None:
    with site.running():
        gateway = site.gateway()
        answer = site.through(gateway, "POST", "/v1/chat/completions", ASK)
        assert answer.status == 200
        assert read(answer)["choices"]
        command = {**ASK, "model": "cohere.command-a-03-2025"}
        assert read(site.through(gateway, "POST", "/v1/chat/completions", command))["choices"]  # the SDK's transport


def embeddings(site: Site) -> None:
    with site.running():
        answer = site.directly({"operation": "embeddings", "model": "cohere.embed-v4.0", "input": ["a", "b"]})
        assert len(answer["data"]) == 2
        assert site.directly(ASK)["choices"]


def rerank(site: Site) -> None:
    with site.running():
        body = {"model": "cohere.rerank-v4.0-fast", "query": "a", "documents": ["a", "b"]}
        assert site.directly({"operation": "rerank", **body})["results"]
        assert site.directly(ASK)["choices"]


@contextmanager
def _with_a_project(site: Site) -> Iterator[Callable[..., Any]]:
    """Yield what asks a path below /v1 of the gateway; a body of bytes is a form."""
    with site.running(MODEL_SERVICE_PROJECT_ID=site.oci.projects.default.id):
        gateway = site.gateway()

        def ask(method: str, path: str, body: Any = None, *, raw: bool = False, statuses: Any = (200,)) -> Any:
            kind = {"content_type": "multipart/form-data; boundary=b0"} if isinstance(body, bytes) else {}
            answer = site.through(gateway, method, f"/v1{path}", body, **kind)
            assert answer.status in statuses, (method, path, answer)
            return whole(answer) if raw else read(answer)

        yield ask


def _file_of_an_administrators(site: Site) -> str:
    """Return the id of a file that is there, whoever may upload one."""
    project, now = site.oci.projects.default.id, site.oci.clock()
    file = File("file-1", project, "cats.txt", "assistants", now, content=b"the cat sat")
    return site.oci.state_of(FILES.state).keep(file).id


def responses(site: Site) -> None:
    with _with_a_project(site) as ask:
        assert ask("POST", "/chat/completions", ASK)["choices"]
        made = ask("POST", "/responses", {"model": GPT, "input": "My name is Ada."})
        assert ask("GET", f"/responses/{made['id']}")["id"] == made["id"]
        assert ask("GET", f"/responses/{made['id']}/input_items")["data"]
        later = ask("POST", "/responses", {"model": GPT, "input": "Hello", "background": True})
        assert ask("POST", f"/responses/{later['id']}/cancel")["status"] == "cancelled"
        assert ask("DELETE", f"/responses/{made['id']}")["deleted"]
        talk = ask("POST", "/conversations", {})["id"]
        item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "Hello"}]}
        [kept] = ask("POST", f"/conversations/{talk}/items", {"items": [item]})["data"]
        assert ask("GET", f"/conversations/{talk}/items")["data"]
        assert ask("GET", f"/conversations/{talk}/items/{kept['id']}")["id"] == kept["id"]
        assert ask("POST", f"/conversations/{talk}", {"metadata": {"a": "b"}})["metadata"] == {"a": "b"}
        assert ask("GET", f"/conversations/{talk}")["id"] == talk
        assert ask("DELETE", f"/conversations/{talk}/items/{kept['id']}")
        assert ask("DELETE", f"/conversations/{talk}")["deleted"]


def files(site: Site) -> None:
    with _with_a_project(site) as ask:
        made = ask("POST", "/files", _FORM)["id"]
        assert ask("GET", f"/files/{made}")["id"] == made
        assert ask("GET", "/files")["data"]
        assert ask("GET", f"/files/{made}/content", raw=True) == b"the cat sat"
        assert ask("DELETE", f"/files/{made}")["deleted"]
        assert ask("POST", "/chat/completions", ASK)["choices"]


def vector_stores(site: Site) -> None:
    file = _file_of_an_administrators(site)
    with _with_a_project(site) as ask:
        store = ask("POST", "/vector_stores", {"name": "pets"})["id"]
        one = f"/vector_stores/{store}"
        assert ask("GET", "/vector_stores")["data"]
        assert ask("POST", one, {"name": "animals"})["name"] == "animals"
        assert ask("GET", one)["id"] == store
        assert ask("POST", f"{one}/files", {"file_id": file})["status"] == "completed"
        assert ask("GET", f"{one}/files")["data"]
        assert ask("POST", f"{one}/files/{file}", {"attributes": {"kind": "pet"}})["id"] == file
        assert ask("GET", f"{one}/files/{file}")["id"] == file
        assert ask("GET", f"{one}/files/{file}/content")["data"]
        assert ask("POST", f"{one}/search", {"query": "cat"})["data"]
        assert ask("DELETE", f"{one}/files/{file}")["deleted"]
        batch = ask("POST", f"{one}/file_batches", {"file_ids": [file]})["id"]
        assert ask("GET", f"{one}/file_batches/{batch}")["id"] == batch
        assert ask("GET", f"{one}/file_batches/{batch}/files")["data"]
        ask("POST", f"{one}/file_batches/{batch}/cancel", statuses=(200, 400))  # which may have ended already
        assert ask("DELETE", one)["deleted"]
        assert ask("POST", "/chat/completions", ASK)["choices"]


def containers(site: Site) -> None:
    file = _file_of_an_administrators(site)
    with _with_a_project(site) as ask:
        made = ask("POST", "/containers", {"name": "work"})["id"]
        one = f"/containers/{made}"
        assert ask("GET", "/containers")["data"]
        assert ask("GET", one)["id"] == made
        kept = ask("POST", f"{one}/files", {"file_id": file})["id"]
        assert ask("GET", f"{one}/files")["data"]
        assert ask("GET", f"{one}/files/{kept}")["id"] == kept
        assert ask("GET", f"{one}/files/{kept}/content", raw=True) == b"the cat sat"
        assert ask("DELETE", f"{one}/files/{kept}")["deleted"]
        assert ask("DELETE", one)["deleted"]
        assert ask("POST", "/chat/completions", ASK)["choices"]


def speech(site: Site) -> None:
    with _with_a_project(site) as ask:
        body = {"model": "xai.grok-tts", "voice": "Eve", "input": "Good morning", "response_format": "wav"}
        assert ask("POST", "/audio/speech", body, raw=True).startswith(b"RIFF")


def models(site: Site) -> None:
    endpoint = site.oci.catalogue.add_endpoint(LLAMA)
    with site.running():
        assert {LLAMA, endpoint} <= {item["id"] for item in site.directly({"operation": "models"})["data"]}
        assert site.directly(ASK)["choices"]


def dedicated_endpoints(site: Site) -> None:
    endpoint = site.oci.catalogue.add_endpoint(LLAMA)
    with site.running():
        assert site.directly({**ASK, "model": endpoint})["choices"]
        assert site.directly(ASK)["choices"]


def large_answers(site: Site) -> None:
    site.oci.script.chat("a long answer " * 600_000)
    with site.running():
        answer = site.directly(ASK)
        [par] = site.oci.state_of(Pars).all()
        assert par.path in json.dumps(answer)
        [piece] = [site.oci.answer(Request("GET", par.path, {}))]
        assert piece.status == 200
        assert read(piece)["choices"]


def kept_responses(site: Site) -> None:
    responses(site)  # the same routes lead to OCI's own, whose statements stand beside those of the bucket
    with site.running():
        gateway = site.gateway()

        def ask(method: str, path: str, body: Any = None) -> Any:
            answer = site.through(gateway, method, f"/v1{path}", body)
            assert answer.status == 200, (method, path, read(answer))
            return read(answer)

        first = ask("POST", "/responses", {"model": LLAMA, "input": "My name is Ada."})
        assert first["store"] is True
        again = {"model": LLAMA, "input": "Who am I?", "previous_response_id": first["id"]}
        assert "Ada" in json.dumps(ask("POST", "/responses", again)["output"])
        assert ask("GET", f"/responses/{first['id']}") == first
        assert ask("GET", f"/responses/{first['id']}/input_items")["data"]
        assert ask("DELETE", f"/responses/{first['id']}")["deleted"]
        conversation = ask("POST", "/conversations", {"model": LLAMA})["id"]
        for text in ("My name is Ada.", "Who am I?"):  # the second is written over the first
            turn = ask("POST", "/responses", {"model": LLAMA, "input": text, "conversation": conversation})
            assert turn["conversation"] == {"id": conversation}
        assert len(ask("GET", f"/conversations/{conversation}/items")["data"]) == 4
        assert ask("DELETE", f"/conversations/{conversation}")["deleted"]


def requests_from_objects(site: Site) -> None:
    site.storage.put("requests", "one.json", json.dumps(ASK).encode())
    with site.running():
        assert site.directly({"body_from": {"bucket": "requests", "object": "one.json"}})["choices"]


def relay(site: Site) -> None:
    queue, stream = json.loads(site.made["config"]["MODEL_SERVICE_RELAY_DESTINATIONS"])
    with site.running():
        for place in ({"queue": queue, "channel": "mine"}, {"stream": stream, "key": "mine"}):
            answer = site.directly({**ASK, "relay": place})
            assert answer["model_service"]["relay"]["complete"] is True, answer
    assert site.oci.state_of(Queues).messages(queue).all("mine")


def records_from_a_stream(site: Site) -> None:
    [stream] = site.oci.state_of(Streaming).all()
    stream.put([(None, json.dumps({"prompt": f"number {number}"}).encode()) for number in range(20)])
    with site.running():
        hub = site.oci.state_of(ConnectorHub)
        hub.backoff = lambda failures: 0.0
        connector = hub.create("prompts", from_stream(stream.id), to_function(site.function.id, number=20))
        for _ in range(2):  # again from the beginning, as Connector Hub may: nothing is asked or written twice
            [run] = hub.pump()
            assert (run.status, run.records) == (200, 20), site.function.logs()
            connector.configure({"source": {**connector.details["source"], "cursor": {"kind": "TRIM_HORIZON"}}})
            hub.delete(connector.id)
            connector = hub.create("again", from_stream(stream.id), to_function(site.function.id, number=20))
    names = [item.name for item in site.storage.objects("model-service-results")]
    assert len([name for name in names if name.endswith(".json") and not name.startswith("model-service/")]) == 20


def records_from_a_queue(site: Site) -> None:
    source = next(queue for queue in site.oci.state_of(Queues).all() if queue.id != site.real[_WORK])
    kinds = ("stream", "queue", "topic", "function")
    for number in range(20):
        site.oci.state_of(Queues).messages(source.id).put(json.dumps({kinds[number % 4]: number + 1}))
    site.oci.state_of(Queues).messages(source.id).put(json.dumps({"no task": "wants it"}))  # a dead letter
    with site.running():
        hub = site.oci.state_of(ConnectorHub)
        hub.create("jobs", from_queue(source.id), to_function(site.function.id, number=21))
        [run] = hub.pump()
        assert (run.status, run.records) == (200, 21), site.function.logs()
        site.oci.state_of(Queues).messages(source.id).put(json.dumps({"stream": "and one more"}))
        [run] = hub.pump()  # one record is looked up by itself, many by a list
        assert (run.status, run.records) == (200, 1), site.function.logs()
    stream = site.oci.state_of(Streaming).find(site.real["ocid1.stream.oc1..answers"])
    assert stream is not None
    assert len(stream.entries()) == 6
    assert len(site.oci.state_of(Queues).messages(site.real[_WORK]).all(None)) == 5
    assert {decision.asked.operation for decision in site.decisions} >= {"PublishMessage", "InvokeFunction"}
    assert [len(item.body) for item in site.storage.objects("ledger")] == [0] * 21  # each one is noted as delivered


def files_that_arrive(site: Site) -> None:
    with site.running():
        events = site.oci.state_of(Events)
        condition = {"eventType": "com.oraclecloud.objectstorage.createobject"}
        events.create("files", condition, [events.action("FAAS", site.function.id)])
        site.storage.put("inbox", "a.txt", b"Dear all")
        assert [delivery.status for delivery in events.pump()] == [200], site.function.logs()
    assert len(site.storage.objects("model-service-results")) == 1


def keys(site: Site, folder: Path) -> None:
    key = _key_in_a_secret(site, folder)
    site.folder = IMPATIENT
    with site.running():
        gateway = site.gateway()
        for _ in range(2):
            assert site.through(gateway, "POST", "/v1/chat/completions", ASK, authorization=key).status == 200
        assert site.through(gateway, "POST", "/v1/chat/completions", ASK).status == 401
    assert site.oci.state_of(CustomMetrics).streams()


def settings_elsewhere(site: Site, folder: Path) -> None:
    key = _key_in_a_secret(site, folder)
    site.storage.put("settings", "service.json", json.dumps({"models": {"aliases": {"prod": LLAMA}}}).encode())
    with site.running():
        body = {**ASK, "model": "prod"}
        answer = site.through(site.gateway(), "POST", "/v1/chat/completions", body, authorization=key)
        assert answer.status == 200


def _key_in_a_secret(site: Site, folder: Path) -> str:
    """Return what a client shows, a bearer's key, once its digest is in the secret."""
    parser, out, document = argparse.ArgumentParser(), io.StringIO(), folder / "keys.json"
    document.write_text("{}")
    keys_command.add_arguments(parser)
    given = ["--at", str(document), "create", "--owner", "ada", "--team", "search"]
    keys_command.run(parser.parse_args(given), out)
    secrets = site.oci.state_of(Secrets)
    [secret] = secrets.all()
    secrets.add_version(secret, document.read_bytes())
    return f"Bearer {out.getvalue().strip().split()[-1]}"


def tokens(site: Site) -> None:
    issuer = LocalIssuer("https://login.example.com/", "https://login.example.com/keys", site.oci.clock)
    with site.running():
        gateway = site.gateway(issuer)
        token = issuer.token(sub="ada", aud="model-service", scope="models.use")
        named = {"authorization": f"Bearer {token}", "x_subscription_token": "subscription-of-team-a"}
        assert site.through(gateway, "POST", "/v1/chat/completions", ASK, **named).status == 200


def detached_calls(site: Site) -> None:
    with site.running():
        for body in (ASK, {"model": LLAMA}):
            site.functions.invoke(site.function.id, json.dumps(body).encode(), invoke_type=DETACHED)
            site.function.detached_runs[-1].outcome.result(30)
    stream = site.oci.state_of(Streaming).find(site.real["ocid1.stream.oc1..done"])
    assert stream is not None
    assert len(stream.entries()) == 1
    assert len(site.oci.state_of(Notifications).published) == 1


def other_compartments_pay(site: Site) -> None:
    payer = site.real["ocid1.compartment.oc1..payer"]
    with site.running():
        for compartment in (None, payer):
            more = {"compartment_id": compartment} if compartment else {}
            assert site.directly({**ASK, **more})["choices"]
            embed = {"operation": "embeddings", "model": "cohere.embed-v4.0", "input": ["a"], **more}
            assert site.directly(embed)["data"]


def usage_in_a_bucket(site: Site) -> None:
    one_chat(site)
    [group] = set(re.findall(r"target\.loggroup\.id = '([^']+)'", " ".join(site.made["statements"])))
    source = {
        "kind": "logging",
        "logSources": [{"compartmentId": site.oci.tenancy.compartment_id, "logGroupId": group}],
    }
    target = {"kind": "objectStorage", "bucketName": "model-service-usage"}
    connector = site.oci.state_of(ConnectorHub).create("usage", source, target)
    site.oci.state_of(Logs).add({"event": "usage"}, group_id=group)
    site.oci.clock.advance(3600)
    run = connector.pump()
    assert run is not None
    assert (run.status, run.records) == (200, 1)
    assert len(site.storage.objects("model-service-usage")) == 1


def one_chat(site: Site) -> None:
    with site.running():
        assert site.directly(ASK)["choices"]


_WORK: Final = "ocid1.queue.oc1..work"
SCENARIOS: Final[dict[str, Callable[..., None]]] = {
    "a dynamic group": one_chat,
    "chat": chat,
    "containers": containers,
    "dedicated endpoints": dedicated_endpoints,
    "detached calls": detached_calls,
    "embeddings": embeddings,
    "files": files,
    "files that arrive": files_that_arrive,
    "keys": keys,
    "large answers": large_answers,
    "kept responses": kept_responses,
    "models": models,
    "other compartments pay": other_compartments_pay,
    "records from a queue": records_from_a_queue,
    "records from a stream": records_from_a_stream,
    "relay": relay,
    "requests from objects": requests_from_objects,
    "rerank": rerank,
    "responses": responses,
    "settings elsewhere": settings_elsewhere,
    "speech": speech,
    "tokens": tokens,
    "traces": one_chat,
    "usage in a bucket": usage_in_a_bucket,
    "vector stores": vector_stores,
}
