"""``model-service keys``: create, list, rotate and revoke callers' keys, in a file or in a Vault secret."""

from __future__ import annotations

import base64
import json
import re
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol, TextIO
from urllib.parse import quote

from model_service.callers.keys import VARIABLE, Key, KeyRing, new_key, read_key_ring
from model_service.cli.options import connection_options, json_option, settings_of
from model_service.cli.table import write_table
from model_service.errors import InvalidRequest, UpstreamRefused
from model_service.fn.invocation import Deadline
from model_service.service import Service
from model_service.service_file.documents import is_secret, read_secret
from model_service.upstream.response import UpstreamResponse, read_object

if TYPE_CHECKING:
    import argparse

ABOUT: Final = (
    "Manage the keys of callers. The keys document contains only SHA-256 digests. It is a file, or the Vault "
    "secret that MODEL_SERVICE_KEYS names. A key is shown once, when it is created."
)
EXAMPLES: Final = """\
  {prog} keys create --owner ada --team search
  {prog} keys --at <secret OCID> list"""
COLUMNS: Final = ("id", "owner", "team", "state", "created", "expires", "models")
SECONDS: Final = 30.0  # for reading or writing a secret
SECRETS_PATH: Final = "/20180608/secrets/"  # oci.vault.VaultsClient.update_secret
MAX_TRIES: Final = 3  # when others change the document at the same time
MAX_SECRET_BYTES: Final = 25 * 1024  # https://docs.oracle.com/en-us/iaas/Content/General/Concepts/servicelimits.htm
DAYS: Final = re.compile(r"(?P<days>[1-9][0-9]{0,3})d")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--at",
        metavar="FILE|OCID",
        default="keys.json",
        help="the keys document: a file, or the OCID of a Vault secret (default: %(default)s)",
    )
    actions = parser.add_subparsers(dest="action", required=True)
    common = [connection_options(), json_option()]
    create = actions.add_parser("create", help="create a key and show it (it cannot be shown again)", parents=common)
    create.add_argument("--owner", required=True, metavar="NAME", help="owner of the key; appears in logs and reports")
    create.add_argument("--team", metavar="NAME", help="team whose models and budgets apply to the key")
    create.add_argument("--models", metavar="PATTERN", nargs="+", help="allow only these models, for example 'meta.*'")
    create.add_argument("--expires", metavar="90d|DATE", help="when the key expires (default: never)")
    actions.add_parser(
        "list",
        help="list the keys with owner, team, state and dates; the keys themselves are not stored",
        parents=common,
    )
    for action, about in (
        ("rotate", "create a replacement for a key; the old key stays valid for 24 hours"),
        ("revoke", "revoke a key; the gateway may accept it for 60 more seconds"),
    ):
        changed = actions.add_parser(action, help=about, parents=common)
        changed.add_argument("id", help="id of the key: the part between msk_ and the next _")


def run(options: argparse.Namespace, out: TextIO) -> None:
    """Run one action; raise ``InvalidRequest`` for an unknown key, ``SettingsError`` for an invalid document."""
    with closing(Service(settings_of(options))) as service:
        document: KeyDocument = _Secret(service, options.at) if is_secret(options.at) else _File(options.at)
        if options.action == "list":
            rows = [_row(key) for key in document.read()]
            if options.json:
                json.dump([dict(zip(COLUMNS, row, strict=True)) for row in rows], out, indent=2)
                out.write("\n")
            else:
                write_table([COLUMNS, *rows], out)
            return
        shown = _change(document, options)
        done = {"key": shown} if shown else {"revoked": options.id}
        out.write(f"{json.dumps(done) if options.json else shown or 'revoked'}\n")


def _change(document: KeyDocument, options: argparse.Namespace) -> str:
    """Run one action, again if somebody else changes the document meanwhile; return the new key, if there is one."""
    for _ in range(MAX_TRIES):
        ring, now = document.read(), datetime.now(UTC)
        if options.action == "create":
            shown, ring = _created(options, ring, now)
        elif options.action == "rotate":
            shown, ring = _rotated(options.id, ring, now)
        else:
            shown, ring = "", ring.revoke(_existing(options.id, ring).id)
        if document.write(ring):
            return shown
    raise InvalidRequest(
        f"Somebody else changed the keys at the same time, {MAX_TRIES} times. Nothing was written. Try again.",
        status=409,
    )


