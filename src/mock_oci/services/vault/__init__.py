"""Vault's secrets: their management and their retrieval in one table, and the state that tests reach for."""

from __future__ import annotations

from mock_oci.services.vault import retrieval, secrets
from mock_oci.services.vault.state import Secret, Secrets, SecretVersion

__all__ = ["OPERATIONS", "Secret", "SecretVersion", "Secrets"]

OPERATIONS = (*secrets.OPERATIONS, *retrieval.OPERATIONS)
