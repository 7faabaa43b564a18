"""The real function, which says in a header how many Python functions were called since the call before this one."""

import importlib.util
import os
import sys

_spec = importlib.util.spec_from_file_location("real_func", os.environ["REAL_FUNC"])
real_func = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(real_func)

calls = {"python": 0}


def count(_frame, event, _argument):
    if event == "call":
        calls["python"] += 1


def handler(ctx, data=None):
    sys.setprofile(None)
    # From handler to handler is one whole request: the FDK's part, before and after, is in it.
    counted, calls["python"] = calls["python"], 0
    sys.setprofile(count)
    reply = real_func.handler(ctx, data)
    ctx.GetResponseHeaders()["x-python-calls"] = str(counted)
    return reply
