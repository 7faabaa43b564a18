"""OCI Functions and API Gateway on this machine, with the real FDK in processes of its own."""
