"""Send signed requests to OCI, and turn what comes back into answers or errors."""
