"""The image of mock-oci as its page has it: built, healthy, found by an SDK beside it, and able to call a function."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import oci
from tests.image.base import OWN_TAGS, PULL_SECONDS, ROOT
from tests.image.docker import Docker, FaultError

IMAGE: Final = "mock-oci:image-test"
VOLUME: Final = "mock-oci-image-test"
BUILD_SECONDS: Final = 1800.0
HEALTHY_WITHIN: Final = 90.0  # a busy machine is no fault
ECHO: Final = ROOT / "tests/mock_oci/functions/echo"
# What an application in a container of its own does: it has the config of the volume, and the SDK from somewhere.
ASK: Final = """
import os, sys
sys.path.append("/sdk")
import oci
assert os.getuid() == 1000
config = oci.config.from_file("/mock-oci/config")
client = oci.object_storage.ObjectStorageClient(config, service_endpoint="http://127.0.0.1:9000")
namespace = client.get_namespace().data
home = config["tenancy"]
client.create_bucket(namespace, oci.object_storage.models.CreateBucketDetails(name="invoices", compartment_id=home))
print(client.get_bucket(namespace, "invoices").data.name)
"""


def try_mock_oci(docker: Docker, say: Callable[[str], None]) -> None:
    """Build and run it; raise ``FaultError`` where it is not as docs/mock_oci.md says."""
    began = time.monotonic()
    base = _base(docker)
    words = ("--network", "host", "--build-arg", f"BASE={base}", "--tag", IMAGE, str(ROOT / "src"))
    docker.run("build", *words, seconds=BUILD_SECONDS)
    size = int(docker.run("inspect", "--format", "{{.Size}}", IMAGE))
    say(f"mock-oci       built on {base} in {time.monotonic() - began:.0f} s, {size / 1e6:.0f} MB with its base")
    with _served(docker) as container:
        seconds = _await_health(docker, container)
        say(f"               healthy after {seconds:.1f} s, as user {_user(docker, container)}")
        env = docker.run("exec", container, "cat", "/mock-oci/env")
        _expect("export OCI_GENAI_ENDPOINT=http://mock-oci:9000\n" in env, f"the written environment is {env}")
        found = docker.run("run", "--rm", "--network", f"container:{container}", *_beside(), IMAGE, "-c", ASK)
        _expect(found == "invoices", f"the SDK beside it found {found}")
        docker.run("stop", "--time", "10", container)
        ended = docker.run("inspect", "--format", "{{.State.ExitCode}}", container)
        _expect(ended == "0", f"SIGTERM ended it with exit code {ended}")
    say("               found by the SDK in a container beside it; SIGTERM ended it with exit code 0")
    answer = docker.run(
        "run", "--rm", "--network", "none", "--volume", f"{ECHO}:/function:ro", IMAGE, "invoke", "/function"
    )
    _expect("call_id" in json.loads(answer), f"mock-oci invoke: {answer}")
    mounted = ("--volume", f"{ECHO}:/function:ro", "--network", "none")
    served = docker.run("run", "--detach", *mounted, IMAGE, "start", "/function", "--host", "0.0.0.0", "--port", "8080")
    try:
        _await_answer(docker, served)
    finally:
        docker.run("rm", "--force", served)
    say("               calls a function that is mounted, and serves it behind a gateway")


def _base(docker: Docker) -> str:
    """Return the base that its Dockerfile names, else the one that was made for the image of the function."""
    named = re.search(r"^ARG BASE=(\S+)", (ROOT / "src/Dockerfile").read_text(), re.MULTILINE)
    assert named is not None
    try:
        docker.run("pull", named[1], seconds=PULL_SECONDS)
    except FaultError:
        return OWN_TAGS[1]
    return named[1]


@contextmanager
def _served(docker: Docker) -> Iterator[str]:
    """Run what CMD says, confined, without any network but its own loopback."""
    docker.run("volume", "create", VOLUME)
    container = docker.run("run", "--detach", *_CONFINED, "--volume", f"{VOLUME}:/mock-oci", IMAGE)
    try:
        yield container
    finally:
        docker.run("rm", "--force", container)
        docker.run("volume", "rm", VOLUME)


def _await_health(docker: Docker, container: str) -> float:
    """Return after how many seconds its own check called it healthy."""
    began = time.monotonic()
    while (status := docker.run("inspect", "--format", "{{.State.Health.Status}}", container)) != "healthy":
        running = docker.run("inspect", "--format", "{{.State.Running}}", container) == "true"
        if not running or time.monotonic() - began > HEALTHY_WITHIN:
            raise FaultError(f"mock-oci is {status}:\n{docker.run('logs', '--tail', '20', container)}")
        time.sleep(0.2)
    return time.monotonic() - began


def _await_answer(docker: Docker, container: str) -> None:
    """Wait until the gateway in it answers with what the function says."""
    began = time.monotonic()
    ask = "from urllib.request import urlopen; print(urlopen('http://127.0.0.1:8080/any/path').status)"
    while True:
        try:
            answered = docker.run("exec", container, "python3", "-c", ask)
        except FaultError:
            if time.monotonic() - began > HEALTHY_WITHIN:
                raise
            time.sleep(0.5)
        else:
            _expect(answered == "200", f"the gateway answered {answered}")
            return


def _user(docker: Docker, container: str) -> str:
    user = docker.run("exec", container, "id", "-u")
    _expect(user == "1000", f"mock-oci runs as user {user}")
    return user


def _beside() -> list[str]:
    sdk = Path(oci.__file__).parents[1]
    return ["--volume", f"{VOLUME}:/mock-oci:ro", "--volume", f"{sdk}:/sdk:ro", "--entrypoint", "python3"]


def _expect(holds: bool, what: str) -> None:
    if not holds:
        raise FaultError(what)


_CONFINED: Final = (
    *("--read-only", "--tmpfs", "/tmp", "--cap-drop", "ALL", "--security-opt", "no-new-privileges"),
    *("--network", "none"),
)
