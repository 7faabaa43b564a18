"""docs/examples/relay_follow.py hands a browser what a relay has written to a stream."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.request import Request, urlopen

import pytest
from tests.docs.pages import ROOT

from mock_oci import MockOci, serve
from mock_oci.doors.written_config import write_config
from mock_oci.services.streaming import Streaming
from model_service.app import App
from model_service.fn.invocation import Deadline, Invocation

EXAMPLE = ROOT / "docs/examples/relay_follow.py"


@pytest.fixture(scope="module")
def followed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Relay an answer under the key ``mine`` and another one under ``other``, and serve the page; yield its URL."""
    folder: Path = tmp_path_factory.mktemp("oci")
    oci = MockOci()
    stream = oci.state_of(Streaming).create("relays")
    with serve(oci) as server:
        write_config(oci, folder, server.url)
        exports = (line.removeprefix("export ").partition("=") for line in (folder / "env").read_text().splitlines())
        environment = {name: value.strip("'\"") for name, _, value in exports}
        environment |= {"OCI_PROFILE": "DEFAULT", "MODEL_SERVICE_OCI_ENDPOINT": server.url}
        environment |= {"MODEL_SERVICE_RELAY_DESTINATIONS": json.dumps([stream.id])}
        app = App(environment)
        with closing(app.service):
            for key, words in (("other", ["not ", "this"]), ("mine", ["Hello ", "browser"])):
                oci.script.chat(words)
                body = {"model": "meta.llama-3.3-70b-instruct", "messages": [{"role": "user", "content": "Hi"}]}
                body["relay"] = {"stream": stream.id, "key": key}
                app.answer(Invocation(json.dumps(body).encode(), Deadline.after(20), call_id=key)).whole()
        words = [stream.id, "--port", "0", "--endpoint", server.url, "--config-file", environment["OCI_CONFIG_FILE"]]
        process = subprocess.Popen([sys.executable, str(EXAMPLE), *words], stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        yield process.stdout.readline().removeprefix("ready: ").strip()
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=20)
        process.stdout.close()


def events(url: str, **headers: str) -> list[tuple[int, dict[str, object]]]:
    with urlopen(Request(f"{url}events?key=mine", headers=headers), timeout=20) as answer:
        assert answer.headers["content-type"] == "text/event-stream"
        blocks = answer.read().decode().strip().split("\n\n")
    lines = (block.split("\n") for block in blocks)
    return [(int(number.removeprefix("id: ")), json.loads(text.removeprefix("data: "))) for number, text in lines]


def test_the_page_gets_the_messages_of_its_key_in_order_and_no_others(followed: str) -> None:
    found = events(followed)
    assert [number for number, _ in found] == list(range(len(found)))
    said = "".join(
        choice["delta"].get("content") or ""
        for _, message in found
        for chunk in message["chunks"]
        for choice in chunk["choices"]
    )
    assert said == "Hello browser"
    assert found[-1][1]["last"]
    assert found[-1][1]["complete"]


def test_a_browser_that_comes_back_goes_on_where_it_was(followed: str) -> None:
    number, message = events(followed)[-1]
    assert events(followed, **{"Last-Event-ID": str(number - 1)}) == [(number, message)]


def test_the_page_is_served_and_fetches_nothing_from_elsewhere(followed: str) -> None:
    with urlopen(followed, timeout=20) as answer:
        page = answer.read().decode()
    assert "EventSource" in page
    assert "http" not in page.replace("<!doctype html>", "").replace("<html", "").replace("</html>", "")
