"""The function that Fn starts: ``fdk func.py handler``."""

import gc
import sys
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, BinaryIO

from fdk.context import InvokeContext
from fdk.response import Response

gc.disable()  # while modules are imported, of which nothing is garbage
# Fn mounts the folder as it is; nothing in it is installed.
sys.path.insert(0, str(Path(__file__).resolve().parent / "src"))
# httpcore imports them wherever they are installed; nothing here runs on them, and trio costs a cold start 40 modules.
for name in ("anyio", "trio"):
    sys.modules.setdefault(name, None)  # type: ignore[arg-type]  # "not there", as the import system has it

from model_service.app import App
from model_service.fn.fdk_response import respond
from model_service.fn.fdk_server import calm_timers, keep_classes
from model_service.fn.invocation import Invocation
from model_service.logs import log

log.configure()
calm_timers()
keep_classes()
app = App()
# What is loaded by now stays: the collector need not look at it again and again.
gc.freeze()
gc.enable()


def handler(ctx: InvokeContext, data: BinaryIO | None = None) -> Response | Coroutine[Any, Any, Response]:
    invocation = Invocation.from_fn(ctx, data)
    return respond(ctx, app.answer(invocation), invocation.deadline)
