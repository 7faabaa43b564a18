"""A company's network on loopback: a private authority, servers of it, and a proxy that wants a password."""

from __future__ import annotations

import base64
import contextlib
import datetime
import ipaddress
import socket
import socketserver
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.x509.oid import NameOID

from mock_oci import LoopbackServer, MockOci
from mock_oci.identity.principals import pem_of, spare_key

HOSTS = ["inference.company.example", "objects.company.example"]


@dataclass(frozen=True)
class Authority:
    """A private authority and a certificate for loopback and HOSTS; paths of PEM files."""

    bundle: Path
    certificate: Path
    key: Path

    def server_context(self) -> ssl.SSLContext:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.certificate, self.key)
        return context


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    folder, key = tmp_path_factory.mktemp("authority"), spare_key()
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Company authority")])
    now = datetime.datetime.now(datetime.UTC)

    def issue(subject: x509.Name, *extensions: tuple[x509.ExtensionType, bool]) -> x509.Certificate:
        builder = x509.CertificateBuilder(name, subject, key.public_key(), x509.random_serial_number())
        builder = builder.not_valid_before(now - datetime.timedelta(days=1))
        builder = builder.not_valid_after(now + datetime.timedelta(days=1))
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(key, hashes.SHA256())

    own = (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
    root = issue(name, (x509.BasicConstraints(ca=True, path_length=0), True), own)
    names: list[x509.GeneralName] = [x509.DNSName(host) for host in HOSTS]
    addresses = [x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "server")])
    server = issue(subject, (x509.SubjectAlternativeName([*names, *addresses]), False))
    for file, content in {"ca.pem": root, "server.pem": server}.items():
        (folder / file).write_bytes(content.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_text(pem_of(key))
    return Authority(folder / "ca.pem", folder / "server.pem", folder / "key.pem")


class Door:
    """A loopback port that hands each connection to ``_serve``, in a thread of its own."""

    def __init__(self) -> None:
        door = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with contextlib.suppress(OSError):
                    door._serve(self.request)

        self._server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_address[1]
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _serve(self, connection: socket.socket) -> None:
        raise NotImplementedError


def _pump(one: socket.socket, other: socket.socket) -> None:
    def copy(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while received := source.recv(65536):
                target.sendall(received)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_WR)

    back = threading.Thread(target=copy, args=(other, one), daemon=True)
    back.start()
    copy(one, other)
    back.join()


class TlsDoor(Door):
    """TLS in front of a plain loopback port."""

    def __init__(self, authority: Authority, port: int) -> None:
        self._context, self._behind = authority.server_context(), port
        super().__init__()

    def _serve(self, connection: socket.socket) -> None:
        with (
            self._context.wrap_socket(connection, server_side=True) as outside,
            socket.create_connection(("127.0.0.1", self._behind)) as inside,
        ):
            _pump(outside, inside)


@dataclass
class Asked:
    """What a proxy was asked: the hosts, and whether with the right password."""

    hosts: list[str] = field(default_factory=list)
    refused: int = 0


class ConnectProxy(Door):
    """A proxy for CONNECT that wants ``user:pass word`` and leads every host of HOSTS to ``port``."""

    def __init__(self, port: int) -> None:
        self._behind = port
        self.asked = Asked()
        super().__init__()

    @property
    def url(self) -> str:
        return f"http://user:pass%20word@127.0.0.1:{self.port}"

    def _serve(self, connection: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head:
            head += connection.recv(1)
        request, *lines = head.decode().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        expected = "Basic " + base64.b64encode(b"user:pass word").decode()
        if headers.get("proxy-authorization") != expected:
            self.asked.refused += 1
            connection.sendall(b"HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n")
            return
        host = request.split()[1].rpartition(":")[0]
        self.asked.hosts.append(host)
        if host not in HOSTS:
            connection.sendall(b"HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n")
            return
        connection.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with socket.create_connection(("127.0.0.1", self._behind)) as inside:
            _pump(connection, inside)


@pytest.fixture
def tls_port(authority: Authority, oci: MockOci) -> Iterator[int]:
    """A local OCI behind TLS of the private authority."""
    with LoopbackServer(oci.answer) as server, contextlib.closing(TlsDoor(authority, server.port)) as door:
        yield door.port


@pytest.fixture
def proxy(tls_port: int) -> Iterator[ConnectProxy]:
    with contextlib.closing(ConnectProxy(tls_port)) as proxy:
        yield proxy


@pytest.fixture
def laptop(environment: dict[str, str], authority: Authority, proxy: ConnectProxy) -> dict[str, str]:
    """What a laptop in the company has in its environment."""
    return {
        **environment,
        "OCI_GENAI_ENDPOINT": f"https://{HOSTS[0]}",
        "MODEL_SERVICE_OBJECT_STORAGE_ENDPOINT": f"https://{HOSTS[1]}",
        "HTTPS_PROXY": proxy.url,
        "MODEL_SERVICE_CA_BUNDLE": str(authority.bundle),
    }
