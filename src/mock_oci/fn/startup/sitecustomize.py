"""What the Python of a function's container runs first: its clients find OCI's own hosts at the local OCI."""

import os

from mock_oci.fn.local_hosts import ask_locally

ask_locally(os.environ["OCI_GENAI_ENDPOINT"])  # noqa: TID251 - this is a program's start, and reads its own configuration
