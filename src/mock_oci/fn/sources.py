"""The folder of a function that is created over the API: the one that its image stands for, or an unpacked archive."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from pathlib import Path

from mock_oci.wire import Body

MAX_UNPACKED_BYTES = 1_000_000_000


def folder_of(source: Body, archive: bytes, images: Mapping[str, Path], unpacked: Path) -> Path | None:
    """Return the folder with ``func.py``; ``None`` for an image that no folder stands for.

    ``images`` has folders by an image's full name, by its name without the tag, or by the last part of that. An archive
    is unpacked into ``unpacked``. Raises ValueError for one that is no ZIP or too large.
    """
    if source["sourceType"] == "CONTAINER_IMAGE":
        image = str(source["image"])
        untagged = image.partition("@")[0].rpartition(":")[0] if ":" in image.rpartition("/")[2] else image
        names = (image, untagged, untagged.rpartition("/")[2])
        return next((images[name] for name in names if name in images), None)
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as packed:
            if sum(item.file_size for item in packed.infolist()) > MAX_UNPACKED_BYTES:
                raise ValueError(f"The archive unpacks to more than {MAX_UNPACKED_BYTES} bytes")
            packed.extractall(unpacked)
    except zipfile.BadZipFile as error:
        raise ValueError("The archive is not a ZIP") from error
    return unpacked
