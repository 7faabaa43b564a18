"""The function behind a local gateway, for clients that have a virtual environment of their own: prints its URL.

Run by the project's own Python. A prompt of ``fail with 429`` gets that status from OCI.
"""

from __future__ import annotations

import signal
from pathlib import Path

from mock_oci import LocalStack, MockOci
from mock_oci.services.object_storage.state import ObjectStorage

ROOT = Path(__file__).resolve().parents[2]
STATUSES = (401, 403, 404, 409, 422, 429, 500, 503)

if __name__ == "__main__":
    oci = MockOci()
    for status in STATUSES:
        oci.script.error(status, containing=f"fail with {status}", times=10_000)
    oci.state_of(ObjectStorage).create_bucket("responses")
    config = {
        "MODEL_SERVICE_PROJECT_ID": "{project_id}",
        "MODEL_SERVICE_OCI_ENDPOINT": "{endpoint}",
        "MODEL_SERVICE_RESPONSES_BUCKET": "responses",
    }
    with LocalStack(ROOT, oci=oci, config=config, live=True) as stack:
        print(f"ready: {stack.gateway_url}", flush=True)
        signal.sigwait({signal.SIGTERM, signal.SIGINT})
