"""A profile of ``~/.oci/config``, the file that the OCI CLI and every SDK share.

Source: https://docs.oracle.com/en-us/iaas/Content/API/Concepts/sdkconfig.htm
"""

from __future__ import annotations

from collections.abc import Mapping
from configparser import ConfigParser, Error
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from model_service.errors import CredentialError

DEFAULT_PROFILE: Final = "DEFAULT"


@dataclass(frozen=True)
class Profile:
    name: str
    file: Path
    entries: Mapping[str, str] = field(repr=False)  # it may hold a key (`key_content`) and a pass phrase

    @classmethod
    def read(cls, file: Path, name: str) -> Profile:
        """Raises ``CredentialError`` when the file or the profile is missing."""
        file = file.expanduser()
        parser = ConfigParser(interpolation=None)
        try:
            parser.read_string(file.read_text(encoding="utf-8"))
        except Error:  # its text, and so a traceback, quotes the line that it does not understand: perhaps a key
            raise CredentialError(f"The OCI config file {file} is not in the format of one.") from None
        except FileNotFoundError as error:
            raise CredentialError(
                f"There is no OCI config file at {file}.",
                hint="Run `oci setup config` or `oci session authenticate`, or set OCI_AUTH_TYPE to a principal.",
            ) from error
        except (OSError, ValueError) as error:
            raise CredentialError(f"The OCI config file {file} cannot be read.") from error
        if name not in parser or not parser[name]:  # DEFAULT is always there, though perhaps with nothing in it
            raise CredentialError(f"There is no profile {name} in {file}.", hint="OCI_PROFILE names the profile.")
        return cls(name, file, dict(parser[name]))

    def require(self, entry: str, cure: str) -> str:
        """The value of ``entry``; raises ``CredentialError`` with ``cure`` as the hint when it is not there."""
        value = self.get(entry)
        if value is None:
            raise CredentialError(f"Profile {self.name} in {self.file} has no {entry}.", hint=cure)
        return value

    def get(self, entry: str) -> str | None:
        return self.entries.get(entry) or None

    def path(self, entry: str, cure: str) -> Path:
        return Path(self.require(entry, cure)).expanduser()
