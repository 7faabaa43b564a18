"""Dead letters on their way back: each is read into the record that it was, and the answer that it has, if any."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from model_service.batch.memory import KeptAnswer
from model_service.batch.record import Record
from model_service.errors import InvalidRequest
from model_service.fn.invocation import Deadline
from model_service.oci_names import ObjectLocation
from model_service.oci_services.object_storage import ObjectStorage
from model_service.openai_api.encoding import read_json_object, write_json

MAX_LETTER_BYTES: Final = 64 * 1024 * 1024
# Of what could not be read as it came; it is the same a second time.
FAULTS: Final = frozenset({"not_json", "too_many_records"})


@dataclass(frozen=True)
class Letter:
    """A dead letter: the record that failed, and the model's answer where only the sink refused."""

    record: Record
    answer: KeptAnswer | None = None
    remove: Callable[[], None] = field(default=lambda: None, repr=False)


def read_letter(body: bytes, whole: Callable[[ObjectLocation], bytes] | None = None) -> Letter:
    """Return the letter; raise ``InvalidRequest`` for what is none.

    ``whole`` reads the object that a letter refers to which was too large for its message.
    """
    letter = read_json_object(body)
    reference = letter.get("reference")
    if letter.get("original") is None and isinstance(reference, dict) and whole is not None:
        letter = read_json_object(whole(ObjectLocation(None, str(reference.get("bucket")), str(reference.get("name")))))
    error, metadata, name = letter.get("error"), letter.get("record"), letter.get("id")
    if not (isinstance(error, dict) and isinstance(metadata, dict) and isinstance(name, str)):
        raise InvalidRequest("This is not a dead letter.", code="not_a_dead_letter")
    try:
        content = base64.b64decode(letter["original"], validate=True)
    except (KeyError, ValueError, TypeError):
        raise InvalidRequest("The dead letter has no original.", code="not_a_dead_letter") from None
    known = {key: value for key, value in metadata.items() if key != "source"}
    fault = None
    if error.get("code") in FAULTS:
        fault = InvalidRequest(str(error.get("message")), code=str(error["code"]))
    record = Record(str(metadata.get("source")), name, content, known, fault)
    return Letter(record, _answer(letter))


def _answer(letter: dict[str, Any]) -> KeptAnswer | None:
    response = letter.get("response")
    if not isinstance(response, dict):
        return None
    return KeptAnswer(letter.get("task"), letter.get("model"), write_json(response), letter.get("opc_request_id"))


def letters_in_bucket(storage: ObjectStorage, folder: ObjectLocation, deadline: Deadline) -> Iterator[Letter]:
    """Yield the dead letters among the objects whose names begin as ``folder`` does; ``remove`` deletes the object."""

    def whole(place: ObjectLocation) -> bytes:
        return storage.get(place, MAX_LETTER_BYTES, deadline)

    end = folder.name[:-1] + chr(ord(folder.name[-1]) + 1) if folder.name else ""
    following: str | None = folder.name
    while following is not None:
        names, following = storage.list(replace(folder, name=following), end, deadline)
        for name in names:
            place = replace(folder, name=name)
            try:
                letter = read_letter(whole(place), whole)
            except InvalidRequest:  # the folder may have other objects
                continue
            yield replace(letter, remove=lambda place=place: storage.delete(place, deadline))  # type: ignore[misc]


def letters_in_folder(path: Path, storage: Callable[[ObjectLocation], bytes] | None = None) -> Iterator[Letter]:
    """Yield the dead letters of a file, or of the files of a folder: one JSON object each, or one a line."""
    for file in sorted(path.rglob("*")) if path.is_dir() else [path]:
        if not file.is_file():
            continue
        content = file.read_bytes()
        try:
            json.loads(content)
            bodies = [content]
        except ValueError:
            bodies = [line for line in content.splitlines() if line.strip()]
        for body in bodies:
            yield read_letter(body, storage)
