"""A ``python`` for programs of the pages that has imported what they import: each runs in a fork of one process.

An interpreter, OpenAI's client, OCI's SDK and ours take a second of CPU before the first line of a snippet. A program
has its own process, arguments, variables, folder and streams all the same; only that a signal ends it is not for here.
"""

from __future__ import annotations

import atexit
import contextlib
import gc
import importlib
import os
import runpy
import select
import socket
import subprocess
import sys
import threading
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).resolve().parents[1]
IMPORTED: Final = (
    *("openai", "openai.resources.chat", "openai.resources.responses", "httpx", "hcl2"),
    *("oci", "oci.generative_ai_inference.models", "oci.object_storage.models"),
    *("model_service.__main__", "model_service.models", "model_service.batch.batch", "model_service.transports.call"),
    *("mock_oci.__main__", "mock_oci", "mock_oci.doors.in_process", "mock_oci.fn.stack"),
)
END: Final = b"\0\0"
# Without `site` and without anything of ours: 15 ms.
CLIENT: Final = """\
#!{python} -IS
import os, socket, sys
with socket.socket(socket.AF_UNIX) as place:
    place.connect({path!r})
    variables = [f"{{name}}={{value}}" for name, value in os.environ.items()]
    told = "\\0".join([os.getcwd(), str(len(sys.argv) - 1), *sys.argv[1:], *variables])
    socket.send_fds(place, [os.fsencode(told) + {end!r}], [0, 1, 2])
    sys.exit(int(place.recv(16) or 70))
"""


@contextmanager
def warm_python(folder: Path) -> Iterator[Path]:
    """Yield the path of a program that takes what ``python`` does: ``-W error``, then a file, ``-m`` or ``-c``."""
    path, client = folder / "python.sock", folder / "python"
    client.write_text(CLIENT.format(python=sys.executable, path=str(path), end=END))
    client.chmod(0o755)
    words = [sys.executable, "-W", "error", "-m", "tests.warm_python", str(path)]
    server = subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    with server:
        assert server.stdout is not None
        assert server.stdout.readline() == "ready\n"
        yield client
        server.communicate(timeout=20)


def _serve(listener: socket.socket) -> list[bytes]:
    """Fork for each client until standard input ends; return, in the fork, what the client told."""
    while listener in select.select([listener, sys.stdin], [], [])[0]:
        client, _ = listener.accept()
        with client:
            if os.fork() == 0:
                listener.close()
                return _followed(client)
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
    sys.exit()


def _followed(client: socket.socket) -> list[bytes]:
    """Return what the client told in a process of its own, with the client's streams; tell it how that one ends."""
    told, streams, _, _ = socket.recv_fds(client, 65536, 3)
    while not told.endswith(END):
        told += client.recv(65536)
    if child := os.fork():
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        client.sendall(str(code if code >= 0 else 128 - code).encode())
        os._exit(0)
    client.close()
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin, sys.stdout = open(0, closefd=False), open(1, "w", closefd=False)  # noqa: SIM115 - as at a start
    sys.stderr = open(2, "w", buffering=1, errors="backslashreplace", closefd=False)  # noqa: SIM115 - see above
    return told.removesuffix(END).split(b"\0")


def _run(told: list[bytes]) -> None:
    folder, count, *rest = map(os.fsdecode, told)
    words, variables = rest[: int(count)], rest[int(count) :]
    os.chdir(folder)
    os.environ.clear()  # noqa: TID251 - as the program was started with
    os.environ.update(dict(variable.split("=", 1) for variable in variables))  # noqa: TID251 - see above
    warnings.resetwarnings()
    if words[:2] == ["-W", "error"]:
        warnings.simplefilter("error")
        words = words[2:]
    sys.path[0] = ""
    sys.path[1:1] = [path for path in os.environ.get("PYTHONPATH", "").split(":") if path]  # noqa: TID251 - see above
    _start(words)


def _start(words: list[str]) -> Any:
    if words[0] == "-m":
        sys.argv = words[1:]
        sys.modules.pop(f"{words[1]}.__main__", None)
        return runpy.run_module(words[1], run_name="__main__", alter_sys=True)
    if words[0] == "-c":
        sys.argv = ["-c", *words[2:]]
        return exec(words[1], {"__name__": "__main__"})
    sys.argv, sys.path[0] = words, str(Path(words[0]).resolve().parent)
    return runpy.run_path(words[0], run_name="__main__")


def _end(told: list[bytes]) -> None:
    """Run the program and end as an interpreter does, but for taking apart what all of them share: 0.3 s."""
    code: Any = 0
    try:
        _run(told)
    except SystemExit as end:
        code = end.code
    except BaseException:  # noqa: BLE001 - whatever it is, an interpreter prints it
        traceback.print_exc()
        code = 1
    threading._shutdown()  # type: ignore[attr-defined]  # what an interpreter does, too
    atexit._run_exitfuncs()
    if isinstance(code, str):
        print(code, file=sys.stderr)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(1 if isinstance(code, str) else code or 0)


if __name__ == "__main__":
    for name in IMPORTED:
        importlib.import_module(name)
    gc.freeze()  # forks share the pages that no collection writes into
    with socket.socket(socket.AF_UNIX) as place:
        place.bind(sys.argv[1])
        place.listen(64)
        print("ready", flush=True)
        program = _serve(place)
    _end(program)
