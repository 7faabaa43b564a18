"""docs/mock_oci_coverage.md: ``python -m mock_oci.coverage.page`` writes it, of what the SDK knows and what is here."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from mock_oci.coverage.door import SdkOperation, known_as, sdk_operations
from mock_oci.coverage.understood import EVERYWHERE
from mock_oci.services import operations as served_operations

_HEAD = """# What mock_oci serves

Made of the SDK's own clients and of what each operation says that it understands, by
`python -m mock_oci.coverage.page`; a test keeps it true. An operation or a parameter that the SDK knows and that is not
understood is answered with 501 `NotImplemented`, and a value that the SDK does not list with 400: nothing is accepted
and then ignored. Headers that every operation understands are not repeated: {everywhere}.

Beside these stand what the SDK has no client for: the OpenAI-compatible surface (chat completions, Responses,
Conversations), pre-authenticated requests, instance metadata and the certificates of instance principals, and APM's
collector of spans.

"""


def page() -> str:
    """Write the page."""
    operations = sdk_operations()
    served = {known.key for operation in served_operations() if (known := known_as(operation))}
    parts = [_HEAD.format(everywhere=", ".join(f"`{name}`" for name in sorted(EVERYWHERE)))]
    for client in dict.fromkeys(operation.client for operation in operations):
        parts += _of_client([operation for operation in operations if operation.client == client], served)
    return "".join(parts)


def _of_client(operations: list[SdkOperation], served: set[str]) -> Iterator[str]:
    here = [operation for operation in operations if operation.key in served]
    absent = [operation.name for operation in operations if operation.key not in served]
    yield f"## {operations[0].client}: {len(here)} of {len(operations)}\n\n"
    if here:
        yield "| operation | understood | not emulated (501) |\n|---|---|---|\n"
        yield from (_row(operation) for operation in here)
        yield "\n"
    if absent:
        yield f"Not served (501): {', '.join(f'`{name}`' for name in absent)}.\n\n"


def _row(operation: SdkOperation) -> str:
    names = [*operation.query, *operation.headers, *(operation.body or ())]
    own = [name for name in names if name not in EVERYWHERE]
    understood = [_named(operation, name) for name in own if name.lower() in operation.understood]
    refused = [f"`{name}`" for name in own if name.lower() not in operation.understood]
    return f"| `{operation.name}` | {' '.join(understood)} | {' '.join(refused)} |\n"


def _named(operation: SdkOperation, name: str) -> str:
    only = operation.understood[name.lower()]
    return f"`{name}`" if only is None else f"`{name}={only}`"


if __name__ == "__main__":
    Path(sys.argv[1] if len(sys.argv) > 1 else "docs/mock_oci_coverage.md").write_text(page())
