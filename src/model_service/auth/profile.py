"""Read a profile of ``~/.oci/config``, the file that the OCI CLI and every SDK share.

Source: https://docs.oracle.com/en-us/iaas/Content/API/Concepts/sdkconfig.htm
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from configparser import ConfigParser, Error
from dataclasses import dataclass, field
from functools import cache
from getpass import getpass
from pathlib import Path
from typing import Final

from model_service.errors import CredentialError
from model_service.settings import Settings

DEFAULT_PROFILE: Final = "DEFAULT"

# What people write behind a value or around it. The SDK takes both for a part of the value, which then is none; of a
# pass phrase they may be a part.
COMMENT: Final = re.compile(r"\s+[#;].*")
LITERAL: Final = frozenset({"pass_phrase", "key_content"})


@dataclass(frozen=True)
class Profile:
    """A profile. ``entries`` are its own and those of DEFAULT, ``own`` the names of its own."""

    name: str
    file: Path
    entries: Mapping[str, str] = field(repr=False)  # it may hold a key (`key_content`) and a pass phrase
    own: frozenset[str] = frozenset()

    @classmethod
    def of(cls, settings: Settings) -> Profile:
        """Read the profile that the settings name; raise ``CredentialError`` when file or profile are missing."""
        return cls.read(settings.config_file, settings.profile or DEFAULT_PROFILE)

    @classmethod
    def read(cls, file: Path, name: str) -> Profile:
        """Read a profile; raise ``CredentialError`` when the file or the profile is missing."""
        file = file.expanduser()
        # Without a default section, so that a profile's own entries can be told from those that it inherits.
        parser = ConfigParser(interpolation=None, default_section="")
        try:
            parser.read_string(file.read_text(encoding="utf-8-sig"))
        except Error:  # its text, and so a traceback, quotes the line that it does not understand: perhaps a key
            raise CredentialError(f"The OCI config file {file} is not in the format of one.") from None
        except FileNotFoundError as error:
            raise CredentialError(
                f"There is no OCI config file at {file}.",
                hint="Run `oci setup config` or `oci session authenticate`, or set OCI_AUTH_TYPE to a principal.",
            ) from error
        except (OSError, ValueError) as error:
            raise CredentialError(f"The OCI config file {file} cannot be read.") from error
        own = dict(parser[name]) if name in parser else {}
        entries = {**dict(parser[DEFAULT_PROFILE] if parser.has_section(DEFAULT_PROFILE) else ()), **own}
        if not entries or (name not in parser and name != DEFAULT_PROFILE):
            raise CredentialError(f"There is no profile {name} in {file}.", hint="OCI_PROFILE names the profile.")
        return cls(name, file, entries, frozenset(own))

    @property
    def auth_type(self) -> str:
        """Return what the profile is for.

        What it says itself counts before what it inherits: a profile with a user of its own has an API key, though
        DEFAULT may hold a session.
        """
        if self.get("authentication_type") == "instance_principal":  # as in Cloud Shell
            return "delegation_token" if self.get("delegation_token_file") else "instance_principal"
        if not self.get("security_token_file") or ("user" in self.own and "security_token_file" not in self.own):
            return "api_key"
        return "session_token"

    def require(self, entry: str, remedy: str) -> str:
        """Return the value of ``entry``; raise ``CredentialError`` with ``remedy`` as the hint when there is none."""
        value = self.get(entry)
        if value is None:
            raise CredentialError(f"Profile {self.name} in {self.file} has no {entry}.", hint=remedy)
        return value

    def get(self, entry: str) -> str | None:
        """Return the value of ``entry`` without quotes and comment; ``None`` where it is empty or missing."""
        value = self.entries.get(entry) or ""
        return (value if entry in LITERAL else _bare(value)) or None

    def path(self, entry: str, remedy: str) -> Path:
        """Return the path of ``entry``: relative to the working directory, as in the SDK, or else to the file."""
        self.require(entry, remedy)
        literal = Path(self.entries[entry]).expanduser()  # `#` may be a part of a name
        path = literal if literal.exists() else Path(self.require(entry, remedy)).expanduser()
        beside = self.file.parent / path
        return beside if not path.exists() and beside.exists() else path

    def private_key(self, remedy: str) -> tuple[bytes, str]:
        """Return the private key in PEM format, of ``key_content`` or ``key_file``, and what to call its origin."""
        content = self.get("key_content")
        if content is not None and not ("key_file" in self.own and "key_content" not in self.own):
            return content.replace("\\n", "\n").encode(), f"key_content of profile {self.name}"
        file = self.path("key_file", remedy)
        try:
            return file.read_bytes(), str(file)
        except OSError as error:
            raise CredentialError(f"Cannot read the private key {file}: {error.strerror}.", hint=remedy) from error


def _bare(value: str) -> str:
    quoted = re.match(r"""(["'])(.*?)\1\s*([#;].*)?$""", value)
    return quoted[2] if quoted else COMMENT.sub("", value, count=1)


@cache
def ask_passphrase(origin: str) -> str | None:
    """Ask on the terminal for the pass phrase of a key, once; return ``None`` where there is nobody to ask."""
    if not (sys.stdin and sys.stderr and sys.stdin.isatty() and sys.stderr.isatty()):
        return None
    return getpass(f"Pass phrase of {origin}: ", stream=sys.stderr)