def _created(options: argparse.Namespace, ring: KeyRing, now: datetime) -> tuple[str, KeyRing]:
    models = tuple(options.models) if options.models else None
    expires = _moment(options.expires, now) if options.expires else None
    text, key = new_key(options.owner, options.team, now=now, models=models, expires=expires)
    return text, ring.add(key)


def _rotated(key_id: str, ring: KeyRing, now: datetime) -> tuple[str, KeyRing]:
    old = _existing(key_id, ring)
    text, key = new_key(old.owner, old.team, now=now, models=old.models, expires=old.expires)
    return text, ring.ending(old.id, (now + timedelta(days=1)).isoformat(timespec="seconds")).add(key)


def _existing(key_id: str, ring: KeyRing) -> Key:
    key = next((key for key in ring if key.id == key_id), None)
    if key is None:
        raise InvalidRequest(f"There is no key {key_id}; `keys list` shows the ids.", param="id")
    return key


def _moment(text: str, now: datetime) -> str:
    if match := DAYS.fullmatch(text):
        return (now + timedelta(days=int(match["days"]))).isoformat(timespec="seconds")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise InvalidRequest("--expires: must be a number of days such as 90d, or a date.", param="expires") from None
    return moment.replace(tzinfo=moment.tzinfo or UTC).isoformat(timespec="seconds")


def _row(key: Key) -> tuple[str, ...]:
    models = ",".join(key.models or ("*",))
    return (key.id, key.owner, key.team or "-", key.state, key.created or "-", key.expires or "never", models)


class KeyDocument(Protocol):
    """A document with the digests of keys."""

    def read(self) -> KeyRing: ...

    def write(self, ring: KeyRing) -> bool:
        """Write the document unless it has changed since it was read; return whether it was written."""
        ...


class _File:
    def __init__(self, path: str) -> None:
        self._path = Path(path)

    def read(self) -> KeyRing:
        return read_key_ring(self._path.read_text(), str(self._path)) if self._path.exists() else KeyRing()

    def write(self, ring: KeyRing) -> bool:
        """Replace the document in one step: a reader sees either the old or the new document."""
        beside = self._path.with_name(f"{self._path.name}.new")
        beside.write_text(json.dumps(ring.document(), indent=2) + "\n")
        beside.replace(self._path)
        return True


class _Secret:
    def __init__(self, service: Service, ocid: str) -> None:
        self._service, self._ocid = service, ocid
        self._etag = ""

    def read(self) -> KeyRing:
        """Return the keys of the current version, and remember its ETag for the next write."""
        deadline = Deadline.after(SECONDS)
        response = self._send("GET", None, {}, deadline)
        self._etag = response.header("etag") or ""
        version = read_object(response).get("currentVersionNumber")
        # By number: the retrieval service may get a new version a little later than the Vault service.
        number = version if isinstance(version, int) else None
        text = read_secret(VARIABLE, self._ocid, self._service, deadline, version=number)
        return read_key_ring(text, "the secret")

    def write(self, ring: KeyRing) -> bool:
        """Create a new current version of the secret; raise ``InvalidRequest`` if the document is too large."""
        text = json.dumps(ring.document(), separators=(",", ":")).encode()
        if len(text) > MAX_SECRET_BYTES:
            raise InvalidRequest(
                f"The document would have {len(text)} bytes; a Vault secret takes {MAX_SECRET_BYTES}.",
                hint="Keep it in a file, copy that to a bucket, and set MODEL_SERVICE_KEYS=oci://bucket@namespace/object.",
            )
        content = base64.b64encode(text).decode()
        body = {"secretContent": {"contentType": "BASE64", "content": content, "stage": "CURRENT"}}
        headers = {"if-match": self._etag} if self._etag else {}
        try:
            self._send("PUT", body, headers, Deadline.after(SECONDS)).read()
        except UpstreamRefused as refusal:
            if refusal.status != 412:
                raise
            return False
        return True

    def _send(
        self, method: str, body: dict[str, Any] | None, headers: dict[str, str], deadline: Deadline
    ) -> UpstreamResponse:
        vaults = self._service.region_services.vaults(self._ocid, deadline)
        return vaults.send(method, SECRETS_PATH + quote(self._ocid, safe=""), body, headers, deadline)
