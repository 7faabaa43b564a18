"""Where an object of Object Storage is: its namespace, its bucket and its name."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

BUCKET: Final = re.compile(r"((?P<namespace>[\w-]{1,256})/)?(?P<bucket>[\w.-]{1,256})", re.ASCII)


LONGEST_NAME: Final = 1024  # bytes of an object's name (docs: Object/Tasks/managingobjects.htm)


def is_object_name(name: str) -> bool:
    """Whether an object can have it, and no reader of paths takes it for another's: no ``.`` or ``..`` in it."""
    try:
        size = len(name.encode())
    except UnicodeEncodeError:  # half a surrogate pair
        return False
    control = any(character < " " or "\x7f" <= character < "\xa0" for character in name)
    return 0 < size <= LONGEST_NAME and not control and not {".", ".."} & set(name.split("/"))


@dataclass(frozen=True)
class Place:
    """``namespace`` ``None`` is the tenancy's own; without a ``name`` it is the bucket."""

    namespace: str | None
    bucket: str
    name: str = ""

    @classmethod
    def of_bucket(cls, text: str) -> Place:
        """From ``namespace/bucket`` or ``bucket``; raises ``ValueError`` for what is neither."""
        match = BUCKET.fullmatch(text)
        if match is None or match["bucket"] in (".", ".."):  # in a path they would mean something else
            raise ValueError("no bucket")
        return cls(match["namespace"], match["bucket"])
