"""Build the image of the function and run it as Functions would: ``make image-test``, ``python -m tests.image``.

Then the image of mock-oci, as docs/mock_oci.md has it. ``--mock-oci`` tries that one alone.
``--shapes`` then tries every kind of call in one memory shape after the other, and prints the table of docs/operate.md.
The exit code is 0 when all of it worked, 1 when the image is at fault, 3 when this machine can run no container.
"""

from __future__ import annotations

import json
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Final

from tests.image.base import OWN_TAGS, ROOT, base_of
from tests.image.container import FunctionContainer
from tests.image.deployed import deployed
from tests.image.docker import Docker, FaultError, MissingError, any_daemon
from tests.image.mock_oci_image import IMAGE as MOCK_OCI_IMAGE
from tests.image.mock_oci_image import try_mock_oci
from tests.image.shapes import record, shapes

from mock_oci import LoopbackServer, MockOci
from mock_oci.services.object_storage.state import ObjectStorage

IMAGE: Final = "model-service:image-test"
BUILD_SECONDS: Final = 1800.0
RECORDS: Final = 20


def main() -> int:
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that it ends as with Ctrl-C: with all taken away
    folder = Path(tempfile.mkdtemp(prefix="image-test-", dir="/tmp"))  # a socket's path must be short
    try:
        with any_daemon(folder) as docker:
            try:
                python = _base(docker, folder)
                if "--mock-oci" not in sys.argv[1:]:
                    _test(docker, folder, python)
                if "--shapes" in sys.argv[1:]:
                    _write_shapes(docker, folder)
                try_mock_oci(docker, _say)
            finally:
                docker.forget(IMAGE, MOCK_OCI_IMAGE, *OWN_TAGS)
    except MissingError as missing:
        print(f"image-test: not run. {missing}", file=sys.stderr)
        return 3
    except FaultError as fault:
        print(f"image-test: FAILED. {fault}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("image-test: interrupted", file=sys.stderr)
        return 130
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


def _base(docker: Docker, folder: Path) -> str:
    began = time.monotonic()
    python = base_of(docker, folder)
    _say(f"base           fnproject/python:{python}, {time.monotonic() - began:.0f} s")
    return python


def _test(docker: Docker, folder: Path, python: str) -> None:
    began = time.monotonic()
    docker.run(
        *("build", "--network", "host", "--build-arg", f"PYTHON={python}", "--tag", IMAGE, str(ROOT)),
        seconds=BUILD_SECONDS,
    )
    _say(f"build          {time.monotonic() - began:.0f} s, layers on the base: {_layers(docker)}")
    oci = MockOci()
    storage = oci.state_of(ObjectStorage)
    storage.create_bucket("results")
    with LoopbackServer(oci.answer) as server, deployed(docker, IMAGE, oci, server.url, folder) as container:
        _ask(container)
        found = len(storage.objects("results"))
        _expect(found == RECORDS, f"{found} of {RECORDS} results are in the bucket")
        container.check_confined()
        _say(f"memory         {container.memory()}")
        container.end()
        _say("SIGTERM        ended with exit code 0")


def _write_shapes(docker: Docker, folder: Path) -> None:
    _say("\n| kind of call | smallest memory | peak of the process there |\n|---|---:|---:|")
    for kind, memory, peak in shapes(docker, IMAGE, folder):
        _say(f"| {kind} | {memory} MB | {peak} MB |" if memory else f"| {kind} | none is enough | |")


def _layers(docker: Docker) -> str:
    """Return the sizes of the layers that the Dockerfile copies, largest first."""
    lines = docker.run("history", "--format", "{{.Size}}\t{{.CreatedBy}}", IMAGE).splitlines()
    sizes = [line.partition("\t")[0] for line in lines if "COPY" in line]
    return " + ".join(reversed(sizes))


def _ask(container: FunctionContainer) -> None:
    """Send what each transport and a connector would bring; raise ``FaultError`` for what is no answer."""
    chat = {"model": "meta.llama-3.3-70b-instruct", "messages": [{"role": "user", "content": "Hello"}]}
    for name in ("first chat", "second chat"):
        body, seconds = container.post("/v1/chat/completions", chat)
        _expect(bool(json.loads(body)["choices"][0]["message"]["content"]), f"{name}: {body!r}")
        _say(f"{name:<15}{seconds * 1000:.0f} ms")
    cohere = {**chat, "model": "cohere.command-a-03-2025", "stream": True}
    body, seconds = container.post("/v1/chat/completions", cohere)
    _expect(body.rstrip().endswith(b"data: [DONE]") and b'"content"' in body, f"Cohere stream: {body[-300:]!r}")
    _say(f"{'Cohere stream':<15}{seconds * 1000:.0f} ms, the SDK's import among them")
    answer, seconds = container.call([record(offset, f"Prompt number {offset}") for offset in range(RECORDS)])
    outcome = json.loads(answer.body)
    _expect(outcome.get("delivered") == RECORDS, f"batch: {outcome}")
    _say(f"{'batch':<15}{RECORDS} records in {seconds * 1000:.0f} ms")


def _expect(holds: bool, what: str) -> None:
    if not holds:
        raise FaultError(what)


def _say(line: str) -> None:
    print(f"  {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
