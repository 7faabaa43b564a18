"""OCI's own hosts in a function's process, asked at the local OCI: a function needs no endpoint of its own there.

What is sent and signed is the same; there is only no TLS, and a client's own time limits do not count. The folder
``startup`` is on the container's path for modules: its Python calls this before it runs the function.
"""

from __future__ import annotations

import functools

from mock_oci.doors.on_import import OnImport

# Each with what makes its interception: most functions use one, and a container is quick to start without the others.
_CLIENTS = ("httpx", "httpx2", "requests.adapters", "oci._vendor.requests.adapters", "aiohttp.connector")


def ask_locally(url: str) -> None:
    """Have the clients of this process, from their import on, ask ``url`` in place of OCI's hosts."""
    OnImport(dict.fromkeys(_CLIENTS, functools.partial(_intercept, url))).start()


@functools.cache
def _intercept(url: str) -> None:
    from mock_oci.doors.open_doors import DOORS  # noqa: PLC0415 - a function without a client needs none
    from mock_oci.doors.served_elsewhere import ServedElsewhere  # noqa: PLC0415 - as above

    DOORS.open(ServedElsewhere(url).answer, lets_others=True)
