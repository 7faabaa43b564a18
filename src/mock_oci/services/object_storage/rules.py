"""The rules that buckets have: lifecycle policies, and retention rules with the objects that they hold.

Source: docs Object/Tasks/{usinglifecyclepolicies,usingretentionrules}.htm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from mock_oci.cloud import Cloud
from mock_oci.services.object_storage.versions import StoredObject
from mock_oci.services.oci_surface import timestamp
from mock_oci.services.resources import Resources
from mock_oci.wire import Body

SECONDS = {"DAYS": 86_400, "YEARS": 365 * 86_400}


class LifecyclePolicies(Resources[Body]):
    """The policy of each bucket that has one, by the bucket's name. Thread-safe."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__()
        del cloud


@dataclass(frozen=True)
class RetentionRule:
    """``amount`` of ``unit`` from an object's last change on; 0: for as long as there is the rule.

    Times in Unix seconds; ``locked``: when the rule can no longer be taken back, ``None``: never.
    """

    id: str
    bucket: str
    name: str
    amount: int
    unit: str
    locked: float | None
    created: float
    modified: float
    etag: str

    def holds(self, item: StoredObject, now: float) -> bool:
        return not self.amount or now < item.modified + self.amount * SECONDS[self.unit]

    def wire(self) -> dict[str, Any]:
        """Write the rule as oci.object_storage.models.RetentionRule has it."""
        return {
            "id": self.id,
            "displayName": self.name,
            "duration": {"timeAmount": self.amount, "timeUnit": self.unit} if self.amount else None,
            "etag": self.etag,
            "timeRuleLocked": timestamp(self.locked) if self.locked is not None else None,
            "timeCreated": timestamp(self.created),
            "timeModified": timestamp(self.modified),
        }


class RetentionRules(Resources[RetentionRule]):
    """The rules of all buckets, by their ids. Thread-safe."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__()
        del cloud

    def of_bucket(self, bucket: str) -> tuple[RetentionRule, ...]:
        """Return the rules of one bucket, the oldest first."""
        return tuple(rule for rule in self.all() if rule.bucket == bucket)

    def forget(self, bucket: str) -> None:
        """Forget the rules of a bucket that is gone."""
        for rule in self.of_bucket(bucket):
            self.delete(rule.id)
