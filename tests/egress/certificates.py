"""Certificates made on the spot: a root of the test's own, and server contexts under it or under nothing."""

import ssl
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NOW = datetime.now(UTC)
DAY = timedelta(days=1)
GOOD_FOR = [x509.DNSName("localhost"), x509.IPAddress(ip_address("127.0.0.1"))]
Key = ec.EllipticCurvePrivateKey
Issue = Callable[..., ssl.SSLContext]


def signed(
    name: str, key: Key, issuer: str, issuer_key: Key, *, end: datetime, sans: list[x509.GeneralName], ca: bool = False
) -> x509.Certificate:
    def named(text: str) -> x509.Name:
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    builder = (
        x509.CertificateBuilder()
        .subject_name(named(name))
        .issuer_name(named(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(end - 10 * DAY)
        .not_valid_after(end)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), critical=False)
    )
    if sans:
        builder = builder.add_extension(x509.SubjectAlternativeName(sans), critical=False)
    return builder.sign(issuer_key, hashes.SHA256())


def server_context(folder: Path, certificate: x509.Certificate, key: Key) -> ssl.SSLContext:
    file = folder / "server.pem"
    file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def self_signed(folder: Path) -> ssl.SSLContext:
    """A server context whose certificate vouches for itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    own = signed("localhost", key, "localhost", key, end=NOW + DAY, sans=GOOD_FOR)
    return server_context(folder, own, key)


def new_authority(folder: Path) -> tuple[Path, Issue]:
    """The file of a root certificate, and a function that issues server contexts under it."""
    root_key = ec.generate_private_key(ec.SECP256R1())
    root = signed("test root", root_key, "test root", root_key, end=NOW + 5 * DAY, sans=[], ca=True)
    file = folder / "root.pem"
    file.write_bytes(root.public_bytes(serialization.Encoding.PEM))

    def issue(*, end: datetime = NOW + DAY, sans: list[x509.GeneralName] = GOOD_FOR) -> ssl.SSLContext:
        key = ec.generate_private_key(ec.SECP256R1())
        return server_context(folder, signed("server", key, "test root", root_key, end=end, sans=sans), key)

    return file, issue
