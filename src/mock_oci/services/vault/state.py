"""Secrets and their versions, each with the stages of a rotation (oci.vault.models.SecretVersion, ``stages``)."""

from __future__ import annotations

import base64
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from mock_oci.cloud import Cloud
from mock_oci.identity.tenancy import ocid
from mock_oci.services.resources import Resources

CURRENT, PENDING, LATEST, PREVIOUS, DEPRECATED = "CURRENT", "PENDING", "LATEST", "PREVIOUS", "DEPRECATED"


@dataclass(frozen=True)
class SecretVersion:
    """``content`` is base64; ``created`` in Unix seconds."""

    number: int
    name: str
    content: str = field(repr=False)
    stages: tuple[str, ...]
    created: float


@dataclass(frozen=True)
class Secret:
    """Times are Unix seconds; ``deletion`` is when it will be deleted, if it will."""

    id: str
    name: str
    vault_id: str
    key_id: str
    compartment_id: str
    created: float
    versions: tuple[SecretVersion, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)
    deletion: float | None = None
    revision: int = 0

    @property
    def current(self) -> SecretVersion:
        return next(version for version in self.versions if CURRENT in version.stages)

    @property
    def etag(self) -> str:
        return f"{self.id[-8:]}-{self.revision}"


class Secrets(Resources[Secret]):
    """The secrets of every vault of one tenancy in one region. Thread-safe."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__()
        self._cloud = cloud
        self._changing = threading.RLock()
        self.vault_id = ocid("vault", "mock_oci", cloud.region)
        self.key_id = ocid("key", "mock_oci", cloud.region)

    def create(self, name: str, content: str | bytes, **about: Any) -> Secret:
        """Keep a secret of this content: bytes, or their base64. Raises ValueError for a name that the vault has.

        ``about``: ``vault_id``, ``key_id``, ``compartment_id``, ``details`` and ``version_name``.
        """
        version_name = about.pop("version_name", "")
        usual = {"vault_id": self.vault_id, "key_id": self.key_id}
        about = {**usual, "compartment_id": self._cloud.tenancy.compartment_id, **about}
        with self._changing:
            if self.named(about["vault_id"], name) is not None:
                raise ValueError(f"the vault has a secret of the name {name}")
            id_ = ocid("vaultsecret", f"{name}/{self._cloud.next_serial()}", self._cloud.region)
            secret = Secret(id=id_, name=name, created=self._cloud.clock(), **about)
            return self.add_version(secret, content, CURRENT, version_name)

    def named(self, vault_id: str, name: str) -> Secret | None:
        """Return the secret of this name in this vault; ``None`` when there is none."""
        return next((secret for secret in self.all() if (secret.vault_id, secret.name) == (vault_id, name)), None)

    def add_version(self, secret: Secret, content: str | bytes, stage: str = CURRENT, name: str = "") -> Secret:
        """Keep a new version, ``CURRENT`` or ``PENDING``, and return the secret as it then is."""
        text = content if isinstance(content, str) else base64.b64encode(content).decode()
        number = len(secret.versions) + 1
        version = SecretVersion(number, name, text, (LATEST,), self._cloud.clock())
        versions = [*(_without(old, LATEST, PENDING) for old in secret.versions), version]
        staged = _rotated(versions, number) if stage == CURRENT else [*versions[:-1], _with(version, PENDING)]
        return self.change(secret, versions=_with_deprecated(staged))

    def promote(self, secret: Secret, number: int) -> Secret:
        """Make the version of this number the current one, and return the secret as it then is."""
        versions = [_without(version, PENDING) if version.number == number else version for version in secret.versions]
        return self.change(secret, versions=_with_deprecated(_rotated(versions, number)))

    def change(self, secret: Secret, **changes: Any) -> Secret:
        """Keep ``secret`` with these changes, under a new ETag."""
        with self._changing:
            return self.keep(secret.id, replace(secret, **changes, revision=secret.revision + 1))


def _rotated(versions: list[SecretVersion], number: int) -> list[SecretVersion]:
    """Move CURRENT to the version of this number; what was current until now is the previous one."""
    turned = []
    for version in versions:
        others = _without(version, PREVIOUS, *([DEPRECATED] if version.number == number else []))
        if version.number == number:
            turned.append(_with(_without(others, CURRENT), CURRENT))
        elif CURRENT in version.stages:
            turned.append(_with(_without(others, CURRENT), PREVIOUS))
        else:
            turned.append(others)
    return turned


def _with_deprecated(versions: list[SecretVersion]) -> tuple[SecretVersion, ...]:
    return tuple(version if version.stages else _with(version, DEPRECATED) for version in versions)


def _with(version: SecretVersion, *stages: str) -> SecretVersion:
    return replace(version, stages=(*stages, *version.stages))


def _without(version: SecretVersion, *stages: str) -> SecretVersion:
    return replace(version, stages=tuple(stage for stage in version.stages if stage not in stages))
