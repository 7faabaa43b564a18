"""The real function, answering with the modules that a call has loaded instead of with its answer."""

import importlib.util
import json
import os
import sys

from fdk.response import Response

_spec = importlib.util.spec_from_file_location("real_func", os.environ["REAL_FUNC"])
real_func = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(real_func)


def handler(ctx, data=None):
    reply = real_func.handler(ctx, data)
    loaded = sorted(name for name, module in sys.modules.items() if module is not None)
    seen = {"status": reply.status(), "body": reply.body_bytes().decode(), "modules": loaded}
    return Response(ctx, response_data=json.dumps(seen), headers={"content-type": "application/json"})
