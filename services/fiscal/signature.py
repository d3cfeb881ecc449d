"""Is a document as it was signed, and by whom: XML signature and ICP-Brasil certificate (R40)."""

from __future__ import annotations

import re
from base64 import b64decode
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import lxml.etree as etree

from services.fiscal import cnpj as cnpjs
from services.fiscal.labels import Check
from services.language import _

if TYPE_CHECKING:
    from cryptography import x509

_DSIG = "{http://www.w3.org/2000/09/xmldsig#}"
_NS = "{http://www.portalfiscal.inf.br/nfe}"
_CNPJ_OID = "2.16.76.1.3.3"
_CNPJ = re.compile(r"[0-9A-Z]{12}[0-9]{2}")
_NAMED = re.compile(r":([0-9A-Z]{12}[0-9]{2})$")


def check(signed: etree._Element, covered: etree._Element) -> tuple[Check, Check]:
    """Signature and certificate of ``signed`` (NFe), whose signature must cover ``covered``.

    Signature: "ok" as it was signed, "altered" not so, "absent", "unverifiable". Certificate:
    "ok" when its CNPJ has the issuer's root and it was valid at the issue.
    """
    seal = signed.find(f"{_DSIG}Signature")
    if seal is None:
        none = _("O documento não tem assinatura")
        return Check("absent", none), Check("absent", none)
    try:
        certificate = _certificate(seal)
    except (ValueError, TypeError):
        unreadable = Check("unverifiable", _("O certificado da assinatura é ilegível"))
        return unreadable, unreadable
    if certificate is None:
        missing = _("A assinatura não traz o certificado")
        return Check("unverifiable", missing), Check("absent", missing)
    return _integrity(signed, covered, certificate), _owner(covered, certificate)


def _certificate(seal: etree._Element) -> x509.Certificate | None:
    from cryptography import x509

    text = seal.findtext(f"{_DSIG}KeyInfo/{_DSIG}X509Data/{_DSIG}X509Certificate")
    return x509.load_der_x509_certificate(b64decode(text)) if text and text.strip() else None


def _integrity(
    signed: etree._Element, covered: etree._Element, certificate: x509.Certificate
) -> Check:
    from cryptography.exceptions import UnsupportedAlgorithm
    from signxml.exceptions import InvalidSignature, SignXMLException

    altered = Check("altered", _("O conteúdo não corresponde à assinatura"))
    # As it stands first; then without the namespaces that an envelope put round it later.
    for exclusive in (False, True):
        alone = (
            etree.tostring(signed, method="c14n", exclusive=True)
            if exclusive
            else etree.tostring(signed, with_tail=False)
        )
        verifier = _verifier()
        try:
            result = verifier.verify(
                alone,
                x509_cert=certificate,
                id_attribute="Id",
                expect_config=_expected(certificate),
            )
        except InvalidSignature:
            continue
        except (
            SignXMLException,
            UnsupportedAlgorithm,
            etree.LxmlError,
            ArithmeticError,
            AttributeError,
            LookupError,
            NotImplementedError,
            TypeError,
            ValueError,
        ) as error:
            return Check("unverifiable", f"{type(error).__name__}: {error}"[:200])
        node = result.signed_xml
        if node is None or node.tag != covered.tag or node.get("Id") != covered.get("Id"):
            return Check("altered", _("A assinatura não cobre o documento"))
        return Check("ok")
    return altered


def _owner(covered: etree._Element, certificate: x509.Certificate) -> Check:
    issuer = covered.findtext(f"{_NS}emit/{_NS}CNPJ") or ""
    if not _CNPJ.fullmatch(issuer):
        return Check("unverifiable", _("O emitente não tem CNPJ"))
    owner = _cnpj_of(certificate)
    if owner is None:
        return Check("unverifiable", _("O certificado não traz um CNPJ"))
    if cnpjs.root(owner) != cnpjs.root(issuer):
        return Check(
            "failed",
            _("O certificado é de {owner}, o emitente é {issuer}").format(
                owner=cnpjs.masked(owner), issuer=cnpjs.masked(issuer)
            ),
        )
    issued_at = _issued_at(covered)
    if issued_at and not (
        certificate.not_valid_before_utc <= issued_at <= certificate.not_valid_after_utc
    ):
        return Check("failed", _("O certificado não valia na data da emissão"))
    return Check("ok")


def _cnpj_of(certificate: x509.Certificate) -> str | None:
    """The CNPJ in the alternative name (ICP-Brasil), else behind the colon of the common name."""
    from cryptography import x509

    try:
        names = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        for other in names.get_values_for_type(x509.OtherName):
            text = other.value[2:].decode("ascii", "replace").strip()
            if other.type_id.dotted_string == _CNPJ_OID and _CNPJ.fullmatch(text):
                return text
    except (ValueError, x509.ExtensionNotFound, x509.DuplicateExtension):
        pass
    try:
        common = certificate.subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
        named = _NAMED.search(str(common[0].value)) if common else None
    except ValueError:
        return None
    return named[1] if named else None


def _issued_at(covered: etree._Element) -> datetime | None:
    try:
        at = datetime.fromisoformat(covered.findtext(f"{_NS}ide/{_NS}dhEmi") or "")
    except ValueError:
        return None
    return at if at.tzinfo else None


def _verifier() -> Any:
    from signxml.verifier import XMLVerifier

    verifier = XMLVerifier()
    # What the signers of this field do; the right canonical form has it in no NF-e.
    verifier.excise_empty_xmlns_declarations = True
    return verifier


@cache
def _algorithms() -> dict[str, Any]:
    from signxml.algorithms import DigestAlgorithm, SignatureMethod

    return {
        "location": "./",
        "signature_methods": frozenset({SignatureMethod.RSA_SHA1, SignatureMethod.RSA_SHA256}),
        "digest_algorithms": frozenset({DigestAlgorithm.SHA1, DigestAlgorithm.SHA256}),
    }


def _expected(certificate: x509.Certificate) -> Any:
    """Integrity is judged as of a time when the certificate was valid; its dates are a check apart."""
    from signxml.verifier import SignatureConfiguration

    inside = certificate.not_valid_before_utc + timedelta(seconds=1)
    return SignatureConfiguration(verification_time=inside, **_algorithms())
