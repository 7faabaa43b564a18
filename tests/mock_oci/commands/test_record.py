"""`mock-oci record` between clients and a mock_oci in another process; `mock-oci replay` with nobody there."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import oci as sdk
import pytest
from tests.mock_oci.recording.conftest import SOURCES, Real, real, real_service

from mock_oci import MockOci
from mock_oci.__main__ import main
from mock_oci.doors.written_config import write_config
from mock_oci.live.hosts import Hosts, UnknownHost, client_of
from mock_oci.recording import read_recording
from mock_oci.wire import HOSTS, Request

__all__ = ["real", "real_service"]
ENVIRONMENT = {"PYTHONPATH": SOURCES, "PATH": os.environ["PATH"]}  # noqa: TID251 - of a command


@contextmanager
def started(*words: str) -> Iterator[tuple[str, Callable[[], tuple[int, str]]]]:
    """Yield the URL, and what ends it and gives its exit code and what it said."""
    command = [sys.executable, "-m", "mock_oci", *words]
    process = subprocess.Popen(command, env=ENVIRONMENT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    with process:
        try:
            assert process.stdout
            url = process.stdout.readline().removeprefix("ready: ").strip()

            def end() -> tuple[int, str]:
                process.send_signal(signal.SIGINT)
                said = process.communicate(timeout=20)[1]
                return process.returncode, said

            yield url, end
        finally:
            process.kill()


def session(url: str, config: dict[str, str]) -> list[str]:
    """Ask a control plane, and then where it says that its resource is asked."""
    admin = sdk.streaming.StreamAdminClient(config, service_endpoint=url)
    home = MockOci().tenancy.compartment_id
    made = admin.create_stream({"name": "s", "partitions": 1, "compartmentId": home}).data
    client = sdk.streaming.StreamClient(config, service_endpoint=url)
    details = sdk.streaming.models.PutMessagesDetails(
        messages=[sdk.streaming.models.PutMessagesDetailsEntry(value="aGVsbG8=")]
    )
    put = client.put_messages(made.id, details).data
    storage = sdk.object_storage.ObjectStorageClient(config, service_endpoint=url)
    return [made.name, str(put.failures), storage.get_namespace().data]


def test_whoever_asks_loopback_is_signed_for_and_recorded(real: Real, tmp_path: Path) -> None:
    file, own = tmp_path / "recording.json", tmp_path / "own"
    write_config(MockOci(), own, "http://127.0.0.1:1")  # a key that the real service does not know
    config = sdk.config.from_file(str(own / "config"))
    where = ["--config-file", str(real.folder / "config"), "--upstream", real.url]
    with started("record", str(file), *where) as (url, end):
        answers = session(url, config)
        said = httpx.post(f"{url}/20990101/nothing", trust_env=False).json()["message"]
        assert said == "mock_oci: no operation of the OCI SDK is POST /20990101/nothing"
        assert end() == (0, f"mock_oci: wrote {file}\n")
    calls = [call for call in real.calls() if call["status"] == 200]
    assert {call["principal"]["id"] for call in calls} == {real.config["user"]}
    assert [HOSTS.fullmatch(call["host"]) is not None for call in calls] == [True] * 3
    assert real.config["user"] not in file.read_text()
    assert [exchange.request.method for exchange in read_recording(file)] == ["POST", "POST", "GET"]
    with started("replay", str(file), "--all-used") as (url, end):
        replayed = session(url, config)
        assert replayed[:2] == answers[:2]
        assert replayed[2].startswith("namespace")
        assert end() == (0, "")


def test_a_command_finds_the_door_and_its_exit_code_is_passed_on(real: Real, tmp_path: Path) -> None:
    file = tmp_path / "recording.json"
    ask = (
        "import os, urllib.request as u; u.urlopen(os.environ['OCI_CLI_ENDPOINT'] + '/n/').read(); raise SystemExit({})"
    )
    where = ["--config-file", str(real.folder / "config"), "--upstream", real.url]

    def ran(verb: str, code: int, *options: str) -> tuple[int, str]:
        command = [
            sys.executable,
            "-m",
            "mock_oci",
            verb,
            str(file),
            *options,
            "--",
            sys.executable,
            "-c",
            ask.format(code),
        ]
        done = subprocess.run(command, env=ENVIRONMENT, capture_output=True, text=True, timeout=60, check=False)
        return done.returncode, done.stderr

    assert ran("record", 7, *where) == (7, f"mock_oci: the command failed, and nothing was written to {file}\n")
    assert not file.exists()
    assert ran("record", 0, *where) == (0, f"mock_oci: wrote {file}\n")
    file.write_text(json.dumps({**json.loads(file.read_text()), "exchanges": []}))
    code, said = ran("replay", 0)
    assert (code, "GET /n/ is not in the recording; nothing is left of it" in said) == (1, True)


def test_model_service_is_recorded_and_replayed(real: Real, tmp_path: Path) -> None:
    """It finds the door by the variables, and signs for loopback; the door signs for OCI."""
    file = tmp_path / "recording.json"
    ask = (
        "import model_service\n"
        "model = model_service.get_model('meta.llama-3.3-70b-instruct')\n"
        "answer = model.complete([{'role': 'user', 'content': 'Hi'}])\n"
        "print(answer['choices'][0]['message']['content'])"
    )
    own = {"OCI_CONFIG_FILE": str(real.folder / "config"), "OCI_PROFILE": "DEFAULT", "OCI_REGION": "us-chicago-1"}
    environment = {**ENVIRONMENT, **own, "OCI_COMPARTMENT_ID": real.compartment}

    def ran(*words: str) -> str:
        command = [sys.executable, "-m", "mock_oci", *words, "--", sys.executable, "-c", ask]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    real.script(kind="chat", text="Hello there.")
    assert (
        ran("record", str(file), "--config-file", str(real.folder / "config"), "--upstream", real.url)
        == "Hello there.\n"
    )
    assert ran("replay", str(file), "--all-used") == "Hello there.\n"


def test_a_stream_goes_through_in_its_pieces(real: Real, tmp_path: Path) -> None:
    file = tmp_path / "recording.json"
    message = {"role": "USER", "content": [{"type": "TEXT", "text": "Hi"}]}
    chat = {"apiFormat": "GENERIC", "messages": [message], "isStream": True}
    mode = {"servingType": "ON_DEMAND", "modelId": "meta.llama-3.3-70b-instruct"}
    details = {"compartmentId": real.compartment, "servingMode": mode, "chatRequest": chat}

    def pieces(url: str) -> list[str]:
        with httpx.stream("POST", f"{url}/20231130/actions/chat", json=details, trust_env=False) as answer:
            assert answer.headers["transfer-encoding"] == "chunked"
            return [line for line in answer.iter_lines() if line.startswith("data:")]

    real.script(kind="chat", text=["Be", "cause"])
    where = ["--config-file", str(real.folder / "config"), "--upstream", real.url]
    with started("record", str(file), *where) as (url, end):
        live = pieces(url)
        assert end()[0] == 0
    assert len(live) > 2
    assert len(read_recording(file)[0].pieces) == len(live)
    with started("replay", str(file)) as (url, end):
        assert len(pieces(url)) == len(live)
        assert end() == (0, "")


def test_without_the_sdk_it_is_said_in_one_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "oci", None)
    monkeypatch.setitem(sys.modules, "oci.object_storage", None)
    for words in (["record", "x.json"], ["record", "x.json", "--auth", "none", "--region", "eu-madrid-9"]):
        assert main(words) == 2
        assert "the OCI SDK is needed" in capsys.readouterr().err


def test_a_generative_ai_key_goes_on_as_it_is(tmp_path: Path, real: Real) -> None:
    file, secret = tmp_path / "recording.json", "sk-not-a-key-of-this-tenancy"
    with started("record", str(file), "--auth", "none", "--region", "us-chicago-1", "--upstream", real.url) as (
        url,
        end,
    ):
        headers = {"authorization": f"Bearer {secret}"}
        answer = httpx.post(f"{url}/openai/v1/chat/completions", json={}, headers=headers, trust_env=False)
        assert answer.status_code == 401
        assert end()[0] == 0
    assert secret not in file.read_text()


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (
            ["record", "x.json", "--config-file", "/nowhere"],
            "there are no credentials (profile): Could not find config",
        ),
        (["record", "x.json", "--auth", "none"], "--region is needed"),
        (["record", "x.json", "--auth", "none", "--region", "r", "--upstream", "me"], "'me' must be a URL"),
        (["replay", "/nowhere.json"], "/nowhere.json: No such file"),
    ],
)
def test_what_cannot_be_done_is_one_line(words: list[str], says: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words) == 2
    said = capsys.readouterr().err
    assert says in said
    assert said.count("\n") == 1


def test_the_host_is_found_by_the_operation() -> None:
    assert client_of("PUT", "/n/x/b/y/o/a/b/c") == "ObjectStorageClient"
    assert client_of("GET", "/20160918/compartments/x") == "IdentityClient"
    assert client_of("POST", "/20160918/vcns") == "VirtualNetworkClient"
    hosts = Hosts("eu-frankfurt-2")  # of another realm
    asked = {
        "/openai/v1/chat/completions": "inference.generativeai.eu-frankfurt-2.oci.oraclecloud.eu",
        "/20231130/openai/v1/vector_stores": "generativeai.eu-frankfurt-2.oci.oraclecloud.eu",
        "/p/token/n/x/b/y/o/z": "objectstorage.eu-frankfurt-2.oraclecloud.eu",
    }
    assert {path: hosts.of(Request("POST", path, {})) for path in asked} == asked
    with pytest.raises(UnknownHost, match="no operation of the OCI SDK is PUT /x"):
        hosts.of(Request("PUT", "/x", {}))


def test_where_a_resource_is_asked_is_learnt_from_its_control_plane() -> None:
    hosts = Hosts("us-chicago-1")
    stream = {
        "id": "ocid1.stream.oc1..a",
        "messagesEndpoint": "https://cell-3.streaming.us-chicago-1.oci.oraclecloud.com",
    }
    hosts.learn([stream])
    asked = Request("POST", "/20180418/streams/ocid1.stream.oc1..a/messages", {})
    assert hosts.of(asked) == "cell-3.streaming.us-chicago-1.oci.oraclecloud.com"
