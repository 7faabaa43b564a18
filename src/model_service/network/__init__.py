"""Reach hosts: directly or through a proxy, known by their certificates, all within the deadline of a call."""

from __future__ import annotations

import ssl
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Final
from urllib.parse import SplitResult, quote, unquote, urlsplit

from model_service.errors import SettingsError
from model_service.light_dataclasses import dataclass

DEFAULT_PORTS: Final[Mapping[str, int]] = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Proxy:
    """A proxy. ``url`` is ``http[s]://host:port``, for logs too; ``credentials`` are ``user:password``, or empty."""

    url: str
    credentials: str = field(default="", repr=False)

    @classmethod
    def parse(cls, text: str) -> Proxy:
        """Read ``[http[s]://][user:password@]host[:port]``; raise ``ValueError`` for anything else."""
        parts = urlsplit(text if "://" in text else f"http://{text}")
        port = parts.port or DEFAULT_PORTS[parts.scheme] if parts.scheme in DEFAULT_PORTS else None
        if port is None or not parts.hostname or parts.path not in ("", "/") or parts.query or parts.fragment:
            raise ValueError("no proxy")
        host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
        user = unquote(parts.username or "")
        return cls(f"{parts.scheme}://{host}:{port}", f"{user}:{unquote(parts.password or '')}" if user else "")

    @property
    def with_credentials(self) -> str:
        """Return the URL with user and password in it, as requests takes it: a secret."""
        user, _, password = self.credentials.partition(":")
        scheme, _, host = self.url.partition("://")
        return f"{scheme}://{quote(user, safe='')}:{quote(password, safe='')}@{host}" if user else self.url

    @property
    def headers(self) -> dict[str, str]:
        """Return what the proxy wants to see of us: ``Proxy-Authorization``, where there are credentials."""
        encoded = b64encode(self.credentials.encode()).decode()
        return {"Proxy-Authorization": f"Basic {encoded}"} if self.credentials else {}


@dataclass(frozen=True)
class Authorities:
    """The certificates that sign those of hosts: a PEM file or a folder; ``variable`` is the setting that names it."""

    variable: str
    path: Path

    def check(self) -> str:
        """Return the path; raise ``SettingsError`` where there is nothing."""
        path = self.path.expanduser()
        if not path.exists():
            raise SettingsError(self.variable, "names no file and no folder")
        return str(path)


@dataclass(frozen=True)
class Network:
    """The network that we are in.

    ``proxies`` are by the scheme of what is asked for (``https``, ``http``); ``direct`` are the hosts that are reached
    without one, as ``NO_PROXY`` lists them; ``authorities`` stand in place of those that come along with Python.
    ``in_function``: we are inside OCI Functions, whose subnet decides what can be reached.
    """

    proxies: Mapping[str, Proxy] = field(default_factory=dict)
    direct: tuple[str, ...] = ()
    authorities: Authorities | None = None
    in_function: bool = False

    def proxy_for(self, url: str) -> Proxy | None:
        """Return the proxy on the way to ``url``. This machine and its link (metadata) are never behind one."""
        if not self.proxies:
            return None
        parts = urlsplit(url)
        proxy = self.proxies.get(parts.scheme)
        return None if proxy is None or self._is_direct(parts) else proxy

    @cached_property
    def tls(self) -> ssl.SSLContext:
        """Return what knows whoever signs the certificates of hosts: the ``authorities``, or those of Python's."""
        return self.ssl_context or usual_context()

    @cached_property
    def ssl_context(self) -> ssl.SSLContext | None:
        """Return what knows the ``authorities``, made once: it takes 30 ms; ``None`` where nobody has set any."""
        if self.authorities is None:
            return None
        path = self.authorities.check()
        try:
            if Path(path).is_dir():
                return ssl.create_default_context(capath=path)
            return ssl.create_default_context(cafile=path)
        except (OSError, ValueError):  # ssl.SSLError is an OSError
            raise SettingsError(self.authorities.variable, "is not a file of certificates in PEM format") from None

    def _is_direct(self, parts: SplitResult) -> bool:
        host = parts.hostname or ""
        address = _address(host)
        if host == "localhost" or (address is not None and (address.is_loopback or address.is_link_local)):
            return True
        with_port = f"{host}:{parts.port}" if parts.port else host
        return any(_matches(entry.lower(), host, with_port) for entry in self.direct)


@lru_cache(maxsize=1)
def usual_context() -> ssl.SSLContext:
    """Return what knows the certificates that come along with Python (certifi), made once for all connections.

    What is deployed has a folder of them by name, in which one is read when it is needed, and none at a cold start; it
    is for the file that it was made of, as its name says (``function_package/certificates.py``).
    """
    import certifi  # noqa: PLC0415 - where there is TLS only

    bundle = Path(certifi.__file__).with_name("cacert.pem")
    by_name = bundle.with_name(f"by_name_{bundle.stat().st_size}") if bundle.exists() else bundle
    if by_name.is_dir():
        return ssl.create_default_context(capath=str(by_name))
    return ssl.create_default_context(cafile=certifi.where())


def _matches(entry: str, host: str, with_port: str) -> bool:
    """Tell whether an entry of ``NO_PROXY`` means this host, as curl and requests read it."""
    if entry == "*":
        return True
    if "/" in entry:
        return _is_in(host, entry)
    name = entry.removeprefix("*").removeprefix(".")
    return any(name == text or text.endswith(f".{name}") for text in (host, with_port))


def _address(host: str):  # type: ignore[no-untyped-def] # of a class whose module is imported on first use
    import ipaddress  # noqa: PLC0415 - where there is a proxy only

    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_in(host: str, entry: str) -> bool:
    import ipaddress  # noqa: PLC0415 - as above

    try:
        return ipaddress.ip_address(host) in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return False
