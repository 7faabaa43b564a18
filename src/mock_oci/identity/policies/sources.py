"""Where policies come from: statements, what ``terraform show -json`` says, or a document of one's own."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from mock_oci.identity.policies.iam import Iam
from mock_oci.identity.policies.reader import PolicyError
from mock_oci.identity.tenancy import ocid

MAX_BYTES = 16 * 1024 * 1024
PolicySource = Sequence[str] | Mapping[str, Any] | Path
Document = Mapping[str, Any]


def add_policies(iam: Iam, source: PolicySource) -> None:
    """Add the policies of ``source``: statements, a document (see ``add_document``) or a file with either.

    Raises PolicyError for what is not understood, and OSError for a file that cannot be read.
    """
    found = _read(source) if isinstance(source, Path) else source
    if isinstance(found, Mapping):
        add_document(iam, found)
    elif isinstance(found, str) or not all(isinstance(text, str) for text in found):
        raise PolicyError("statements must be an array of strings")
    else:
        iam.add_policy(found)


def add_document(iam: Iam, document: Document) -> None:
    """Add what ``terraform show -json`` says (a state, or a plan in which all is known), or a document of one's own.

    That one has ``statements``, ``groups`` (names, each with its users' names), ``dynamic_groups`` (names, each with
    its matching rule) and ``compartments`` (OCIDs, each with its name). Raises PolicyError.
    """
    if "values" in document or "planned_values" in document:
        resources = list(resources_in(document))
        for kind, add in _RESOURCES.items():  # dynamic groups first: statements name them
            for item in resources:
                if item.get("type") == kind and item.get("mode", "managed") == "managed":
                    add(iam, item["address"], item["values"])
        return
    if "policy_statements" in document:  # terraform output -json
        output = document["policy_statements"]
        iam.add_policy(_texts(output.get("value") if isinstance(output, Mapping) else output, "policy_statements"))
        return
    _add_own(iam, document)


def _add_own(iam: Iam, document: Document) -> None:
    unknown = sorted(document.keys() - {"compartments", "groups", "dynamic_groups", "statements"})
    if unknown:
        raise PolicyError(f"{unknown[0]} is not known in policies")
    for id_, name in document.get("compartments", {}).items():
        iam.directory.add_compartment(id_, name)
    for name, members in document.get("groups", {}).items():
        iam.directory.add_group(name, [ocid("user", member) for member in members])
    for name, rule in document.get("dynamic_groups", {}).items():
        iam.directory.add_dynamic_group(name, rule)
    iam.add_policy(_texts(document.get("statements", []), "statements"))


def resources_in(document: Document) -> Iterator[Mapping[str, Any]]:
    """Yield the resources of ``terraform show -json``, of the root module and of those below it."""
    values = document.get("values") or document.get("planned_values") or {}
    modules = [values.get("root_module") or {}]
    while modules:
        module = modules.pop()
        yield from module.get("resources", ())
        modules += module.get("child_modules", ())


def _read(path: Path) -> Iterable[str] | Document:
    if path.stat().st_size > MAX_BYTES:
        raise PolicyError(f"{path} must have at most {MAX_BYTES} bytes")
    text = path.read_text()
    if not text.lstrip().startswith(("{", "[")):
        return statements_in(text)
    try:
        found: Iterable[str] | Document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise PolicyError(f"{path} is neither JSON nor statements: {error}") from None
    return found


def statements_in(text: str) -> list[str]:
    """Return the statements of a text: one a line, with comments after # or //, and blank lines between."""
    lines = (line.strip() for line in text.splitlines())
    return [line for line in lines if line and not line.startswith(("#", "//"))]


def _add_dynamic_group(iam: Iam, address: str, values: Document) -> None:
    if not isinstance(values.get("matching_rule"), str):
        raise _not_known(address, "matching_rule")
    iam.directory.add_dynamic_group(str(values["name"]), values["matching_rule"], values.get("id") or "")


def _add_policy(iam: Iam, address: str, values: Document) -> None:
    if values.get("statements") is None:
        raise _not_known(address, "statements")
    statements = _texts(values["statements"], address)
    iam.add_policy(statements, values.get("compartment_id") or "", values.get("id") or "")


def _not_known(address: str, what: str) -> PolicyError:
    where = "give the state, or the output policy_statements"
    return PolicyError(f"{address} has {what} that are known after apply only: {where}")


def _texts(value: Any, where: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(text, str) for text in value):
        raise PolicyError(f"{where} must be an array of statements")
    return value


_RESOURCES: dict[str, Callable[[Iam, str, Document], None]] = {
    "oci_identity_dynamic_group": _add_dynamic_group,
    "oci_identity_policy": _add_policy,
}
