"""Is a document as it was signed: XML signature (R40)."""

from __future__ import annotations

import hashlib
from base64 import b64decode
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import lxml.etree as etree

from services.fiscal import written
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
_USUAL_BY = (_C14N, _ENVELOPED, _C14N)
_INFO = [f"{DSIG}{name}" for name in ("CanonicalizationMethod", "SignatureMethod", "Reference")]
_REFERENCE = [f"{DSIG}{name}" for name in ("Transforms", "DigestMethod", "DigestValue")]


def find(body: etree._Element) -> etree._Element | None:
    """The signature that stands in ``body`` itself."""
    return body.find(f"{DSIG}Signature")


def digest(seal: etree._Element) -> str:
    """The digest that was signed, in Base64 without blanks; "" where there is none."""
    path = f"{DSIG}SignedInfo/{DSIG}Reference/{DSIG}DigestValue"
    return "".join((seal.findtext(path) or "").split())


def check(
    body: etree._Element,
    covered: etree._Element,
    certificate: x509.Certificate,
    text: bytes | None = None,
) -> Check:
    """Does the signature in ``body`` hold, and cover ``covered``; "altered" where it does not.

    ``text`` is what ``body`` was read from, as :func:`services.fiscal.written.text_of` gives it.
    """
    if _holds_as_usual(body, covered, certificate, text):
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
    body: etree._Element,
    covered: etree._Element,
    certificate: x509.Certificate,
    text: bytes | None,
) -> bool:
    """Does a signature of the one form that the manuals ask for hold: all but a few have it.

    Canonical XML 1.0 as it is written or by libxml2, one reference to ``covered``, RSA. Whatever is
    not so, and whatever does not hold, is for :mod:`signxml` to judge, which takes many times as
    long.
    """
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding, rsa

    seals = body.findall(f"{DSIG}Signature")
    info = seals[0].find(f"{DSIG}SignedInfo")
    named = covered.get("Id")
    if info is None or len(seals) != 1 or len(body.findall(covered.tag)) != 1 or not named:
        return False
    try:
        said = (written.signed_info(text, info) if text else None) or signed_info(info)
        if said is None or said.reference != f"#{named}" or said.by != _USUAL_BY:
            return False
        name = _METHODS.get(said.method)
        digested_by = _DIGESTS.get(said.digested_by)
        key = certificate.public_key()
        if name is None or digested_by is None or not isinstance(key, rsa.RSAPublicKey):
            return False
        content = (written.canonical(text, covered) if text else None) or _canonical(covered)
        digest_of = hashlib.new(digested_by, content, usedforsecurity=False)
        if b64decode(said.digest) != digest_of.digest():
            return False
        signed = b64decode(seals[0].findtext(f"{DSIG}SignatureValue") or "")
        hashed = hashes.SHA1() if name == "sha1" else hashes.SHA256()  # noqa: S303 - NF-e's own
        key.verify(signed, said.canonical, padding.PKCS1v15(), hashed)
    except (InvalidSignature, UnsupportedAlgorithm, etree.LxmlError, ValueError):
        return False
    return True


def signed_info(info: etree._Element) -> written.SignedInfo | None:
    """What it says where it is built in the usual way."""
    if [each.tag for each in info] != _INFO:
        return None
    canonical, method, reference = info
    if [each.tag for each in reference] != _REFERENCE:
        return None
    transforms, digested_by, value = reference
    if len(canonical) or any(len(each) for each in transforms):
        return None
    return written.SignedInfo(
        _canonical(info),
        tuple(each.get("Algorithm", "") for each in (canonical, *transforms)),
        method.get("Algorithm", ""),
        reference.get("URI", ""),
        digested_by.get("Algorithm", ""),
        value.text or "",
    )


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
