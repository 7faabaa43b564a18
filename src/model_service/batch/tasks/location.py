"""Where the tasks file is: in the setting itself, in an object of Object Storage, or in the image."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from model_service.batch.tasks.file import MAX_FILE_BYTES, VARIABLE
from model_service.errors import RequestTooLarge, SettingsError, UpstreamRefused
from model_service.fn.invocation import Deadline
from model_service.oci_names import ObjectLocation, Regions

if TYPE_CHECKING:
    from model_service.oci_services.object_storage import ObjectStorage

INLINE: Final = "the text of the variable"
# https://docs.oracle.com/en-us/iaas/Content/Object/Concepts/dedicatedendpoints.htm has both kinds of hosts; the other
# is that of the HDFS connector and of Data Flow.
OBJECT_URL: Final = re.compile(
    r"https://([\w-]+\.)?objectstorage\.(?P<region>[a-z0-9-]+)\.[a-z0-9.-]+/n/(?P<namespace>[^/]+)/b/(?P<bucket>[^/]+)/o/(?P<name>[^?#]+)"
    r"|oci://(?P<bucket2>[^/@]+)(@(?P<namespace2>[^/@]+))?/(?P<name2>.+)",
    re.ASCII | re.DOTALL,
)
AUTHENTICATED: Final = re.compile(r"https?://[^/]*/p/")


def tasks_text(setting: str, storage: Callable[[], ObjectStorage], deadline: Deadline) -> tuple[str, str]:
    """Return what the file is called in errors, and its text.

    ``setting`` is the text itself (it has a line break, or begins with a brace), an Object Storage URL, or a path,
    relative to the folder of func.yaml.

    Raises ``SettingsError``; while Object Storage has passing trouble, its own ``ModelServiceError``.
    """
    if "\n" in setting or setting.startswith("{"):
        return INLINE, setting
    if "://" in setting:
        place = object_at(setting)
        return f"{place.bucket}/{place.name}", _decoded(_stored(place, storage(), deadline), place.name)
    return setting, file_text(Path(setting))


def file_text(path: Path) -> str:
    """Return the text of a tasks file; raise ``SettingsError``."""
    try:
        with path.open("rb") as file:
            content = file.read(MAX_FILE_BYTES + 1)
    except FileNotFoundError:
        problem = f"there is no file {path} in {Path.cwd()}; it may also be a URL of Object Storage or the text itself"
        raise SettingsError(VARIABLE, problem) from None
    except (OSError, ValueError) as error:  # a NUL in the path is a ValueError
        problem = getattr(error, "strerror", None) or "this is no path"
        raise SettingsError(VARIABLE, f"{path} cannot be read: {problem}") from None
    return _decoded(content, str(path))


def _decoded(content: bytes, name: str) -> str:
    if len(content) > MAX_FILE_BYTES:
        raise SettingsError(VARIABLE, f"{name} has more than {MAX_FILE_BYTES} bytes")
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise SettingsError(VARIABLE, f"{name}, line {line}: is not UTF-8") from None


def _stored(place: ObjectLocation, storage: ObjectStorage, deadline: Deadline) -> bytes:
    try:
        return storage.get(place, MAX_FILE_BYTES, deadline)
    except RequestTooLarge:
        raise SettingsError(VARIABLE, f"{place.name} has more than {MAX_FILE_BYTES} bytes") from None
    except UpstreamRefused as refusal:
        region = place.region or "the function's own region"
        problem = f"Object Storage of {region} does not give {place.name}: {refusal.message}"
        raise SettingsError(VARIABLE, problem) from refusal


def object_at(url: str) -> ObjectLocation:
    """Return the object, or the folder, that a URL names; raise ``SettingsError``."""
    if AUTHENTICATED.match(url):
        raise SettingsError(
            VARIABLE, "must not be a pre-authenticated URL, which is a secret; the function signs for the object's own"
        )
    match = OBJECT_URL.fullmatch(url)
    if match is None:
        raise SettingsError(VARIABLE, f"must be the URL of an object: {' or '.join(FORMS)}")
    namespace = match["namespace"] or match["namespace2"]
    name = unquote(match["name"]) if match["name"] else match["name2"]
    try:
        bucket = ObjectLocation.of_bucket(
            "/".join(part for part in (namespace, match["bucket"] or match["bucket2"]) if part)
        )
    except ValueError:
        raise SettingsError(VARIABLE, "has a URL whose namespace or bucket cannot be a name") from None
    if name in (".", ".."):  # in a path they would mean the bucket itself, or what is above it
        raise SettingsError(VARIABLE, "has a URL whose object cannot be a name")
    return replace(bucket, name=name, region=_region_of(match))


def _region_of(match: re.Match[str]) -> str | None:
    region = match["region"] and Regions().identifier(match["region"])
    if match["region"] and region is None:
        raise SettingsError(VARIABLE, "has a URL that names a region which can be none")
    return region


FORMS: Final = (
    "https://objectstorage.<region>.oraclecloud.com/n/<namespace>/b/<bucket>/o/<object>",
    "oci://<bucket>@<namespace>/<object>",
)
