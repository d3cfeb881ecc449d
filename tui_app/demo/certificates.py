"""An authority of the demonstration's own: the mail servers' TLS, and who signs the documents."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_CNPJ_OID = x509.ObjectIdentifier("2.16.76.1.3.3")
_FROM = datetime(2020, 1, 1, tzinfo=UTC)
_UNTIL = datetime(2050, 1, 1, tzinfo=UTC)


class Authority:
    """Certificates that nobody trusts but who is given ``file`` (PEM), written into ``folder``."""

    def __init__(self, folder: Path) -> None:
        self._key = ed25519.Ed25519PrivateKey.generate()
        self._name = _name("Carteiro Demo CA")
        own = self._certificate(self._name, self._key.public_key(), ca=True)
        self.file = folder / "ca.pem"
        self.file.write_bytes(own.public_bytes(serialization.Encoding.PEM))
        self._folder = folder
        # One key signs for every invented company: making one takes a tenth of a second.
        self._signer = rsa.generate_private_key(65537, 2048)
        self._companies: dict[str, bytes] = {}

    def server_context(self) -> ssl.SSLContext:
        """TLS for servers at "localhost"."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = x509.SubjectAlternativeName([x509.DNSName("localhost")])
        for_servers = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH])
        certificate = self._certificate(_name("localhost"), key.public_key(), names, for_servers)
        pem = serialization.Encoding.PEM
        secret = key.private_bytes(
            pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        file = self._folder / "localhost.pem"
        file.touch(0o600)
        file.write_bytes(secret + certificate.public_bytes(pem))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        return context

    def company(self, cnpj: str, name: str) -> bytes:
        """The DER certificate by which a company signs, as ICP-Brasil writes its CNPJ."""
        if cnpj not in self._companies:
            other = x509.OtherName(_CNPJ_OID, b"\x13" + bytes([len(cnpj)]) + cnpj.encode())
            made = self._certificate(
                _name(name), self._signer.public_key(), x509.SubjectAlternativeName([other])
            )
            self._companies[cnpj] = made.public_bytes(serialization.Encoding.DER)
        return self._companies[cnpj]

    def sign(self, data: bytes) -> bytes:
        """RSA-SHA1 in a company's name: what NF-e asks for."""
        return self._signer.sign(data, padding.PKCS1v15(), hashes.SHA1())  # noqa: S303

    def _certificate(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey,
        *extensions: x509.ExtensionType,
        ca: bool = False,
    ) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(_FROM)
            .not_valid_after(_UNTIL)
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        )
        for each in extensions:
            builder = builder.add_extension(each, critical=False)
        return builder.sign(self._key, None)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common[:64])])
