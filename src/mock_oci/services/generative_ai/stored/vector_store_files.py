"""/openai/v1/vector_stores/{id}: files, file_batches and search, for inference (docs: vector-store-files.htm)."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from mock_oci.identity.signatures import API_KEY, SIGNATURE
from mock_oci.operations import Call, Refused, json_response
from mock_oci.services.generative_ai.openai_errors import missing_parameter, openai_error
from mock_oci.services.generative_ai.responses.context import missing
from mock_oci.services.generative_ai.stored.stored import body_with, new_id, operation, page_of_rows
from mock_oci.services.generative_ai.stored.vector_stores import (
    VECTOR_STORES,
    StoreFile,
    VectorStore,
    counts,
    indexed,
)
from mock_oci.wire import Body, Response

_WORD = re.compile(r"\w+")
_SHELF = replace(VECTOR_STORES, hosts="inference.")


def _keep(call: Call, store: VectorStore, *files: StoreFile) -> VectorStore:
    new = {one.file.id for one in files}
    kept = tuple(one for one in store.files if one.file.id not in new)
    return _SHELF.store(call).keep(replace(store, files=(*kept, *files), used=call.cloud.clock()))


def add(call: Call) -> Response:
    store = _SHELF.found(call)
    body = body_with(call, ("file_id", "attributes", "chunking_strategy"), ("file_id",))
    added = indexed(call, body["file_id"], body.get("attributes"))
    _keep(call, store, added)
    return json_response(200, added.wire(store.id))


def list_files(call: Call) -> Response:
    store = _SHELF.found(call)
    return json_response(200, _page(call, store, store.files))


def _page(call: Call, store: VectorStore, files: tuple[StoreFile, ...]) -> Body:
    wanted = call.request.query.get("filter", "completed")
    if wanted not in ("in_progress", "completed", "failed", "cancelled"):
        raise openai_error("Invalid value for 'filter'.", "filter", "invalid_value")
    rows = [one.wire(store.id) for one in files] if wanted == "completed" else []
    return page_of_rows(call, rows, known=("filter",))


def read(call: Call) -> Response:
    store = _SHELF.found(call)
    return json_response(200, _file(call, store).wire(store.id))


def update(call: Call) -> Response:
    store = _SHELF.found(call)
    found, body = _file(call, store), body_with(call, ("attributes",), ("attributes",))
    changed = indexed(call, found.file.id, body["attributes"])
    _keep(call, store, changed)
    return json_response(200, changed.wire(store.id))


def delete(call: Call) -> Response:
    store = _SHELF.found(call)
    gone = _file(call, store)
    files = tuple(one for one in store.files if one is not gone)
    _SHELF.store(call).keep(replace(store, files=files))
    return json_response(200, {"id": gone.file.id, "object": "vector_store.file.deleted", "deleted": True})


def content(call: Call) -> Response:
    found = _file(call, _SHELF.found(call))
    parts = [{"type": "text", "text": _text(found)}]
    page = {"object": "vector_store.file_content.page", "data": parts, "has_more": False, "next_page": None}
    return json_response(200, page)


def add_batch(call: Call) -> Response:
    store = _SHELF.found(call)
    body = body_with(call, ("file_ids", "files", "attributes", "chunking_strategy"))
    named = body.get("files") or [{"file_id": id_} for id_ in body.get("file_ids") or ()]
    if not isinstance(named, list) or not named or not all(isinstance(one, Mapping) for one in named):
        raise missing_parameter("file_ids")
    added = [indexed(call, one.get("file_id"), one.get("attributes", body.get("attributes"))) for one in named]
    batch = new_id(call.cloud, "vsfb_")
    kept = _keep(call, store, *added)
    kept = replace(kept, batches={**kept.batches, batch: tuple(one.file.id for one in added)})
    _SHELF.store(call).keep(kept)
    return json_response(200, _batch(call, kept, batch))


def read_batch(call: Call) -> Response:
    return json_response(200, _batch(call, _SHELF.found(call), call.parameters["batch"]))


def cancel_batch(call: Call) -> Response:
    _batch(call, _SHELF.found(call), call.parameters["batch"])
    raise openai_error("Cannot cancel a file batch that is completed.")


def list_batch(call: Call) -> Response:
    store = _SHELF.found(call)
    _batch(call, store, call.parameters["batch"])
    ids = store.batches[call.parameters["batch"]]
    return json_response(200, _page(call, store, tuple(one for one in store.files if one.file.id in ids)))


def _batch(call: Call, store: VectorStore, id_: str) -> Body:
    if id_ not in store.batches:
        raise missing(f"VectorStoreFileBatch {id_} not found.")
    return {
        "id": id_,
        "object": "vector_store.files_batch",
        "created_at": int(call.cloud.clock()),
        "vector_store_id": store.id,
        "status": "completed",
        "file_counts": counts(len(store.batches[id_])),
    }


def search(call: Call) -> Response:
    """Rank the files by how many words of the query they have: what a real index finds nobody can promise."""
    store = _SHELF.found(call)
    known = ("query", "filters", "max_num_results", "ranking_options", "rewrite_query")
    body = body_with(call, known, ("query",))
    queries = body["query"] if isinstance(body["query"], list) else [body["query"]]
    most = body.get("max_num_results", 10)
    if not all(isinstance(query, str) for query in queries) or type(most) is not int or not 1 <= most <= 50:
        raise openai_error("Invalid 'query' or 'max_num_results'.", "query", "invalid_value")
    fits = _filter(body.get("filters"))
    words = {word for query in queries for word in _WORD.findall(query.lower())}
    scored = [(_score(words, one), one) for one in store.files if fits(one.attributes)]
    ranked = sorted((pair for pair in scored if pair[0] > 0), key=lambda pair: -pair[0])[:most]
    return json_response(
        200,
        {
            "object": "vector_store.search_results.page",
            "search_query": queries,
            "data": [_result(score, one) for score, one in ranked],
            "has_more": False,
            "next_page": None,
        },
    )


def _result(score: float, found: StoreFile) -> Body:
    return {
        "file_id": found.file.id,
        "filename": found.file.filename,
        "score": round(score, 4),
        "attributes": dict(found.attributes),
        "content": [{"type": "text", "text": _text(found)}],
    }


def _score(words: set[str], found: StoreFile) -> float:
    return len(words & set(_WORD.findall(_text(found).lower()))) / max(1, len(words))


def _text(found: StoreFile) -> str:
    return found.file.content.decode("utf-8", "replace")


def _filter(given: Any) -> Callable[[Mapping[str, Any]], bool]:
    """Return what a file's attributes have to be. Raises Refused; ``in`` is a 422 (seen by a third party, 2026)."""
    if given is None:
        return lambda _attributes: True
    kind = given.get("type") if isinstance(given, Mapping) else None
    if kind in ("and", "or") and isinstance(given.get("filters"), list):
        inner, all_or_any = [_filter(one) for one in given["filters"]], all if kind == "and" else any
        return lambda attributes: all_or_any(fits(attributes) for fits in inner)
    if kind in _COMPARED and isinstance(given.get("key"), str):
        return lambda attributes: _COMPARED[str(kind)](attributes.get(given["key"]), given.get("value"))
    raise Refused(
        Response(422, {"content-type": "text/plain; charset=utf-8"}, b"Failed to deserialize: unknown filter type")
    )


