"""One call in a process of its own: the body on stdin, the rest as JSON in the argument, what it took on stdout."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "src"))

from model_service.app import App
from model_service.fn.invocation import Deadline, Invocation


def main() -> None:
    spec, body = json.loads(sys.argv[1]), sys.stdin.buffer.read()
    started = time.monotonic()
    invocation = Invocation(body, Deadline.after(spec["seconds"]), "01CALL", spec["headers"])
    del body
    reply = App(spec["environment"]).answer(invocation)
    size = sum(map(len, [reply.body] if isinstance(reply.body, bytes) else reply.body))
    seconds = round(time.monotonic() - started, 1)
    error = json.loads(reply.body).get("error") or {} if isinstance(reply.body, bytes) and size < 10_000 else {}
    # Not ru_maxrss, which a process has from the one that started it.
    status = Path("/proc/self/status").read_text()
    peak = int(status.partition("VmHWM:")[2].split()[0]) // 1024
    sys.stdout.write(json.dumps({"MB": peak, "seconds": seconds, "bytes": size, "code": error.get("code")}))


if __name__ == "__main__":
    main()
