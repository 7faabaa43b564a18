"""Files, vector stores, containers and speech, passed through to whichever of OCI's hosts has them."""
