"""Is a document as it was signed: XML signature (R40)."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

import lxml.etree as etree

from services.fiscal.certificates import DSIG
from services.fiscal.labels import Check

if TYPE_CHECKING:
    from cryptography import x509


def find(body: etree._Element) -> etree._Element | None:
    """The signature that stands in ``body`` itself."""
    return body.find(f"{DSIG}Signature")


def digest(seal: etree._Element) -> str:
    """The digest that was signed, in Base64 without blanks; "" where there is none."""
    path = f"{DSIG}SignedInfo/{DSIG}Reference/{DSIG}DigestValue"
    return "".join((seal.findtext(path) or "").split())


def check(body: etree._Element, covered: etree._Element, certificate: x509.Certificate) -> Check:
    """Does the signature in ``body`` hold, and cover ``covered``; "altered" where it does not."""
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
