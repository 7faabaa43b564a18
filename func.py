"""The function that Fn starts: ``fdk func.py handler``."""

import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, BinaryIO

from fdk.context import InvokeContext
from fdk.response import Response

# Fn mounts the folder as it is; nothing in it is installed.
sys.path.insert(0, str(Path(__file__).resolve().parent / "src"))

from model_service.app import App
from model_service.fn.fdk_response import respond
from model_service.fn.invocation import Invocation
from model_service.logs import log

log.configure()
app = App()


def handler(ctx: InvokeContext, data: BinaryIO | None = None) -> Response | Coroutine[Any, Any, Response]:
    return respond(ctx, app.answer(Invocation.from_fn(ctx, data)))
