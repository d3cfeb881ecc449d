"""The certificate in a signature: whose it is and when it was valid, by ICP-Brasil's rules (R40)."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING

import lxml.etree as etree

from services.fiscal import cnpj as cnpjs
from services.fiscal.labels import Check

if TYPE_CHECKING:
    from cryptography import x509

DSIG = "{http://www.w3.org/2000/09/xmldsig#}"
_KEPT = f"{DSIG}KeyInfo/{DSIG}X509Data/{DSIG}X509Certificate"
_MOST_CHARACTERS = 20_000
_MOST_CERTIFICATES = 6
_COMPANY_OID = "2.16.76.1.3.3"
_PERSON_OID = "2.16.76.1.3.1"
_CNPJ = re.compile(r"[0-9A-Z]{12}[0-9]{2}")
# Date of birth, then the CPF, then numbers of other registers.
_PERSON = re.compile(r"[0-9]{8}([0-9]{11})")
_NAMED = re.compile(r":([0-9A-Z]{12}[0-9]{2}|[0-9]{11})$")


def of(seal: etree._Element) -> list[x509.Certificate]:
    """The certificates in a ``Signature``, the signer's first.

    Raises ``ValueError`` or ``TypeError`` where the first cannot be read.
    """
    texts = [each.text or "" for each in seal.findall(_KEPT)[:_MOST_CERTIFICATES]]
    found = [_load("".join(texts[0].split()))] if texts and texts[0].strip() else []
    for text in texts[1:]:
        try:
            found.append(_load("".join(text.split())))
        except (ValueError, TypeError):
            continue
    return found


@lru_cache(maxsize=64)
def _load(text: str) -> x509.Certificate:
    from cryptography import x509

    if len(text) > _MOST_CHARACTERS:
        raise ValueError("size")
    try:
        made = x509.load_der_x509_certificate(b64decode(text))
    except x509.InvalidVersion as error:
        raise ValueError(str(error)) from error
    # Read only when they are asked for: what is wrong with them is to be known here.
    _ = made.subject, made.issuer, made.not_valid_before_utc, made.not_valid_after_utc
    return made


def check(
    certificate: x509.Certificate, signers: Sequence[str], at: datetime | None, *, by_other: bool
) -> Check:
    """Is the certificate of one of ``signers`` (CNPJ or CPF, a root is enough) and was valid ``at``.

    ``by_other``: the document may rightly be signed by the system or authority that made it, of
    which nothing is known here.
    """
    if at is not None and not valid(certificate, at):
        return Check("failed", "expired_then")
    if not signers:
        return Check("unverifiable", "signed_by_system" if by_other else "no_signer")
    owner = _holder(certificate)
    if owner is None:
        return Check("unverifiable", "no_holder")
    if any(_same(owner, signer) for signer in signers):
        return Check("ok")
    if by_other:
        return Check("unverifiable", "signed_by_system", _shown(owner))
    return Check("failed", "other_holder", f"{_shown(owner)} {_shown(signers[0])}")


def valid(certificate: x509.Certificate, at: datetime) -> bool:
    """Was it between its two dates?"""
    return certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc


def _same(owner: str, signer: str) -> bool:
    if len(owner) == len(signer) == 14:
        return cnpjs.root(owner) == cnpjs.root(signer)
    return owner == signer


def _shown(identity: str) -> str:
    return cnpjs.masked(identity) if len(identity) == 14 else identity


def _holder(certificate: x509.Certificate) -> str | None:
    """CNPJ or CPF in the alternative name (ICP-Brasil), else behind the colon of the common name."""
    from cryptography import x509

    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        for other in names.get_values_for_type(x509.OtherName):
            text = other.value[2:].decode("ascii", "replace").strip()
            oid = other.type_id.dotted_string
            if oid == _COMPANY_OID and _CNPJ.fullmatch(text):
                return text
            person = _PERSON.match(text) if oid == _PERSON_OID else None
            if person:
                return person[1]
    except (ValueError, x509.ExtensionNotFound, x509.DuplicateExtension):
        pass
    try:
        common = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
        named = _NAMED.search(str(common[0].value)) if common else None
    except ValueError:
        return None
    return named[1] if named else None
