"""Is a document as it was signed: XML signature (R40)."""

from __future__ import annotations

import hashlib
from base64 import b64decode
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import lxml.etree as etree

from services.fiscal.certificates import DSIG
from services.fiscal.labels import Check

if TYPE_CHECKING:
    from cryptography import x509

_W3 = "http://www.w3.org/"
_C14N = f"{_W3}TR/2001/REC-xml-c14n-20010315"
_ENVELOPED = f"{_W3}2000/09/xmldsig#enveloped-signature"
_METHODS = {
    f"{_W3}2000/09/xmldsig#rsa-sha1": "sha1",
    f"{_W3}2001/04/xmldsig-more#rsa-sha256": "sha256",
}
_DIGESTS = {f"{_W3}2000/09/xmldsig#sha1": "sha1", f"{_W3}2001/04/xmlenc#sha256": "sha256"}
_INFO = [f"{DSIG}{name}" for name in ("CanonicalizationMethod", "SignatureMethod", "Reference")]
_REFERENCE = [f"{DSIG}{name}" for name in ("Transforms", "DigestMethod", "DigestValue")]


def find(body: etree._Element) -> etree._Element | None:
    """The signature that stands in ``body`` itself."""
    return body.find(f"{DSIG}Signature")


def digest(seal: etree._Element) -> str:
    """The digest that was signed, in Base64 without blanks; "" where there is none."""
    path = f"{DSIG}SignedInfo/{DSIG}Reference/{DSIG}DigestValue"
    return "".join((seal.findtext(path) or "").split())


def check(body: etree._Element, covered: etree._Element, certificate: x509.Certificate) -> Check:
    """Does the signature in ``body`` hold, and cover ``covered``; "altered" where it does not."""
    if _holds_as_usual(body, covered, certificate):
        return Check("ok")
    from cryptography.exceptions import UnsupportedAlgorithm
    from signxml.exceptions import InvalidSignature, SignXMLException

    id_attribute = "Id" if covered.get("Id") is not None else "id"
    # As it stands first; then without the namespaces that an envelope put round it later.
    for exclusive in (False, True):
        try:
            alone = etree.tostring(body, with_tail=False)
            if exclusive:
                alone = etree.tostring(etree.fromstring(alone), method="c14n", exclusive=True)
            result = _verifier().verify(
                alone,
                x509_cert=certificate,
                id_attribute=id_attribute,
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
            return Check(
                "unverifiable", "seal_unreadable", f"{type(error).__name__}: {error}"[:200]
            )
        node = result.signed_xml
        if node is None or node.tag != covered.tag or node.attrib != covered.attrib:
            return Check("altered", "not_covered")
        return Check("ok")
    return Check("altered", "content_differs")


def _holds_as_usual(
    body: etree._Element, covered: etree._Element, certificate: x509.Certificate
) -> bool:
    """Does a signature of the one form that the manuals ask for hold: all but a few have it.

    Canonical XML 1.0 by libxml2, one reference to ``covered``, RSA. Whatever is not so, and
    whatever does not hold, is for :mod:`signxml` to judge, which takes four times as long.
    """
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    seals = body.findall(f"{DSIG}Signature")
    info = seals[0].find(f"{DSIG}SignedInfo")
    if len(seals) != 1 or len(body.findall(covered.tag)) != 1:
        return False
    if info is None or [each.tag for each in info] != _INFO:
        return False
    canonical, method, reference = info
    if [each.tag for each in reference] != _REFERENCE or not covered.get("Id"):
        return False
    transforms, digested_by, value = reference
    name = _METHODS.get(method.get("Algorithm", ""))
    if (
        canonical.get("Algorithm") != _C14N
        or len(canonical)
        or name is None
        or digested_by.get("Algorithm") not in _DIGESTS
        or reference.get("URI") != f"#{covered.get('Id')}"
        or [each.get("Algorithm") for each in transforms] != [_ENVELOPED, _C14N]
        or any(len(each) for each in transforms)
    ):
        return False
    digest_of = hashlib.new(_DIGESTS[digested_by.get("Algorithm", "")], usedforsecurity=False)
    hashed = hashes.SHA1() if name == "sha1" else hashes.SHA256()  # noqa: S303 - NF-e's own
    try:
        key = certificate.public_key()
        if not isinstance(key, rsa.RSAPublicKey):
            return False
        digest_of.update(_canonical(covered))
        if b64decode(value.text or "") != digest_of.digest():
            return False
        signed = b64decode(seals[0].findtext(f"{DSIG}SignatureValue") or "")
        key.verify(signed, _canonical(info), padding.PKCS1v15(), hashed)
    except (InvalidSignature, UnsupportedAlgorithm, etree.LxmlError, ValueError):
        return False
    return True


def _canonical(element: etree._Element) -> bytes:
    """As it stands in a document of its own, with the namespaces that hold where it stands."""
    alone = etree.fromstring(etree.tostring(element, with_tail=False))
    whole: bytes = etree.tostring(alone, method="c14n", with_comments=False)
    return whole


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
