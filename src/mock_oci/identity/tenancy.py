"""The OCIDs of the emulated tenancy: the same in every process, so a failure reads the same twice."""

from __future__ import annotations

import base64
import functools
import hashlib
from dataclasses import dataclass


@functools.lru_cache(maxsize=4096)  # each call of a model compares its name with the OCID of every model
def ocid(resource_type: str, name: str, region: str = "") -> str:
    """Make an OCID of the real length (60 characters after the last dot) from ``name``."""
    unique = base64.b32encode(hashlib.sha256(f"{resource_type}/{name}".encode()).digest()).decode()
    return f"ocid1.{resource_type}.oc1.{region}.aaaaaaaa{unique.rstrip('=').lower()}"


@dataclass(frozen=True)
class Tenancy:
    """``tenancy_id`` is the root compartment's OCID too, as in OCI."""

    tenancy_id: str = ocid("tenancy", "mock_oci")
    compartment_id: str = ocid("compartment", "models")
    user_id: str = ocid("user", "developer")
