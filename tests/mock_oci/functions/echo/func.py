"""Answers with all that the FDK told it."""

import io
import json
import os
from pathlib import Path

from fdk.context import InvokeContext
from fdk.response import Response


def handler(ctx: InvokeContext, data: io.BytesIO | None = None) -> Response:
    seen = {
        "body": data.getvalue().decode("latin-1") if data else None,
        "call_id": ctx.CallID(),
        "deadline": ctx.Deadline(),
        "environment": dict(ctx.Config()),
        "folder": str(Path.cwd()),
        "headers": ctx.Headers(),
        "http_headers": ctx.HTTPHeaders(),
        "method": ctx.Method(),
        "pid": os.getpid(),
        "url": ctx.RequestURL(),
    }
    return Response(ctx, response_data=json.dumps(seen), headers={"Content-Type": "application/json"})
