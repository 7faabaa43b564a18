"""The bill of materials: what lies in the package, each with its version, its hash and its licence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from function_package.lock import read_lock
from function_package.pruning import LEFT_OUT
from function_package.sbom import sbom
from function_package.tree import Tree

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("architecture", ["x86", "arm"])
def test_it_names_what_is_in_the_tree_and_nothing_else(tree: Tree, architecture: str) -> None:
    bill = json.loads(sbom(ROOT, tree.python, architecture))
    pins = read_lock(ROOT / "requirements.txt")
    named = {part["name"]: part for part in bill["components"]}
    assert named.keys() == {name for name in pins if name.lower().replace("-", "_") not in LEFT_OUT}
    for name, part in named.items():
        assert part["version"] == pins[name].version
        assert part["hashes"] == [{"alg": "SHA-256", "content": pins[name].hash_for(architecture)}]
        assert part["licenses"], name


def test_it_is_cyclonedx_and_each_part_belongs_to_the_function(tree: Tree) -> None:
    bill = json.loads(sbom(ROOT, tree.python, "x86"))
    assert (bill["bomFormat"], bill["specVersion"], bill["version"]) == ("CycloneDX", "1.6", 1)
    assert bill["serialNumber"].startswith("urn:uuid:")
    (own,) = bill["dependencies"]
    assert own["ref"] == bill["metadata"]["component"]["bom-ref"]
    assert own["dependsOn"] == [part["bom-ref"] for part in bill["components"]]
    assert all(part["purl"].startswith("pkg:pypi/") for part in bill["components"])


def test_the_same_pins_give_the_same_bytes(tree: Tree) -> None:
    assert sbom(ROOT, tree.python, "arm") == sbom(ROOT, tree.python, "arm")
