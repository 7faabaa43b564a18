"""Answers a chat request and logs nothing."""

import io

from fdk.context import InvokeContext
from fdk.response import Response


def handler(ctx: InvokeContext, data: io.BytesIO | None = None) -> Response:
    headers = {"Content-Type": "text/event-stream"}
    event = 'data: {"choices": [{"delta": {"content": "hello"}}]}\n\ndata: [DONE]\n\n'
    return Response(ctx, response_data=event, headers=headers)
