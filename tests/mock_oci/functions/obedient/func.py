"""Does what the JSON in its body tells it to: ``{"do": <one of ORDERS>, ...}``."""

import io
import json
import os
import time
from pathlib import Path
from typing import Any

from fdk import constants
from fdk.context import InvokeContext
from fdk.response import Response


def answer(
    ctx: InvokeContext,
    status: int = 200,
    text: str = "done",
    size: int = 0,
    headers: dict[str, str] | None = None,
) -> Response:
    return Response(ctx, response_data=text + "x" * size, headers=dict(headers or {}), status_code=status)


def answer_past_the_contract(ctx: InvokeContext, status: int) -> Response:
    constants.FN_ENFORCED_RESPONSE_CODES.append(status)
    return answer(ctx, status)


def fail(ctx: InvokeContext, error: str) -> None:
    raise {"ValueError": ValueError, "TimeoutError": TimeoutError}[error]("the reason is secret")


def leave(ctx: InvokeContext) -> None:
    os._exit(3)


def sleep(ctx: InvokeContext, seconds: float) -> str:
    time.sleep(seconds)
    return "slept"


def wait_for_file(ctx: InvokeContext, path: str, go: str = "") -> str:
    Path(f"{path}.begun").touch()
    while not Path(go or path).exists():
        time.sleep(0.002)
    return "saw it"


def write_line(ctx: InvokeContext, line: str) -> str:
    print(line, flush=True)
    return "written"


def read_credentials(ctx: InvokeContext) -> str:
    names = ("RPST", "PRIVATE_PEM")
    return json.dumps({name: Path(ctx.Config()[f"OCI_RESOURCE_PRINCIPAL_{name}"]).read_text() for name in names})


def read_paths(ctx: InvokeContext) -> str:
    return json.dumps([ctx.Config()[f"OCI_RESOURCE_PRINCIPAL_{name}"] for name in ("RPST", "PRIVATE_PEM")])


def handler(ctx: InvokeContext, data: io.BytesIO | None = None) -> Any:
    order = json.loads(data.getvalue())
    return ORDERS[order.pop("do")](ctx, **order)


ORDERS = {
    order.__name__: order
    for order in (
        answer,
        answer_past_the_contract,
        fail,
        leave,
        read_credentials,
        read_paths,
        sleep,
        wait_for_file,
        write_line,
    )
}
