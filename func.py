"""The function that Fn starts: ``python3 func.py``, or ``fdk func.py handler``, which loads it with the first call."""

import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, BinaryIO

from fdk.context import InvokeContext
from fdk.response import Response

# Fn mounts the folder as it is; nothing in it is installed.
sys.path.insert(0, str(Path(__file__).resolve().parent / "src"))
from model_service.fn import lean_start

if __name__ == "__main__":
    lean_start.serve(__file__)  # which loads this file anew, under the name that the FDK gives it
lean_start.begin()
from model_service.app import App
from model_service.fn.fdk_response import respond
from model_service.fn.invocation import Invocation

app = App()
lean_start.settle()


def handler(ctx: InvokeContext, data: BinaryIO | None = None) -> Response | Coroutine[Any, Any, Response]:
    invocation = Invocation.from_fn(ctx, data)
    return respond(ctx, app.answer(invocation), invocation.deadline)
