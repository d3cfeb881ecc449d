"""A certificate authority of our own, in the manner of ICP-Brasil."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

CNPJ_OID = x509.ObjectIdentifier("2.16.76.1.3.3")
_FROM = datetime(2020, 1, 1, tzinfo=UTC)
_UNTIL = datetime(2040, 1, 1, tzinfo=UTC)


@cache
def authority() -> tuple[rsa.RSAPrivateKey, x509.Certificate]:
    """Key and certificate of the authority, made once a process."""
    key = rsa.generate_private_key(65537, 2048)
    name = _name("AC Carteiro de Teste")
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(_FROM)
        .not_valid_after(_UNTIL)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
    )
    return key, builder.sign(key, hashes.SHA256())


@cache
def company_key() -> rsa.RSAPrivateKey:
    """The one key with which every test company signs."""
    return rsa.generate_private_key(65537, 2048)


@cache
def certificate(cnpj: str, *, name: str = "", kept_in: str = "san") -> bytes:
    """The DER certificate of a company.

    ``kept_in`` says where its CNPJ stands: "san" (OID 2.16.76.1.3.3, as ICP-Brasil asks),
    "name" (only behind the colon of the common name) or "nowhere".
    """
    authority_key, authority_certificate = authority()
    common = name or "EMPRESA DE TESTE LTDA"
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(f"{common}:{cnpj}" if kept_in == "name" else common))
        .issuer_name(authority_certificate.subject)
        .public_key(company_key().public_key())
        .serial_number(int.from_bytes(cnpj.encode()))
        .not_valid_before(_FROM)
        .not_valid_after(_UNTIL)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    )
    if kept_in == "san":
        other = x509.OtherName(CNPJ_OID, b"\x13" + bytes([len(cnpj)]) + cnpj.encode())
        builder = builder.add_extension(x509.SubjectAlternativeName([other]), critical=False)
    return builder.sign(authority_key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def sign_sha1(data: bytes) -> bytes:
    """RSA-SHA1 of ``data`` with the company key: what NF-e asks for."""
    return company_key().sign(data, padding.PKCS1v15(), hashes.SHA1())


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "BR"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "ICP-Brasil"),
            x509.NameAttribute(NameOID.COMMON_NAME, common[:64]),
        ]
    )
