"""The keys of OCI's regions (docs: General/Concepts/regions.htm), as ListRegions gives them."""

from __future__ import annotations

import functools
import json
from pathlib import Path


@functools.cache
def region_names() -> dict[str, str]:
    """Return the name of each region by its key: ``ORD`` is ``us-chicago-1``."""
    names: dict[str, str] = json.loads(Path(__file__).with_name("region_names.json").read_text())
    return names


def key_of(region: str) -> str:
    """Return a region's key; of one that is not known, the start of its city."""
    found = [key for key, name in region_names().items() if name == region]
    return found[0] if found else region.split("-")[1][:3].upper()
