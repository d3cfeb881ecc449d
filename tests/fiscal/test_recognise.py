from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.fiscal.facts import Facts, NotFiscal, OtherParty
from services.fiscal.recognise import recognise
from tests.documents.generator import BRASILIA, Party, access_key, cnpj, nfe

ISSUER = Party(cnpj(1), "FORNECEDOR & FILHOS")
RECIPIENT = Party(cnpj(2, alphanumeric=True), "CLIENTE <TESTE>", email="a@x.example;b@x.example")


def test_an_authorised_nfe() -> None:
    """R37, R39: everything that is kept of an NF-e, with a CNPJ that has letters."""
    carrier = Party(cnpj(3), "TRANSPORTES")
    facts = recognise(nfe(ISSUER, RECIPIENT, 77, total=Decimal("1234.50"), carrier=carrier))
    assert facts == Facts(
        kind="NFe",
        access_key=access_key(ISSUER.cnpj, 77),
        key_ok=True,
        issuer_cnpj=ISSUER.cnpj,
        issuer_name=ISSUER.name,
        recipient_cnpj=RECIPIENT.cnpj,
        recipient_name=RECIPIENT.name,
        recipient_email=RECIPIENT.email,
        others=(OtherParty("carrier", carrier.cnpj, "TRANSPORTES"),),
        number=77,
        series=1,
        issued_at=datetime(2026, 11, 3, 9, 30, tzinfo=BRASILIA),
        total=Decimal("1234.50"),
        authorised=True,
        protocol="135000000000077",
    )
    assert facts.cnpjs == (RECIPIENT.cnpj, ISSUER.cnpj, carrier.cnpj)


def test_a_bare_nfce_to_nobody_and_to_a_person() -> None:
    """R37: model 65, not authorised, with and without a recipient."""
    alone = recognise(nfe(ISSUER, None, 5, model=65, authorised=False))
    assert isinstance(alone, Facts)
    assert (alone.kind, alone.authorised, alone.recipient_cnpj) == ("NFCe", False, None)
    person = recognise(nfe(ISSUER, Party(cpf="52998224725"), 6))
    assert isinstance(person, Facts)
    assert (person.recipient_cpf, person.recipient_cnpj) == ("52998224725", None)


def test_a_protocol_of_another_document_authorises_nothing() -> None:
    data = nfe(ISSUER, RECIPIENT, 8)
    other = access_key(ISSUER.cnpj, 9).encode()
    facts = recognise(
        data.replace(b"<chNFe>" + access_key(ISSUER.cnpj, 8).encode(), b"<chNFe>" + other)
    )
    assert isinstance(facts, Facts)
    assert not facts.authorised


def test_a_wrong_check_digit_labels_only() -> None:
    """R40."""
    key = access_key(ISSUER.cnpj, 8)
    wrong = key[:43] + str((int(key[43]) + 1) % 10)
    facts = recognise(nfe(ISSUER, RECIPIENT, 8).replace(key.encode(), wrong.encode()))
    assert isinstance(facts, Facts)
    assert not facts.key_ok


@pytest.mark.parametrize(
    ("data", "reason", "fiscal"),
    [
        (b"<a/>", "other", False),
        (b"nothing", "malformed", False),
        (nfe(ISSUER, RECIPIENT, 1)[:900], "malformed", True),
        (b'<resNFe xmlns="http://www.portalfiscal.inf.br/nfe"/>', "summary", True),
        (b'<retConsStatServ xmlns="http://www.portalfiscal.inf.br/nfe"/>', "unsupported", True),
        (b'<NFe xmlns="http://www.portalfiscal.inf.br/nfe"/>', "incomplete", True),
        (b'<nfeProc xmlns="http://www.portalfiscal.inf.br/nfe"/>', "incomplete", True),
        (nfe(ISSUER, RECIPIENT, 1).replace(b'Id="NFe', b'Id="XXX'), "incomplete", True),
    ],
)
def test_what_is_none_says_why(data: bytes, reason: str, fiscal: bool) -> None:
    """R41: what looks fiscal is not passed over."""
    answer = recognise(data)
    assert isinstance(answer, NotFiscal)
    assert (answer.reason, answer.looks_fiscal) == (reason, fiscal)


@pytest.mark.parametrize(
    ("element", "value", "fact"),
    [
        ("vNF", "NaN", "total"),
        ("vNF", "1e999999999", "total"),
        ("nNF", "9" * 5000, "number"),
        ("nNF", "-1", "number"),
        ("serie", "²", "series"),
        ("dhEmi", "0001-01-01T00:00:00+14:00", "issued_at"),
        ("dhEmi", "ontem", "issued_at"),
    ],
)
def test_hostile_values_become_nothing(element: str, value: str, fact: str) -> None:
    text = nfe(ISSUER, RECIPIENT, 3).decode()
    start = text.index(f"<{element}>") + len(element) + 2
    end = text.index(f"</{element}>")
    facts = recognise((text[:start] + value + text[end:]).encode())
    assert isinstance(facts, Facts)
    assert getattr(facts, fact) is None


@settings(max_examples=200)
@given(st.integers(0, 6000), st.binary(max_size=4), st.integers(0, 8))
def test_damaged_documents_never_raise(place: int, junk: bytes, gone: int) -> None:
    data = nfe(ISSUER, RECIPIENT, 3, signed="cached")
    assert isinstance(recognise(data[:place] + junk + data[place + gone :]), Facts | NotFiscal)
