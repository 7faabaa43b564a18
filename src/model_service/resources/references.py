"""Find the files, vector stores and containers that a request names; all must belong to the caller.

A model reads what it is pointed at, so a request for an answer is a way to read another's file.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from model_service.errors import InvalidRequest

if TYPE_CHECKING:
    from model_service.openai_api.resources import ResourceKind
    from model_service.resources.hosts import ResourceService
    from model_service.transports.call import Call

MAX_REFERENCES: Final = 20  # each is looked up


def check_references(service: ResourceService, request: Any, call: Call) -> None:
    """Raise ``NotFound`` if a request names another owner's object, ``InvalidRequest`` if it names too many."""
    named = list(dict.fromkeys((*references_in(getattr(request, "body", None)), *_references_in_form(request))))
    if len(named) > MAX_REFERENCES:
        raise InvalidRequest(
            f"The request names {len(named)} files, vector stores and containers; where callers are kept apart, it "
            f"must be at most {MAX_REFERENCES}.",
            code="too_many_references",
        )
    if named and call.owner is not None:
        # On first use: every call of a service that keeps callers apart comes here, and few name anything.
        from model_service.resources.owned import OwnedResources  # noqa: PLC0415 - see above

        owned = OwnedResources(service, call, call.owner)
        for kind, name in named:
            owned.check(kind, name)


def references_in(value: Any) -> Iterator[tuple[ResourceKind, str]]:
    """Yield the kind and the id of each object in a request; items that only describe earlier calls are skipped."""
    if isinstance(value, list):
        for item in value:
            yield from references_in(item)
    elif isinstance(value, dict):
        for name, inner in value.items():
            if name in KIND_OF_FIELD:
                yield from ((KIND_OF_FIELD[name], text) for text in _ids_in(inner))
            if name not in FREE and isinstance(inner, dict | list):
                yield from references_in(_pointing(name, inner))


def _ids_in(value: Any) -> Iterator[str]:
    """Yield the strings in a field of ids, also in nested lists and objects, which a server might accept."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _ids_in(item)
    elif isinstance(value, dict):
        yield from (text for name in ID_NAMES for text in _ids_in(value.get(name)))


def _pointing(name: str, value: Any) -> Any:
    """Return the part of the field ``name``, an object or an array, that may refer to stored objects."""
    if name in ITEMS and isinstance(value, list):
        return [item for item in value if not _is_call(item)]
    if name == "variables" and isinstance(value, dict):  # of a prompt: their names are the caller's own
        return list(value.values())
    return value


def _references_in_form(request: Any) -> Iterator[tuple[ResourceKind, str]]:
    """Yield the same for a form; a form that creates a file has none."""
    if getattr(request, "form", None) is None or request.operation.is_of_all:
        return
    from model_service.resources.form import read_form  # noqa: PLC0415 - as above

    for part in read_form(request.form, request.content_type):
        kind = KIND_OF_FIELD.get(part.name.partition("[")[0])
        if kind is not None:
            yield kind, part.content.decode("utf-8", "replace")


def _is_call(item: Any) -> bool:
    """Return whether an item tells of a call that a model has made; anywhere else its type is a field like others."""
    return isinstance(item, dict) and item.get("type") in CALLS


KIND_OF_FIELD: Final[dict[str, ResourceKind]] = {
    "file_id": "files",
    "file_ids": "files",
    "vector_store_id": "vector_stores",
    "vector_store_ids": "vector_stores",
    "container": "containers",
    "container_id": "containers",
}

ID_NAMES: Final = ("id", "ids")  # of an object in the place of an id

# What a model has called: openai.types.responses; an item of any other type may point at something.
CALLS: Final = frozenset(
    {"apply_patch_call", "code_interpreter_call", "computer_call", "custom_tool_call", "file_search_call"}
    | {"function_call", "image_generation_call", "local_shell_call", "mcp_call", "shell_call", "tool_search_call"}
    | {"web_search_call"}
)

ITEMS: Final = frozenset({"input", "items", "response_items"})  # lists of items, of which some are calls of a model

# What may have any names in it, and what tells of an earlier answer.
FREE: Final = frozenset(
    {"annotations", "arguments", "attributes", "metadata", "parameters", "response_format", "text"}
    | {"response_annotations"}
)
