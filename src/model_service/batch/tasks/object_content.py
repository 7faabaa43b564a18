"""What an event's object holds, as a task's template gets it: a text, or an image as a data URL."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

from model_service.batch.tasks.tasks import Task
from model_service.errors import InvalidRequest, RequestTooLarge
from model_service.fn.invocation import Deadline
from model_service.upstream.retries import PERSISTENT

if TYPE_CHECKING:
    from model_service.oci_services.object_storage import ObjectStorage

TRY_SECONDS: Final = 30.0


def content_of(task: Task, view: Mapping[str, Any], storage: ObjectStorage, deadline: Deadline) -> str:
    """Return the object that a task with a ``reading`` reads.

    Raise ``InvalidRequest``, 413 for an object above its limit, and what Object Storage says where there is none.
    """
    assert task.reading is not None  # noqa: S101 - what this is for
    place, reading = task.object_place(view), task.reading
    try:
        content = PERSISTENT.call(lambda one_try: storage.get(place, reading.limit, one_try), deadline, TRY_SECONDS)
    except RequestTooLarge:
        problem = f"The object has more than {reading.limit} bytes, the limit of its task."
        raise RequestTooLarge(problem, param="read.limit") from None
    return KINDS[reading.kind](content)


def _text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise InvalidRequest("The object is not UTF-8 text.", code="invalid_object") from None


def _image(content: bytes) -> str:
    # By what it is: the name and the content type are whatever the uploader said.
    for kind, start, at in SIGNATURES:
        if content[at : at + len(start)] == start:
            return f"data:image/{kind};base64,{base64.b64encode(content).decode()}"
    known = ", ".join(sorted({kind for kind, _, _ in SIGNATURES}))
    raise InvalidRequest(f"The object is not an image of a type that models take ({known}).", code="invalid_object")


SIGNATURES: Final = (
    ("png", b"\x89PNG\r\n\x1a\n", 0),
    ("jpeg", b"\xff\xd8\xff", 0),
    ("gif", b"GIF87a", 0),
    ("gif", b"GIF89a", 0),
    ("webp", b"WEBP", 8),
)

KINDS: Final[Mapping[str, Callable[[bytes], str]]] = {"text": _text, "image": _image}
