"""The function that Fn starts: ``fdk func.py handler``."""

import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, BinaryIO

from fdk.context import InvokeContext
from fdk.response import Response

# Fn mounts the folder as it is; nothing in it is installed.
sys.path.insert(0, str(Path(__file__).resolve().parent / "src"))

from model_service import logs
from model_service.app import App
from model_service.fdk_bridge import respond
from model_service.invocation import Invocation

logs.configure()
app = App()


def handler(ctx: InvokeContext, data: BinaryIO | None = None) -> Response | Coroutine[Any, Any, Response]:
    return respond(ctx, app.answer(Invocation.from_fn(ctx, data)))
