"""A function's resource principal: the token and key files that the platform writes and rewrites."""

from __future__ import annotations

import threading
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import rsa

from mock_oci.cloud import Cloud
from mock_oci.identity.principals import ResourcePrincipal, spare_key

_LIFETIME = 900.0  # seconds; "the token is cached for 15 minutes" (docs: functionsaccessingociresources.htm)


class FunctionCredentials:
    """``rpst`` and ``private_pem`` are paths in ``folder``; nothing is there before ``freshen``. Thread-safe."""

    def __init__(self, cloud: Cloud, function_id: str, folder: Path) -> None:
        self._cloud = cloud
        self._function_id = function_id
        self._renew_at = 0.0
        self._lock = threading.Lock()
        self.rpst = folder / "rpst"
        self.private_pem = folder / "private.pem"

    def freshen(self) -> None:
        """Write the first pair, and a new one when half of the last one's life is over."""
        with self._lock:
            if not self.rpst.exists():
                # Nothing tells the first pair's key from another of this process; it saves 0.1 s.
                self._write(self._issue(spare_key()))
            elif self._cloud.clock() >= self._renew_at:
                self._write(self._issue())

    def rotate(self) -> None:
        """Write a new token and a new key: the platform rotates both together."""
        with self._lock:
            self._write(self._issue())

    def _issue(self, key: rsa.RSAPrivateKey | None = None) -> ResourcePrincipal:
        self._renew_at = self._cloud.clock() + _LIFETIME / 2
        return self._cloud.principals.resource_principal(self._function_id, lifetime=_LIFETIME, key=key)

    def _write(self, principal: ResourcePrincipal) -> None:
        # Each file is replaced whole: a reader sees the old one or the new one.
        texts = {self.rpst: principal.rpst, self.private_pem: principal.private_pem}
        for path, text in texts.items():
            _beside(path).touch(mode=0o600)
            _beside(path).write_text(text)
        for path in texts:
            _beside(path).replace(path)


def _beside(path: Path) -> Path:
    return path.with_name(f"{path.name}.new")
