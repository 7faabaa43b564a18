"""`python -m model_service batch redrive`: a folder of dead letters goes back through the same tasks, once each."""

from __future__ import annotations

import argparse
import base64
import io
import json
from pathlib import Path
from typing import Any

import pytest
from tests.model_service.batch.conftest import Place, place, prompt, tasks_with  # noqa: F401 - fixtures

from mock_oci.services.streaming.state import Streaming
from model_service.batch.record import Record
from model_service.cli.batch import add_arguments, run
from model_service.errors import InvalidRequest


def redrive(
    place: Place,  # noqa: F811 - the fixture
    monkeypatch: pytest.MonkeyPatch,
    tasks: dict[str, Any],
    *words: str,
    **more: str,
) -> tuple[int, str]:
    """Return the exit code and what the command writes."""
    endpoint = place.environment["OCI_GENAI_ENDPOINT"]
    own = {"MODEL_SERVICE_TASKS": json.dumps(tasks), "MODEL_SERVICE_OCI_ENDPOINT": endpoint}
    for name, value in {**place.environment, **own, **more}.items():
        monkeypatch.setenv(name, value)
    parser, out = argparse.ArgumentParser(), io.StringIO()
    add_arguments(parser)
    return run(parser.parse_args(["redrive", *words]), out), out.getvalue()


def test_a_folder_of_dead_letters_goes_back_through_the_same_tasks_once_each(
    place: Place,  # noqa: F811 - the fixture
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for number in range(3):
        place.oci.script.error(400, containing=f"prompt {number};")
    binary = Record("streaming", "streaming/prompts/0/9-1", b"\xff\xfe", {"stream": "prompts"})
    container = place.container()
    assert place.run(container, *(prompt(number) for number in range(5)), binary)["dead_letters"] == 4
    code, said = redrive(place, monkeypatch, tasks_with())
    assert (code, "delivered 3" in said, "dead letters 1" in said, binary.id in said) == (1, True, True, True)
    *left, sums = map(json.loads, redrive(place, monkeypatch, tasks_with(), "--json")[1].splitlines())
    assert left == [{"id": binary.id, "status": "dead_letters"}]
    assert (sums["letters"], sums["dead_letters"], sums["delivered"]) == (1, 1, 0)
    assert list(place.objects("failed")) == [binary.id]
    assert len(place.objects("results")) == 5
    asked = len(place.asked)
    code, said = redrive(place, monkeypatch, tasks_with())
    assert (code, len(place.asked)) == (1, asked)
    ignoring = tasks_with({"name": "rest", "ignore": True})
    assert redrive(place, monkeypatch, ignoring, "oci://results/failed/")[0] == 0
    assert place.objects("failed") == {}
    # What was tried again is a record like any other: it has its result.
    assert place.run(place.container(), *(prompt(number) for number in range(5)))["repeated"] == 5


def test_an_answer_that_only_its_sink_refused_is_not_asked_for_again(
    place: Place,  # noqa: F811 - the fixture
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Neither where a ledger has it, nor where nothing but the dead letter has."""
    path = f"/n/{place.storage.namespace}/b/results/o/results%2F{prompt(1).id.replace('/', '%2F')}.json"
    place.oci.script.error(413, "PayloadTooLarge", path=path)
    assert place.run(place.container(), prompt(1))["dead_letters"] == 1
    assert redrive(place, monkeypatch, tasks_with())[0] == 0
    assert (len(place.asked), list(place.objects("results")), place.objects("failed")) == (1, [prompt(1).id], {})


def test_letters_of_a_stream_come_from_a_file(
    place: Place,  # noqa: F811 - the fixture
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    stream = place.oci.state_of(Streaming).create("failed")
    place.storage.create_bucket("ledger")
    tasks = tasks_with(sinks={"failed": {"stream": stream.id}}, ledger={"bucket": "ledger"})
    place.oci.script.error(400, times=2)
    place.run(place.container(tasks, MODEL_SERVICE_OVERFLOW_BUCKET="results"), prompt(1), prompt(2))
    folder = tmp_path / "letters"
    folder.mkdir()
    file = folder / "letters.ndjson"
    file.write_bytes(b"\n".join(entry.value for entry in stream.entries()))
    more = {"MODEL_SERVICE_OVERFLOW_BUCKET": "results"}
    place.oci.script.error(400, containing="prompt 1;")
    code, said = redrive(place, monkeypatch, tasks, str(file), **more)
    assert (code, "delivered 1" in said, "dead letters 1" in said) == (1, True, True)
    assert len(stream.entries()) == 3  # that it failed again is a dead letter of its own
    assert redrive(place, monkeypatch, tasks, str(folder), **more)[0] == 0
    assert len(place.objects("results")) == 2


def test_what_would_be_tried_again_can_be_listed(
    place: Place,  # noqa: F811 - the fixture
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    place.oci.script.error(400, times=2)
    place.run(place.container(), prompt(1), prompt(2))
    code, said = redrive(place, monkeypatch, tasks_with(), "--dry-run")
    assert (code, said) == (0, f"{prompt(1).id}\n{prompt(2).id}\n")
    listed = redrive(place, monkeypatch, tasks_with(), "--dry-run", "--json")[1].splitlines()
    assert [json.loads(line) for line in listed] == [{"id": prompt(1).id}, {"id": prompt(2).id}]
    assert len(place.asked) == 2


@pytest.mark.parametrize(
    "content",
    [b"{}", b"[]", b"no JSON", json.dumps({"object": "model_service.result", "error": None}).encode()],
)
def test_what_is_no_dead_letter_is_refused(
    place: Place,  # noqa: F811 - the fixture
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    content: bytes,
) -> None:
    (tmp_path / "a.json").write_bytes(content)
    with pytest.raises(InvalidRequest):
        redrive(place, monkeypatch, tasks_with(), str(tmp_path / "a.json"))
    with pytest.raises(InvalidRequest, match="no such file"):
        redrive(place, monkeypatch, tasks_with(), str(tmp_path / "nowhere"))


def test_the_original_of_a_letter_is_what_had_arrived(place: Place) -> None:  # noqa: F811 - the fixture
    place.oci.script.error(400)
    place.run(place.container(), prompt(1))
    [letter] = place.objects("failed").values()
    assert base64.b64decode(letter["original"]) == prompt(1).content
