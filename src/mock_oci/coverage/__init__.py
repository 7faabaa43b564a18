"""What is served of what the OCI SDK knows, and the door that refuses the rest."""
