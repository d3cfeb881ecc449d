import copy
import random

import lxml.etree as etree
import pytest

from services.fiscal.checks import Checks, check, words
from tests.documents import certificates
from tests.documents.generator import Party, cnpj, nfe

ISSUER = Party(cnpj(1), "FORNECEDOR")
LETTERS = Party(cnpj(2, alphanumeric=True), "CLIENTE")


def codes(checks: Checks) -> tuple[str, str, str, str]:
    parts = (checks.access_key, checks.schema, checks.signature, checks.certificate)
    return tuple(part.code for part in parts)  # type: ignore[return-value]


@pytest.mark.parametrize(
    "data",
    [
        nfe(ISSUER, LETTERS, 1),
        nfe(LETTERS, ISSUER, 2),
        nfe(LETTERS, None, 3, model=65, authorised=False),
        # An envelope's namespaces are not in what was signed.
        nfe(ISSUER, LETTERS, 4).replace(b"<nfeProc ", b'<nfeProc xmlns:x="urn:x" ', 1),
    ],
)
def test_a_good_document_passes_all_four(data: bytes) -> None:
    """R40."""
    assert codes(check(data)) == ("ok", "ok", "ok", "ok")


def test_signature_altered_absent_and_unverifiable_are_told_apart() -> None:
    """R40: three different things to tell a person."""
    good = nfe(ISSUER, LETTERS, 1)
    assert check(good.replace(b"CLIENTE", b"CLIENTA")).signature.code == "altered"
    assert check(good.replace(b"<SignatureValue>", b"<SignatureValue>AAAA")).signature.code == (
        "altered"
    )
    assert check(good.replace(b'URI="#NFe', b'URI="#xxx')).signature.code == "altered"
    unsigned = check(nfe(ISSUER, LETTERS, 1, signed=False))
    assert (unsigned.signature.code, unsigned.certificate.code) == ("absent", "absent")
    broken = check(good.replace(b"<X509Certificate>", b"<X509Certificate>AAAA"))
    assert broken.signature.code == "unverifiable"
    said = {words(code, "signature") for code in ("ok", "altered", "absent", "unverifiable")}
    assert said == {"íntegra", "alterada", "sem assinatura", "não verificável"}


def test_a_signature_over_something_else_does_not_count() -> None:
    """A signed infNFe moved aside, with a forged one in its place."""
    root = etree.fromstring(nfe(ISSUER, LETTERS, 1))
    signed = root[0][0]
    forged = copy.deepcopy(signed)
    forged.set("Id", "NFe" + "1" * 44)
    root[0].insert(0, forged)
    assert check(etree.tostring(root)).signature.code == "altered"
    forged.set("Id", signed.get("Id"))
    assert check(etree.tostring(root)).signature.code != "ok"


@pytest.mark.parametrize(
    ("certificate", "code"),
    [
        (certificates.certificate(ISSUER.cnpj), "ok"),
        (certificates.certificate(cnpj(1, branch=2)), "ok"),
        (certificates.certificate(ISSUER.cnpj, kept_in="name"), "ok"),
        (certificates.certificate(cnpj(9)), "failed"),
        (certificates.certificate(ISSUER.cnpj, kept_in="nowhere"), "unverifiable"),
    ],
)
def test_whose_certificate(certificate: bytes, code: str) -> None:
    """R40: the root of the certificate's CNPJ is the issuer's, or not; the seal holds anyway."""
    checks = check(nfe(ISSUER, LETTERS, 1, certificate=certificate))
    assert (checks.signature.code, checks.certificate.code) == ("ok", code)


def test_schema_and_key() -> None:
    """R40."""
    good = nfe(ISSUER, LETTERS, 1)
    assert check(
        good.replace(b"<natOp>", b"<nat>").replace(b"</natOp>", b"</nat>")
    ).schema.code == ("failed")
    assert check(good.replace(b'versao="4.00"', b'versao="3.10"')).schema.code == "unverifiable"
    assert check(good.replace(b"<nNF>1<", b"<nNF>2<")).access_key.code == "failed"


def test_any_damage_is_labelled_and_never_raises() -> None:
    """R40: labels for hostile bytes too."""
    good = nfe(ISSUER, LETTERS, 1)
    chance = random.Random(7)
    for _ in range(300):
        data = bytearray(good)
        for _ in range(chance.randrange(1, 4)):
            place = chance.randrange(len(data))
            data[place : place + chance.randrange(3)] = bytes(
                chance.choice(b"<>/=\"' aA0") for _ in range(chance.randrange(3))
            )
        assert set(codes(check(bytes(data)))) <= {
            "ok", "failed", "altered", "absent", "unverifiable"
        }  # fmt: skip
    for junk in (b"", b"<a/>", b"\0", b"<!DOCTYPE a><a/>"):
        assert "ok" not in codes(check(junk))
