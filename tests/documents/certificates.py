"""A certificate authority of our own, in the manner of ICP-Brasil."""

from __future__ import annotations

from base64 import b64encode
from datetime import UTC, datetime
from functools import cache

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.x509.oid import NameOID

CNPJ_OID = x509.ObjectIdentifier("2.16.76.1.3.3")
CPF_OID = x509.ObjectIdentifier("2.16.76.1.3.1")
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


def trusted(*others: x509.Certificate) -> bytes:
    """A file of trusted issuers (PEM): the authority, and ``others``."""
    pem = serialization.Encoding.PEM
    return b"".join(one.public_bytes(pem) for one in (authority()[1], *others))


@cache
def stranger() -> bytes:
    """A file of trusted issuers with an authority that has issued nothing."""
    key = rsa.generate_private_key(65537, 2048)
    made = _issued(_name("AC Desconhecida"), _name("AC Desconhecida"), key, key, ca=True)
    return made.public_bytes(serialization.Encoding.PEM)


@cache
def line(cnpj: str) -> tuple[bytes, bytes, bytes, bytes]:
    """A root and an authority below it (PEM), a company by that one, and one by the company (DER)."""
    root_key, between_key = (rsa.generate_private_key(65537, 2048) for _ in range(2))
    top, below, mine = _name("AC Raiz de Teste"), _name("AC Intermediária"), _name(f"A:{cnpj}")
    root = _issued(top, top, root_key, root_key, ca=True)
    between = _issued(below, top, between_key, root_key, ca=True)
    company = _issued(mine, below, company_key(), between_key, ca=False)
    forged = _issued(_name(f"B:{cnpj}"), mine, company_key(), company_key(), ca=False)
    pem, der = serialization.Encoding.PEM, serialization.Encoding.DER
    return (
        *(one.public_bytes(pem) for one in (root, between)),
        *(one.public_bytes(der) for one in (company, forged)),
    )


def with_others(xml: bytes, *others: bytes) -> bytes:
    """The document with more certificates (PEM or DER) beside the signer's."""
    told = b"".join(
        b"<X509Certificate>%s</X509Certificate>"
        % (b"".join(one.split(b"-----")[2].split()) if one.startswith(b"-----") else b64encode(one))
        for one in others
    )
    return xml.replace(b"</X509Certificate>", b"</X509Certificate>" + told, 1)


def _issued(
    subject: x509.Name,
    issuer: x509.Name,
    key: rsa.RSAPrivateKey,
    by: rsa.RSAPrivateKey,
    *,
    ca: bool,
) -> x509.Certificate:
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(_FROM)
        .not_valid_after(_UNTIL)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .sign(by, hashes.SHA256())
    )


@cache
def company_key() -> rsa.RSAPrivateKey:
    """The one key with which every test company signs."""
    return rsa.generate_private_key(65537, 2048)


@cache
def certificate(
    cnpj: str, *, name: str = "", kept_in: str = "san", until: datetime = _UNTIL
) -> bytes:
    """The DER certificate of a company, or of a person by CPF.

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
        .not_valid_after(until)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    )
    if kept_in == "san":
        told = cnpj if len(cnpj) == 14 else f"01011980{cnpj}{'0' * 15}"
        oid = CNPJ_OID if len(cnpj) == 14 else CPF_OID
        other = x509.OtherName(oid, b"\x13" + bytes([len(told)]) + told.encode())
        builder = builder.add_extension(x509.SubjectAlternativeName([other]), critical=False)
    return builder.sign(authority_key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def sign(data: bytes, *, strong: bool = False) -> bytes:
    """RSA-SHA1 of ``data`` with the company key: what NF-e asks for; ``strong``: RSA-SHA256."""
    hashed = hashes.SHA256() if strong else hashes.SHA1()
    return company_key().sign(data, padding.PKCS1v15(), hashed)


def _name(common: str) -> x509.Name:
    return x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "BR"),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "ICP-Brasil"),
            x509.NameAttribute(NameOID.COMMON_NAME, common[:64]),
        ]
    )
