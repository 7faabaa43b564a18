"""ListObjects: names in order, between bounds, with common prefixes (oci.object_storage.models.ListObjects)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from mock_oci.operations import Call, json_response
from mock_oci.services.object_storage.buckets import bucket_of, storage_of
from mock_oci.services.object_storage.versions import StoredObject
from mock_oci.services.oci_surface import invalid, number_in, page_of, timestamp
from mock_oci.wire import Response

_MAX_PAGE = 1000


def list_objects(call: Call) -> Response:
    query = call.request.query
    limit, fields = number_in(query, "limit", _MAX_PAGE, 1, _MAX_PAGE), _fields(query.get("fields", "name"))
    _check_delimiter(query)
    scanned = _between(storage_of(call).objects(bucket_of(call).name), query)
    objects: list[dict[str, Any]] = []
    prefixes: list[str] = []
    following = None
    for item, prefix in _grouped(scanned, query):
        if prefix in prefixes:
            continue
        if len(objects) + len(prefixes) == limit:
            following = item.name
            break
        if prefix:
            prefixes.append(prefix)
        else:
            objects.append({field: _FIELDS[field](item) for field in fields})
    return json_response(200, {"objects": objects, "prefixes": prefixes, "nextStartWith": following})


def list_object_versions(call: Call) -> Response:
    """Answer a page of ObjectVersionCollection: every version by name, the latest first, delete markers too."""
    query, bucket = call.request.query, bucket_of(call)
    fields = [field for field in _fields(query.get("fields", "name")) if field != "name"]
    _check_delimiter(query)
    grouped = list(_grouped(_between(storage_of(call).versions(bucket.name), query), query))
    page, headers = page_of([row for row in grouped if not row[1]], query)
    items = [{**_version(item), **{field: _FIELDS[field](item) for field in fields}} for item, _ in page]
    prefixes = list(dict.fromkeys(prefix for _, prefix in grouped if prefix))
    return json_response(200, {"items": items, "prefixes": prefixes}, headers)


def _version(item: StoredObject) -> dict[str, Any]:
    """Write what ObjectVersionSummary always has; a version that was put while none were kept has no id."""
    told = {"versionId": item.version_id or None, "isDeleteMarker": item.is_delete_marker}
    return {"name": item.name, "timeModified": timestamp(item.modified), **told}


def _check_delimiter(query: Mapping[str, str]) -> None:
    if query.get("delimiter", "/") not in ("", "/"):
        raise invalid("Only '/' is a supported delimiter")


def _between(items: Iterable[StoredObject], query: Mapping[str, str]) -> Iterator[StoredObject]:
    prefix, start = query.get("prefix", ""), query.get("start", "").encode()
    after, end = query.get("startAfter", "").encode(), query.get("end", "").encode()
    for item in items:
        name = item.name.encode()
        if item.name.startswith(prefix) and name >= start and (not after or name > after) and (not end or name < end):
            yield item


def _grouped(items: Iterable[StoredObject], query: Mapping[str, str]) -> Iterator[tuple[StoredObject, str]]:
    """Yield each object with the prefix that stands for it, which is empty for one that stands for itself."""
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    for item in items:
        rest = item.name[len(prefix) :]
        folder = rest.partition(delimiter)[0] if delimiter and delimiter in rest else None
        yield item, "" if folder is None else f"{prefix}{folder}{delimiter}"


def _fields(text: str) -> list[str]:
    """Read the fields that are asked for. The name is always among them; their case does not matter."""
    known = {field.lower(): field for field in _FIELDS}
    asked = [field.strip().lower() for field in text.split(",") if field.strip()]
    unknown = [field for field in asked if field not in known]
    if unknown:
        raise invalid(f"'{unknown[0]}' is not a field of an object", "InvalidObjectProperty")
    return ["name", *(known[field] for field in asked if field != "name")]


_FIELDS: dict[str, Callable[[StoredObject], Any]] = {
    "name": lambda item: item.name,
    "size": lambda item: len(item.body),
    "md5": lambda item: item.md5,
    "etag": lambda item: item.etag,
    "timeCreated": lambda item: timestamp(item.created),
    "timeModified": lambda item: timestamp(item.modified),
    "storageTier": lambda _: "Standard",
    "archivalState": lambda _: None,
}
