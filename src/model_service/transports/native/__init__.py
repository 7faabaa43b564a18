"""Reach models through OCI's native API: every Cohere model, and dedicated AI clusters."""
