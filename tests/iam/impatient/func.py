"""The function as it is, but that it sends its metrics at once: no test waits a minute."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "src"))
from model_service.usage import metrics

metrics.SEND_SECONDS = 0.0  # type: ignore[misc]  # Final, for who does not test

from model_service.app import App
from model_service.fn.fdk_response import respond
from model_service.fn.invocation import Invocation

app = App()


def handler(ctx, data=None):  # type: ignore[no-untyped-def]  # as Fn calls it
    invocation = Invocation.from_fn(ctx, data)
    return respond(ctx, app.answer(invocation), invocation.deadline)
