"""What is in a package, as CycloneDX 1.6 (https://cyclonedx.org/docs/1.6/json/): the same pins give the same bytes."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator, Mapping
from email.message import Message
from email.parser import Parser
from pathlib import Path
from typing import Any, Final

from function_package.lock import Pin, read_lock
from function_package.wheels import ARCHITECTURES, canonical

NAME: Final = "model-service"


def sbom(root: Path, python: Path, architecture: str) -> str:
    """Return the bill of materials of the dependencies that lie in ``python``, for the repository in ``root``.

    ``architecture`` is a key of ARCHITECTURES. Raise PackageError where the lock file and the pins differ.
    """
    pins = read_lock(root / "requirements.txt")
    components = [_component(pins[name], metadata, architecture) for name, metadata in _installed(python, pins)]
    version = re.findall(r"^version: (.+)$", (root / "func.yaml").read_text(), re.MULTILINE)[0]
    document = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "version": 1,
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": NAME,
                "name": NAME,
                "version": version,
                "licenses": [{"expression": "Apache-2.0"}],
                "properties": [{"name": "architecture", "value": ARCHITECTURES[architecture]}],
            }
        },
        "components": components,
        "dependencies": [{"ref": NAME, "dependsOn": [component["bom-ref"] for component in components]}],
    }
    serial = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps(document))
    return json.dumps({"serialNumber": f"urn:uuid:{serial}", **document}, indent=2) + "\n"


def _installed(python: Path, pins: Mapping[str, Pin]) -> Iterator[tuple[str, Message]]:
    """Yield what of the pins is in the folder, with its metadata, in the order of the pins."""
    found = {}
    for folder in python.glob("*.dist-info"):
        metadata = Parser().parsestr((folder / "METADATA").read_text(), headersonly=True)
        found[canonical(metadata["Name"])] = metadata
    yield from ((name, found[canonical(name)]) for name in pins if canonical(name) in found)


def _component(pin: Pin, metadata: Message, architecture: str) -> dict[str, Any]:
    package_url = f"pkg:pypi/{canonical(pin.name)}@{pin.version}"
    component = {
        "type": "library",
        "bom-ref": package_url,
        "name": pin.name,
        "version": pin.version,
        "purl": package_url,
        "hashes": [{"alg": "SHA-256", "content": pin.hash_for(architecture)}],
    }
    licences = _licences(metadata)
    return {**component, "licenses": licences} if licences else component


def _licences(metadata: Message) -> list[dict[str, Any]]:
    if expression := metadata["License-Expression"]:
        return [{"expression": expression}]
    classified = [value.rpartition(" :: ")[2] for value in metadata.get_all("Classifier", ()) if "License ::" in value]
    named = classified or [value for value in [metadata["License"]] if value and "\n" not in value]
    return [{"license": {"name": name}} for name in named]
