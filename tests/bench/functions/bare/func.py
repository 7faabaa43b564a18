"""The least that a Python function can be: the FDK and nothing else."""

from fdk.response import Response


def handler(ctx, data=None):
    data.read()
    return Response(ctx, response_data='{"ok":true}', headers={"content-type": "application/json"})
