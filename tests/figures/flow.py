"""How many files one request passes, and how often it jumps from one to another: run in a process of its own.

``python flow.py CHECKOUT`` prints JSON. It runs the function of that checkout on the mock_oci of that checkout and
counts, in the third call of each kind, with what is imported or made once out of the way. ``modules`` are those of the
function that its first V1 chat has loaded.
"""

from __future__ import annotations

import io
import json
import shlex
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

MESSAGES = [{"role": "user", "content": "Hello"}]
CHAT = {"model": "meta.llama-3.3-70b-instruct", "messages": MESSAGES}
STREAM = {"model": "cohere.command-a-03-2025", "messages": MESSAGES, "stream": True}
TASKS = {
    "sinks": {"results": {"bucket": "results", "name": "{{ id }}.json"}},
    "dead_letters": "results",
    "tasks": [{"name": "all", "match": {"source": "streaming"}, "request": CHAT, "sink": "results"}],
}
RECORD = {"stream": "s", "partition": "0", "key": None, "value": "e30=", "timestamp": 1595884800000}
GATEWAY = {
    "fn-intent": "httprequest",
    "fn-http-method": "POST",
    "fn-http-request-url": "/v1/chat/completions",
    "fn-http-h-content-type": "application/json",
}


class Flow:
    """Counts the calls between files of one folder, in all threads."""

    def __init__(self, folder: Path) -> None:
        self.folder = str(folder)
        self.files: set[str] = set()
        self.functions: set[tuple[str, str]] = set()
        self.jumps = 0

    def measure(self, call: Callable[[], object]) -> dict[str, int]:
        """Return what ``call`` passes: files, functions, and jumps, which are calls from one file to another."""
        threading.setprofile(self._seen)
        sys.setprofile(self._seen)
        try:
            call()
        finally:
            sys.setprofile(None)
            threading.setprofile(None)  # type: ignore[arg-type]  # None ends it, as in sys.setprofile
        return {"files": len(self.files), "functions": len(self.functions), "jumps": self.jumps}

    def _seen(self, frame: Any, event: str, _argument: object) -> None:
        if event != "call" or not frame.f_code.co_filename.startswith(self.folder):
            return
        here = (frame.f_code.co_filename, frame.f_code.co_qualname)
        self.files.add(here[0])
        self.functions.add(here)
        caller = frame.f_back
        while caller is not None and not caller.f_code.co_filename.startswith(self.folder):
            caller = caller.f_back
        if caller is not None and caller.f_code.co_filename != here[0]:
            self.jumps += 1


def main(checkout: Path) -> None:
    sys.path[:0] = [str(checkout), str(checkout / "src")]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "mock_oci", "--port", "0", "--write-config", folder]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=checkout / "src") as emulator:
            assert emulator.stdout is not None
            try:
                url = emulator.stdout.readline().removeprefix("ready: ").strip()
                print(json.dumps(measured(checkout, environment(Path(folder), url))))
            finally:
                emulator.terminate()


def environment(folder: Path, url: str) -> dict[str, str]:
    lines = (folder / "env").read_text().splitlines()
    exported = dict(shlex.split(line.removeprefix("export "))[0].split("=", 1) for line in lines)
    return {
        "OCI_CONFIG_FILE": str(folder / "config"),
        "OCI_PROFILE": "DEFAULT",
        "OCI_GENAI_ENDPOINT": url,
        "OCI_COMPARTMENT_ID": exported["OCI_COMPARTMENT_ID"],
        "MODEL_SERVICE_OCI_ENDPOINT": url,
        "MODEL_SERVICE_TASKS": json.dumps(TASKS),
    }


def make_bucket(settings: Mapping[str, str]) -> None:
    import oci

    profile = oci.config.from_file(settings["OCI_CONFIG_FILE"])
    storage = oci.object_storage.ObjectStorageClient(profile, service_endpoint=settings["OCI_GENAI_ENDPOINT"])
    compartment_id = settings["OCI_COMPARTMENT_ID"]
    details = oci.object_storage.models.CreateBucketDetails(name="results", compartment_id=compartment_id)
    storage.create_bucket(storage.get_namespace().data, details)


def measured(checkout: Path, settings: Mapping[str, str]) -> dict[str, Any]:
    import func
    from fdk.context import context_from_format

    from model_service.app import App

    app = App(settings)

    def call(body: Any, headers: Mapping[str, str]) -> bytes:
        headers = {"fn-call-id": "call", "content-type": "application/json", **headers}
        context, data = context_from_format("http-stream", headers=headers, data=io.BytesIO(json.dumps(body).encode()))
        return app.answer(func.Invocation.from_fn(context, data)).whole()

    offsets = iter(range(100))
    kinds: dict[str, Callable[[], bytes]] = {
        "V1 chat": lambda: call(CHAT, GATEWAY),
        "Cohere stream": lambda: call(STREAM, GATEWAY),
        "batch of two": lambda: call([RECORD | {"offset": next(offsets)} for _ in range(2)], {}),
    }
    kinds["V1 chat"]()
    modules = sorted(name for name in sys.modules if name.split(".")[0] in {"model_service", "oci"})
    make_bucket(settings)
    expected = {"V1 chat": b'"choices"', "Cohere stream": b"[DONE]", "batch of two": b'"delivered":2'}
    found: dict[str, Any] = {"modules": modules}
    for kind, one in kinds.items():
        for _ in range(3):
            flow = Flow(checkout / "src" / "model_service")
            found[kind] = flow.measure(lambda one=one, kind=kind: expect(one(), expected[kind]))
    return found


def expect(body: bytes, text: bytes) -> None:
    if text not in body.replace(b'": ', b'":'):
        raise SystemExit(f"not answered: {body.decode()}")


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve())