def _file(call: Call, store: VectorStore) -> StoreFile:
    for one in store.files:
        if one.file.id == call.parameters["file"]:
            return one
    raise missing(f"VectorStoreFile {call.parameters['file']} not found.")


def _ordered(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda held, wanted: (
        isinstance(held, int | float) and isinstance(wanted, int | float) and compare(held, wanted)
    )


_COMPARED: dict[str, Callable[[Any, Any], bool]] = {
    "eq": lambda held, wanted: held == wanted,
    "ne": lambda held, wanted: held != wanted,
    "gt": _ordered(lambda held, wanted: held > wanted),
    "gte": _ordered(lambda held, wanted: held >= wanted),
    "lt": _ordered(lambda held, wanted: held < wanted),
    "lte": _ordered(lambda held, wanted: held <= wanted),
}
_CREDENTIALS = (SIGNATURE, API_KEY)
_ONE = "/openai/v1/vector_stores/{id}"
_FILE = f"{_ONE}/files/{{file}}"
_BATCH = f"{_ONE}/file_batches/{{batch}}"
OPERATIONS = (
    operation("POST", f"{_ONE}/search", search, _CREDENTIALS),
    operation("POST", f"{_ONE}/files", add, _CREDENTIALS),
    operation("GET", f"{_ONE}/files", list_files, _CREDENTIALS),
    operation("GET", _FILE, read, _CREDENTIALS),
    operation("POST", _FILE, update, _CREDENTIALS),
    operation("DELETE", _FILE, delete, _CREDENTIALS),
    operation("GET", f"{_FILE}/content", content, _CREDENTIALS),
    operation("POST", f"{_ONE}/file_batches", add_batch, _CREDENTIALS),
    operation("GET", _BATCH, read_batch, _CREDENTIALS),
    operation("POST", f"{_BATCH}/cancel", cancel_batch, _CREDENTIALS),
    operation("GET", f"{_BATCH}/files", list_batch, _CREDENTIALS),
)
