"""Writes a result for each JSON record of a batch and a dead letter for each other one: all that the batch demo needs.

``BREAKS`` in its configuration makes it fail instead, with this line in its log; ``HANGS`` names a file that it
touches after the first, and then it waits: a file that is there already does not hold it up. ``FAILS`` is the message
of a dead letter for every record. ``LOGS`` is a line for its log, and then it writes nothing else.
"""

import base64
import io
import json
import time
from pathlib import Path
from typing import Any

from fdk.context import InvokeContext


def store() -> Any:
    import oci  # a third of a second, which the runs that store nothing do without

    signer = oci.auth.signers.get_resource_principals_signer()
    return oci.object_storage.ObjectStorageClient({}, signer=signer, service_endpoint=CONFIG["ENDPOINT"])


def outcome(entry: dict) -> tuple[str, dict]:
    if "FAILS" in CONFIG:
        return f"dead/{entry['offset']}", {"error": {"code": "template_error", "message": CONFIG["FAILS"]}}
    try:
        prompt = json.loads(base64.b64decode(entry["value"]))
    except ValueError as error:
        return f"failed/{entry['offset']}", {"error": str(error)}
    return f"{entry['offset']}", {"n": prompt["n"], "usage": {"prompt_tokens": 3, "completion_tokens": 5}}


def handler(ctx: InvokeContext, data: io.BytesIO | None = None) -> str:
    CONFIG.update(ctx.Config())
    if "BREAKS" in CONFIG:
        print(CONFIG["BREAKS"], flush=True)
        raise ValueError("told to")
    if "LOGS" in CONFIG:
        print(CONFIG["LOGS"], flush=True)
        return "done"
    client = store()
    namespace = client.get_namespace().data
    for entry in json.loads(data.getvalue()):
        name, body = outcome(entry)
        client.put_object(namespace, "results", name, json.dumps(body))
        if "HANGS" in CONFIG and not Path(CONFIG["HANGS"]).is_file():
            Path(CONFIG["HANGS"]).touch()
            time.sleep(60)
    return "done"


CONFIG = {}
