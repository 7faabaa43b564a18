"""Authorities by name: what is deployed knows the same hosts, and reads one certificate where it read a hundred."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

import certifi
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.name import _ASN1Type as Kind
from cryptography.x509.oid import NameOID

from function_package.certificates import subject_hash, write_by_name
from model_service.network import Network, usual_context

Key = ec.EllipticCurvePrivateKey
HOST = "inference.example.com"
NOW = datetime.now(UTC)

# As `openssl x509 -subject_hash` says it.
KNOWN = {"ISRG Root X1": "4042bcee", "DigiCert Global Root G2": "607986c7", "GTS Root R1": "1001acf7"}


def _name(*attributes: tuple[x509.ObjectIdentifier, str, Kind]) -> x509.Name:
    return x509.Name([x509.NameAttribute(oid, value, kind) for oid, value, kind in attributes])


# What OpenSSL compares names without: case, and spaces that say nothing, however the text is encoded.
NAMES = [
    _name((NameOID.COMMON_NAME, "Authority", Kind.UTF8String)),
    _name((NameOID.COUNTRY_NAME, "DE", Kind.PrintableString), (NameOID.COMMON_NAME, "  A  B\t C ", Kind.UTF8String)),
    _name((NameOID.ORGANIZATION_NAME, "Ünser Haus ÄÖÜ", Kind.BMPString), (NameOID.COMMON_NAME, "X", Kind.UTF8String)),
    _name((NameOID.ORGANIZATION_NAME, "Universal", Kind.UniversalString), (NameOID.COMMON_NAME, "é", Kind.T61String)),
    _name((NameOID.DOMAIN_COMPONENT, "Example", Kind.IA5String), (NameOID.COMMON_NAME, "Y" * 64, Kind.UTF8String)),
    x509.Name(
        [
            x509.RelativeDistinguishedName(
                [x509.NameAttribute(NameOID.COMMON_NAME, "two"), x509.NameAttribute(NameOID.SURNAME, "in One")]
            ),
            *(x509.RelativeDistinguishedName([x509.NameAttribute(NameOID.LOCALITY_NAME, "P" * 90)]) for _ in range(3)),
        ]
    ),
]


def _certificate(subject: x509.Name, issuer: x509.Name, key: Key, signer: Key) -> x509.Certificate:
    builder = x509.CertificateBuilder(issuer, subject, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(NOW - timedelta(days=1)).not_valid_after(NOW + timedelta(days=2))
    is_authority = subject == issuer
    builder = builder.add_extension(x509.BasicConstraints(ca=is_authority, path_length=None), critical=True)
    if not is_authority:
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST)]), critical=False)
    return builder.sign(signer, SHA256())


def _shakes_hands(client: ssl.SSLContext, server: ssl.SSLContext) -> bool:
    """Say hello through memory; return whether the client knows who signed the server's certificate."""
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    ours = client.wrap_bio(to_client, to_server, server_hostname=HOST)
    theirs = server.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(8):
        for side in (ours, theirs):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                pass
            except ssl.SSLCertVerificationError:
                return False
    return ours.version() is not None


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """An environment with a certifi of its own, of those authorities that ``certifi`` has."""
    file = tmp_path / "certifi" / "cacert.pem"
    file.parent.mkdir()
    file.write_bytes(Path(certifi.where()).read_bytes())
    return file


@pytest.mark.parametrize("name", NAMES, ids=lambda name: name.rfc4514_string()[:30])
def test_an_authority_is_found_by_its_name_however_that_is_written(
    name: x509.Name, bundle: Path, tmp_path: Path
) -> None:
    key, own = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = _certificate(name, name, key, key).public_bytes(Encoding.PEM)
    bundle.write_bytes(bundle.read_bytes() + authority)
    write_by_name(tmp_path)
    (folder,) = bundle.parent.glob("by_name_*")
    chain = tmp_path / "server.pem"
    subject = _name((NameOID.COMMON_NAME, HOST, Kind.UTF8String))
    private = own.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    chain.write_bytes(_certificate(subject, name, own, key).public_bytes(Encoding.PEM) + private)
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(chain)
    assert _shakes_hands(ssl.create_default_context(capath=str(folder)), server)
    assert not _shakes_hands(ssl.create_default_context(cafile=certifi.where()), server)


def test_every_authority_of_certifi_has_its_file(bundle: Path, tmp_path: Path) -> None:
    write_by_name(tmp_path)
    (folder,) = bundle.parent.glob("by_name_*")
    files = {path.name: path.read_text() for path in folder.iterdir()}
    assert len(files) == bundle.read_text().count("BEGIN CERTIFICATE") > 100
    for label, name in KNOWN.items():
        _, _, after = bundle.read_text().partition(f'# Label: "{label}"')
        begin, end = after.index("-----BEGIN"), after.index("-----END")
        assert files[f"{name}.0"].partition("-----END")[0] == after[begin:end]


def test_two_authorities_of_one_name_are_both_there(tmp_path: Path) -> None:
    name = NAMES[0]
    keys = [ec.generate_private_key(ec.SECP256R1()) for _ in range(2)]
    certificates = [_certificate(name, name, key, key) for key in keys]
    (tmp_path / "certifi").mkdir()
    pem = b"".join(one.public_bytes(Encoding.PEM) for one in certificates)
    (tmp_path / "certifi" / "cacert.pem").write_bytes(pem)
    write_by_name(tmp_path)
    hashed = subject_hash(certificates[0].public_bytes(Encoding.DER))
    assert {path.name for path in tmp_path.rglob(f"{hashed}.*")} == {f"{hashed}.0", f"{hashed}.1"}


def test_at_run_time_nothing_is_read_before_it_is_needed(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_by_name(tmp_path)
    monkeypatch.setattr(certifi, "__file__", str(bundle.with_name("__init__.py")))
    usual_context.cache_clear()
    try:
        assert Network().tls.cert_store_stats()["x509_ca"] == 0
        usual_context.cache_clear()
        bundle.write_bytes(bundle.read_bytes() + b"\n")  # somebody's own, in its place
        assert Network().tls.cert_store_stats()["x509_ca"] > 100
    finally:
        usual_context.cache_clear()
