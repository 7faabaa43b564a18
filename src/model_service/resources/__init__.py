"""Files, vector stores, containers and speech, passed through to the OCI host that serves them."""
