"""What a function gets that takes all it can; run as a program it prints that, as whoever runs it finds it."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from mock_oci import MockOci
from mock_oci.fn.functions import LocalFunctions
from mock_oci.fn.local_function import LocalFunction

FOLDER = Path(__file__).parents[1] / "functions" / "boundless"
PLACES = ("/", "/etc", "/usr", "/dev/shm", "/var/tmp", "/tmp", str(FOLDER))
PAUSE_SECONDS = 0.3


class Asked:
    """A function of 128 MB, confined as it is said."""

    def __init__(self, functions: LocalFunctions) -> None:
        self.functions = functions
        self.function: LocalFunction = functions.deploy(FOLDER, memory=128, timeout=60)

    def take(self, what: str, **order: Any) -> Any:
        response = self.functions.invoke(self.function.id, json.dumps({"take": what, **order}).encode())
        assert isinstance(response.body, bytes)
        answer = json.loads(response.body)
        return answer if response.status == 200 else answer["code"]

    def pauses(self) -> dict[str, Any]:
        """Have it go on after its answer, and see whether it is stopped in the meantime."""
        self.take("ticks")
        (container,) = self.function.containers
        give_up = time.monotonic() + (20 if "freeze" in self.functions.confined.on else PAUSE_SECONDS)
        while not container.is_frozen and time.monotonic() < give_up:
            time.sleep(0.01)
        time.sleep(PAUSE_SECONDS)
        return {"is_frozen": container.is_frozen, "seconds": self.take("pause")}


def observe(confine: str) -> dict[str, Any]:
    """Return what is in force, what is not and why, and what the function got."""
    with LocalFunctions(MockOci(), confine=confine) as functions:
        asked = Asked(functions)
        seen = {
            "identity": asked.take("identity"),
            "places": asked.take("places", paths=[f"{place.rstrip('/')}/mock-oci-{os.getpid()}" for place in PLACES]),
            "space": asked.take("space", most_mb=40),
            "names": asked.take("names", most=1100),
            "children": asked.take("children", most=60),
            "files": asked.take("files", most=400),
            "pauses": asked.pauses(),
            "memory": asked.take("memory", megabytes=200),
            "after": asked.take("identity")["user"],
        }
        on, off = dict(functions.confined.on), dict(functions.confined.off)
        return {"on": on, "off": off, "log": asked.function.logs(), "user": os.getuid(), **seen}


if __name__ == "__main__":
    json.dump(observe(sys.argv[1]), sys.stdout)
