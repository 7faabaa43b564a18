"""What the batch demo leaves to read: a result, a dead letter, the reasons, what the log says, all in a folder."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, TextIO

from mock_oci.services.object_storage.versions import StoredObject

MAX_COLUMNS = 120  # of a terminal
_MAX_REASONS = 5
_MAX_CHARACTERS = 2000  # of one outcome


def write_outcomes(objects: Iterable[StoredObject], folder: Path) -> int:
    """Write each object below ``folder`` under its name and return how many; raise OSError."""
    root, count = folder.resolve(), 0
    for item in objects:
        path = (root / item.name.lstrip("/")).resolve()
        if not path.is_relative_to(root):  # a record may have a part in its object's name
            path = root / item.name.replace("/", "_")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(item.body)
        count += 1
    return count


def examples(objects: Iterable[StoredObject]) -> str:
    """Return the first result and the first dead letter, each under its name, as indented JSON."""
    found: dict[str, str] = {}
    for item in objects:
        try:
            value = json.loads(item.body)
        except (ValueError, RecursionError):
            continue
        kind = "a dead letter" if isinstance(value, dict) and value.get("error") else "a result"
        if kind not in found:
            found[kind] = f"\n  {kind}: {item.name}\n{_indented(value)}\n"
    return "".join(found[kind] for kind in ("a result", "a dead letter") if kind in found)


def show_outcomes(objects: Sequence[StoredObject], folder: Path | None, out: TextIO) -> None:
    """Write an example of each kind to ``out``, and every object below ``folder``, if one is given; raise OSError."""
    out.write(printable(examples(objects), out.encoding))
    if folder is not None:
        out.write(f"\n  all {write_outcomes(objects, folder)} of them: {folder}\n")
    elif objects:
        out.write("\n  the others are gone with this local OCI: --out DIR (make run-batch OUT=DIR) keeps all of them\n")


def reason_lines(reasons: Counter[str], encoding: str | None = "utf-8", width: int | None = MAX_COLUMNS) -> str:
    """Format the most frequent reasons, a line each of at most ``width`` columns: how often, code, message."""
    times = "\N{MULTIPLICATION SIGN}" if is_unicode(encoding) else "x"
    rows_by_count = reasons.most_common(_MAX_REASONS)
    digits = max((len(str(number)) for _, number in rows_by_count), default=0)
    rows = (f"  {number:>{digits}} {times} {reason}" for reason, number in rows_by_count)
    if width is not None:
        rows = (row if len(row) <= width else f"{row[: width - 1]}…" for row in rows)
    return printable("".join(f"{row}\n" for row in rows), encoding)


def printable(text: str, encoding: str | None) -> str:
    """Return the text with a question mark for what an encoding does not have."""
    return text.encode(encoding or "ascii", "replace").decode(encoding or "ascii")


def is_unicode(encoding: str | None) -> bool:
    """Tell whether an encoding has every character."""
    return (encoding or "").lower().startswith("utf")


def _indented(value: object) -> str:
    text = json.dumps(value, indent=2, ensure_ascii=False)
    text = text if len(text) <= _MAX_CHARACTERS else f"{text[:_MAX_CHARACTERS]}…"
    # Nothing in it that a terminal would obey.
    text = "".join(one if one.isprintable() or one == "\n" else json.dumps(one)[1:-1] for one in text)
    return "\n".join(f"    {line}" for line in text.splitlines())


def endings(log: Iterable[str]) -> Counter[str]:
    """Count how the records ended, by the ``batch`` lines of a function's log.

    No bucket shows it when the sink is another or a task ignores the records. Empty for a function that writes no such
    lines.
    """
    counted: Counter[str] = Counter()
    for line in _of_event("batch", log):
        counted.update({label: int(line.get(name) or 0) for name, label in _ENDINGS.items()})
    return counted


def left(log: Iterable[str]) -> Counter[str]:
    """Count why records had to come again, by the ``record_left`` lines of a function's log: in how many batches."""
    lines = _of_event("record_left", log)
    return Counter(reason_of({**line, "code": f"{line.get('where')}: {line.get('error')}"}) for line in lines)


def json_object(text: str | bytes) -> dict[str, Any]:
    """Return the JSON object in ``text``; empty for anything else."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _of_event(event: str, log: Iterable[str]) -> list[dict[str, Any]]:
    lines = [json_object(line) for line in log if f'"{event}"' in line]
    return [line for line in lines if line.get("event") == event]


def reason_of(error: Any) -> str:
    """Format code, message and hint of an error, or whatever it is, in one line."""
    fields = error if isinstance(error, Mapping) else {"message": error}
    words = " ".join(str(fields[name]) for name in ("message", "hint") if fields.get(name))
    text = f"{fields['code']}   {words}" if fields.get("code") else words
    return "".join(character if character.isprintable() else " " for character in text)


# Fields of the log line, and what a person calls them.
_ENDINGS = {"delivered": "delivered", "ignored": "ignored", "dead_letters": "dead letters"}
