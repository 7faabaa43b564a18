"""Documents that settings name: inline, in the image, in Object Storage, or in a Vault secret; read anew on a timer."""

from __future__ import annotations

import base64
import binascii
import re
import time
from collections.abc import Callable
from dataclasses import field
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Final, Generic, Protocol, TypeVar
from urllib.parse import quote

from model_service.errors import ModelServiceError, SettingsError
from model_service.fn.invocation import Deadline
from model_service.light_dataclasses import dataclass
from model_service.logs import log
from model_service.oci_names import ObjectLocation
from model_service.upstream.response import read_object

if TYPE_CHECKING:  # both are for documents that lie elsewhere than in the image
    from model_service.oci_services.clients import RegionServices
    from model_service.oci_services.object_storage import ObjectStorage

T = TypeVar("T")

MAX_BYTES: Final = 1024 * 1024
LOAD_SECONDS: Final = 5.0  # for reading a document, whatever the call that needs it has left
RELOAD_SECONDS: Final = 2.0  # the same where there is one to go on with
# Compiled on first use: a file in the image needs neither.
OBJECT: Final = r"(?as)oci://(?P<bucket>[^/@]+)(@(?P<namespace>[^/@]+))?/(?P<name>.+)"
SECRET: Final = r"ocid1\.vaultsecret\.[a-z0-9]+\.[a-z0-9-]*\.[A-Za-z0-9._-]+"  # noqa: S105 - a pattern of OCIDs
SECRETS_PATH: Final = "/20190301/secretbundles/"  # oci.secrets.SecretsClient.get_secret_bundle


class Places(Protocol):
    """Where documents are read from, each opened on first use."""

    @property
    def region_services(self) -> RegionServices: ...

    @property
    def object_storage(self) -> ObjectStorage: ...


def read_document(variable: str, setting: str, places: Places, deadline: Deadline) -> tuple[str, str]:
    """Return what the document is called in errors, and its text.

    ``setting`` is the text itself (it has a line break, or begins with a brace), the OCID of a Vault secret,
    ``oci://bucket@namespace/object``, or a path, relative to the folder of func.yaml. Raise ``SettingsError``, or
    OCI's own error.
    """
    if "\n" in setting or setting.startswith("{"):
        return "the text of the variable", setting
    if is_secret(setting):
        return "the secret", read_secret(variable, setting, places, deadline)
    if "://" in setting:
        location = location_of(variable, setting)
        content = places.object_storage.get(location, MAX_BYTES, deadline)
        return f"{location.bucket}/{location.name}", _decoded(variable, location.name, content)
    return setting, read_file(variable, Path(setting))


def is_secret(setting: str) -> bool:
    """Return whether a setting is the OCID of a Vault secret."""
    return setting.startswith("ocid1.vaultsecret.") and re.fullmatch(SECRET, setting) is not None


def read_secret(variable: str, ocid: str, places: Places, deadline: Deadline, *, version: int | None = None) -> str:
    """Return the text of a secret, the current version unless another is named; raise ``SettingsError``.

    Source: https://docs.oracle.com/en-us/iaas/api/#/en/secretretrieval/20190301/SecretBundle/GetSecretBundle
    """
    client = places.region_services.secrets(ocid, deadline)
    query = f"?versionNumber={version}" if version is not None else ""
    bundle = read_object(client.send("GET", SECRETS_PATH + quote(ocid, safe="") + query, None, {}, deadline))
    content = bundle.get("secretBundleContent")
    text = content.get("content") if isinstance(content, dict) else None
    try:
        found = base64.b64decode(text or "", validate=True)
    except (binascii.Error, ValueError, TypeError):
        raise SettingsError(variable, "the secret's content is not base64") from None
    return _decoded(variable, "the secret", found)


def location_of(variable: str, setting: str) -> ObjectLocation:
    """Return where ``oci://bucket@namespace/object`` is; raise ``SettingsError``."""
    problem = "must be oci://<bucket>@<namespace>/<object>"
    match = re.fullmatch(OBJECT, setting)
    if match is None:
        raise SettingsError(variable, problem)
    try:
        bucket = ObjectLocation.of_bucket("/".join(part for part in (match["namespace"], match["bucket"]) if part))
    except ValueError:
        raise SettingsError(variable, problem) from None
    return ObjectLocation(bucket=bucket.bucket, namespace=bucket.namespace, name=match["name"])


def read_file(variable: str, path: Path) -> str:
    """Return the text of a file; raise ``SettingsError``."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:  # a NUL in the path is a ValueError
        problem = getattr(error, "strerror", None) or "not a path"
        raise SettingsError(variable, f"{path} cannot be read: {problem}") from None
    return _decoded(variable, str(path), content)


def _decoded(variable: str, name: str, content: bytes) -> str:
    if len(content) > MAX_BYTES:
        raise SettingsError(variable, f"{name} has more than {MAX_BYTES} bytes")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SettingsError(variable, f"{name}, line {line}: is not UTF-8") from None


@dataclass
class Refreshed(Generic[T]):
    """A value that is loaded on first use and again every ``seconds``; a good one stays while a new one is broken.

    Threads share it: one of them loads, and the others go on with what there is.
    """

    variable: str
    load: Callable[[Deadline], T]
    seconds: float
    clock: Callable[[], float] = time.monotonic
    load_seconds: float = LOAD_SECONDS
    _value: T | None = None
    _next: float = 0.0
    _lock: Lock = field(default_factory=Lock)

    def current(self) -> T:
        """Return the value; raise what ``load`` raises where there has never been a good one."""
        if self._value is not None and self.clock() < self._next:
            return self._value
        if not self._lock.acquire(blocking=self._value is None):
            assert self._value is not None  # noqa: S101 - nobody waits only where there is one
            return self._value
        try:
            if self._value is None or self.clock() >= self._next:
                self._value = self._loaded()
                self._next = self.clock() + self.seconds
            return self._value
        finally:
            self._lock.release()

    def _loaded(self) -> T:
        try:
            seconds = self.load_seconds if self._value is None else min(self.load_seconds, RELOAD_SECONDS)
            return self.load(Deadline.after(seconds))
        except ModelServiceError as error:
            if self._value is None:
                raise
            log.write("config_stale", variable=self.variable, error=error.code, message=error.message)
            return self._value


def refreshed(
    variable: str,
    setting: str,
    places: Places,
    seconds: float,
    read: Callable[[str, str], T],
    *,
    load_seconds: float = LOAD_SECONDS,
) -> Refreshed[T]:
    """Return the value of the document that ``setting`` names; ``read`` takes its text and its name."""

    def load(deadline: Deadline) -> T:
        name, text = read_document(variable, setting, places, deadline)
        return read(text, name)

    return Refreshed(variable, load, seconds, load_seconds=load_seconds)
