"""One test for two services: OCI itself where there are credentials, else a recording of it, or mock_oci.

``@pytest.mark.oci_live(recording="chat.json")``: with ``--oci-live`` (or MOCK_OCI_LIVE=1 in the environment) the test
asks OCI with the user's own credentials, and with ``--oci-record`` what it asks is written down beside it. Without,
it runs on the recording if there is one, and on a ``MockOci`` if there is none. ``{test}`` in the name of a recording
stands for the test's: one with parameters has a recording for each.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from mock_oci.backend import MockOci
from mock_oci.doors.in_process import mock_oci
from mock_oci.doors.open_doors import DOORS
from mock_oci.live.credentials import Credentials, find_credentials
from mock_oci.live.upstream import Upstream
from mock_oci.recording import recording, replaying

FAILED = pytest.StashKey[bool]()
"""Of an item whose test has failed: it leaves the recording that there is."""


@dataclass(frozen=True)
class OciTenancy:
    """Who answers a test. ``source``: ``oci``, ``recording`` or ``mock_oci``, whose backend ``cloud`` then is."""

    source: str
    region: str
    compartment_id: str
    test: str
    credentials: Credentials | None = field(default=None, repr=False)
    cloud: MockOci | None = field(default=None, repr=False)

    @property
    def is_live(self) -> bool:
        """Tell whether it is OCI itself, which charges for what it is asked."""
        return self.source == "oci"

    def client(self, kind: Any, **how: Any) -> Any:
        """Make one of the OCI SDK's clients, with the credentials of whoever answers."""
        credentials = self.credentials or find_credentials(config_file=self._config_file())
        return credentials.client(kind, **how)

    def name(self, stem: str) -> str:
        """Return a name for what this test makes, the same each time: other tests, and runs on OCI, have others."""
        return f"{stem}-{hashlib.sha256(self.test.encode()).hexdigest()[:8]}"

    @staticmethod
    def _config_file() -> str:
        from os import environ  # noqa: PLC0415, TID251 - where the door has put credentials

        return environ["OCI_CONFIG_FILE"]


@contextmanager
def entered(item: pytest.Item, options: Mapping[str, Any], about: dict[str, Any]) -> Iterator[OciTenancy]:
    """Open the door that an item's marker and the command line ask for. Raises UsageError without credentials."""
    file = about.pop("recording", None)
    slug = re.sub(r"[^\w.-]+", "-", item.name).strip("-")
    path = None if file is None else item.path.parent / file.replace("{test}", slug)
    credentials = _credentials(options)
    with ExitStack() as leaving:
        if credentials is not None:
            yield _live(item, options, credentials, path, leaving)
        elif path is not None and path.exists():
            kind = about.pop("credentials", True)
            leaving.enter_context(replaying(path, credentials=kind))
            yield _local("recording", item, MockOci())
        else:
            kind = about.pop("credentials", True)
            cloud = leaving.enter_context(mock_oci(MockOci(**about), credentials=kind))
            yield _local("mock_oci", item, cloud, cloud)


def _credentials(options: Mapping[str, Any]) -> Credentials | None:
    """Return the user's own where they are asked for; ``None``: nothing is to leave this process."""
    from os import environ  # noqa: PLC0415, TID251 - a switch for CI, whose command line is others'

    wanted = environ.get("MOCK_OCI_LIVE", "")
    if wanted not in ("", "0", "1", "if-possible"):
        raise pytest.UsageError("MOCK_OCI_LIVE must be one of 0, 1, if-possible")
    must = options["oci-live"] or wanted == "1"
    if not (must or options["oci-live-if-possible"] or wanted == "if-possible"):
        return None
    where: Mapping[str, Any] = {
        "config_file": options["oci-config-file"],
        "profile": options["oci-profile"],
        "region": options["oci-region"],
    }
    try:
        return find_credentials(options["oci-auth"], **where)
    except ValueError as error:
        if must:
            raise pytest.UsageError(f"--oci-live: {error}") from error
        return None


def _live(
    item: pytest.Item, options: Mapping[str, Any], credentials: Credentials, path: Path | None, leaving: ExitStack
) -> OciTenancy:
    from os import environ  # noqa: PLC0415, TID251 - as model-service and the SDK's examples name it

    home = options["oci-compartment"] or environ.get("OCI_COMPARTMENT_ID") or credentials.tenancy_id
    if not home:
        raise pytest.UsageError("--oci-live: --oci-compartment is needed, as these credentials name no tenancy")
    if options["oci-record"] and path is not None:
        recorded = leaving.enter_context(recording(path, upstream=options["oci-endpoint"]))
        leaving.callback(lambda: recorded.discard() if item.stash.get(FAILED, False) else None)
    elif options["oci-endpoint"]:
        leaving.callback(DOORS.open(Upstream(options["oci-endpoint"]).send, lets_others=True))
    return OciTenancy("oci", credentials.region, home, item.nodeid, credentials)


def _local(source: str, item: pytest.Item, cloud: MockOci, backend: MockOci | None = None) -> OciTenancy:
    return OciTenancy(source, cloud.region, cloud.tenancy.compartment_id, item.nodeid, cloud=backend)
