"""What is kept of each kind of document: parties, numbers, dates, totals (R37, R39, R40)."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import lxml.etree as etree
import pytest

from services.fiscal import access_key as access_keys
from services.fiscal.checks import check
from services.fiscal.facts import Facts, NotFiscal
from services.fiscal.labels import KINDS, kind_words
from services.fiscal.recognise import recognise
from tests.documents import bills, events, kinds, retail, services, transport
from tests.documents.generator import ISSUED, Party, access_key, cnpj, nfe
from tests.documents.packages import summary

A = Party(cnpj(1), "EMITENTE")
B = Party(cnpj(2), "DESTINATÁRIO", email="b@b.example")
C, D, E, F = (Party(cnpj(n), f"PARTE {n}") for n in range(3, 7))
ALPHA = Party(cnpj(8, alphanumeric=True), "COM LETRAS")
PERSON = Party(cpf="52998224725", name="PESSOA")


def facts(xml: bytes) -> Facts:
    """They are facts."""
    answer = recognise(xml)
    assert isinstance(answer, Facts), answer
    return answer


def roles(xml: bytes) -> list[tuple[str, str]]:
    """The other parties."""
    return [(other.role, other.cnpj) for other in facts(xml).others]


@pytest.mark.parametrize("name", kinds.MAKERS)
def test_every_kind_by_its_key(name: str) -> None:
    """R37, R40: kind, key, event, and the words for them; the recipient is among the parties."""
    one = kinds.samples()[name]
    found = facts(one.xml)
    assert (found.kind, found.access_key, found.event_id) == (one.kind, one.key, one.event_id)
    assert found.key_ok in (True, None)
    assert kinds.RECIPIENT.cnpj in found.cnpjs
    assert found.kind in KINDS
    assert kind_words(found.kind, found.event_id) != found.kind or found.kind in (
        "DPS",
        "NFCom",
        "NF3e",
    )
    assert found.issued_at == ISSUED or name in ("nfcom", "nf3e", "bpe", "bpe-ta", "bpe-tm")


def test_all_the_parties_of_a_cte() -> None:
    """R39: recipient, issuer, service taker, sender, dispatcher, receiver, in this order."""
    xml = transport.cte(A, B, 5, sender=C, dispatcher=D, receiver=E, taker=F)
    assert facts(xml).cnpjs == (B.cnpj, A.cnpj, F.cnpj, C.cnpj, D.cnpj, E.cnpj)
    assert roles(xml)[0] == ("taker", F.cnpj)
    assert (facts(xml).total, facts(xml).number, facts(xml).authorised) == (
        Decimal("350.10"),
        5,
        True,
    )
    assert facts(xml).recipient_email == B.email


@pytest.mark.parametrize(("code", "taker"), [("0", C), ("1", D), ("2", E), ("3", B)])
def test_a_code_says_who_takes_the_service(code: str, taker: Party) -> None:
    """R39: the code of a CT-e points to one of its parties."""
    xml = transport.cte(A, B, 5, sender=C, dispatcher=D, receiver=E, taker=code)
    assert roles(xml)[0] == ("taker", taker.cnpj)


def test_takers_of_the_other_transports() -> None:
    """R39: of a CT-e OS and a simplified one the taker is the recipient; in a GTV-e 1 points there."""
    assert facts(transport.cte_os(A, B, 1)).recipient_cnpj == B.cnpj
    assert facts(transport.cte_simplified(A, B, 1)).recipient_cnpj == B.cnpj
    assert facts(transport.cte_simplified(A, B, 1)).total == Decimal("120.00")
    assert roles(transport.gtve(A, C, B, 1, taker="1"))[0] == ("taker", B.cnpj)
    assert roles(transport.gtve(A, C, B, 1, taker="0"))[0] == ("taker", C.cnpj)


def test_parties_of_a_manifest() -> None:
    """R39: who contracted the transport and who owns the lorry."""
    xml = transport.mdfe(A, 3, hirer=B, owner=C)
    assert roles(xml) == [("hirer", B.cnpj), ("owner", C.cnpj)]
    assert facts(xml).cnpjs == (A.cnpj, B.cnpj, C.cnpj)


def test_parties_of_an_nfse() -> None:
    """R39: provider, taker, intermediary, and the beneficiary that the tax reform brought."""
    xml = services.nfse(A, B, 9, intermediary=C, beneficiary=D)
    assert facts(xml).cnpjs == (B.cnpj, A.cnpj, C.cnpj, D.cnpj)
    assert (facts(xml).total, facts(xml).key_ok) == (Decimal("1500.00"), True)
    assert access_keys.is_valid_nfse(services.nfse_key(A.cnpj, 9))
    assert facts(services.dps(A, B, 9)).cnpjs == (B.cnpj, A.cnpj)


@pytest.mark.parametrize("namespace", [services.ABRASF, "http://www.ginfes.com.br/tipos", ""])
def test_municipal_nfse_of_any_namespace(namespace: str) -> None:
    """R37: provider, taker, number and value, not those of the request that it answers."""
    found = facts(services.abrasf(A, B, 31, namespace=namespace))
    assert (found.issuer_cnpj, found.issuer_name) == (A.cnpj, A.name)
    assert (found.recipient_cnpj, found.recipient_name) == (B.cnpj, B.name)
    assert (found.number, found.total, found.issued_at) == (31, Decimal("2500.00"), ISSUED)
    assert facts(services.sao_paulo(A, B, 31)).recipient_name == B.name


@pytest.mark.parametrize("make", [services.abrasf, services.sao_paulo])
def test_a_cancelled_municipal_nfse_is_another_document(
    make: Callable[..., bytes],
) -> None:
    """R40: the municipality sends the same NFS-e again, with its cancellation in it."""
    before, after = facts(make(A, B, 31)), facts(make(A, B, 31, cancelled=True))
    assert after.access_key == before.access_key
    assert (before.event_id, after.event_id) == ("", "CANCELADA")
    assert kind_words(after.kind, after.event_id) == "NFS-e municipal: cancelamento"


def test_bills_of_public_services() -> None:
    """R37: telephone, energy and tickets come by e-mail every month; their events too."""
    for kind, model in (("NFCom", 62), ("NF3e", 66), ("BPe", 63)):
        found = facts(bills.bill(kind, A, B, 7))
        assert (found.issuer_cnpj, found.recipient_cnpj, found.number) == (A.cnpj, B.cnpj, 7)
        assert found.total
        assert found.authorised
        key = access_key(A.cnpj, 7, model=model)
        event = (
            f'<evento{kind} xmlns="http://www.portalfiscal.inf.br/{kind.lower()}"><infEvento>'
            f"<CNPJ>{A.cnpj}</CNPJ><ch{kind}>{key}</ch{kind}><tpEvento>110111</tpEvento>"
            f"<nSeqEvento>1</nSeqEvento></infEvento></evento{kind}>"
        )
        told = facts(event.encode())
        assert (told.kind, told.event_id) == (f"Evento{kind}", f"110111{key}001")
        assert kind_words(told.kind, told.event_id).endswith(": cancelamento")


def test_tickets_of_flights_and_of_metropolitan_transport() -> None:
    """R37, R40: BP-e TA as it is without its protocol is right by its schema; a TM has no buyer."""
    whole = etree.fromstring(bills.bill("BPeTA", A, B, 7))
    assert check(etree.tostring(whole[0])).schema.code == "ok"
    found = facts(bills.bill("BPeTM", A, B, 7))
    assert (found.issuer_cnpj, found.recipient_cnpj, found.number) == (A.cnpj, None, 7)
    assert found.authorised
    assert found.total


def test_people_are_parties_without_a_company() -> None:
    """R39: a CPF routes to nobody and is kept as such."""
    for xml in (
        transport.cte(A, PERSON, 1),
        services.nfse(A, PERSON, 1),
        retail.cfe(A, PERSON, 1),
    ):
        assert (facts(xml).recipient_cpf, facts(xml).recipient_cnpj) == (PERSON.cpf, None)
    key = access_key(PERSON.cpf, 4, series=920)
    event = events.nfe_event("110111", A, key)
    assert facts(event).issuer_cnpj is None


def test_letters_in_a_cnpj_in_every_kind() -> None:
    """R37: the alphanumeric CNPJ of 2026 as issuer and as recipient."""
    for name, make in kinds.MAKERS.items():
        one = make(ALPHA, B, 2)
        assert (name, facts(one.xml).access_key) == (name, one.key)
        assert facts(one.xml).key_ok in (True, None)
        assert (name, ALPHA.cnpj in facts(make(B, ALPHA, 2).xml).cnpjs) == (name, True)


def test_tax_reform_groups_are_not_in_the_way() -> None:
    """R37: an NF-e of 2026 with IBS, CBS and IS is read as before, and valid by its schema."""
    plain, reformed = nfe(A, B, 6), nfe(A, B, 6, reform=True)
    assert b"<IBSCBSTot>" in reformed
    assert recognise(reformed) == recognise(plain)
    assert check(reformed).schema.code == "ok"


def test_an_event_is_the_same_in_all_that_is_sent_of_it() -> None:
    """R40: request, answer or both; another sequence is another event."""
    key = access_key(A.cnpj, 5)
    parts: tuple[events.How, ...] = ("both", "request", "answer")
    whole, request, answer = (
        facts(events.nfe_event("110110", A, key, sequence=2, recipient=B, how=how)) for how in parts
    )
    assert whole.event_id == request.event_id == answer.event_id
    assert whole.authorised
    assert answer.authorised
    assert not request.authorised
    assert whole.recipient_cnpj == B.cnpj
    assert facts(events.nfe_event("110110", A, key, sequence=3)).event_id != whole.event_id
    nfse = services.nfse_key(A.cnpj, 5)
    both, asked = (facts(events.nfse_event(A, nfse, how=how)) for how in parts[:2])
    assert both.event_id == asked.event_id == f"101101{nfse}001"


@pytest.mark.parametrize(
    ("kind", "event", "words"),
    [
        ("CTeOS", "", "CT-e OS"),
        ("NFSeMunicipal", "", "NFS-e municipal"),
        ("EventoNFe", "110110" + "0" * 47, "NF-e: carta de correção"),
        ("EventoMDFe", "110112" + "0" * 47, "MDF-e: encerramento"),
        ("EventoNFSe", "101101" + "0" * 53, "NFS-e: cancelamento"),
        ("EventoCTe", "310620" + "0" * 47, "CT-e: evento 310620"),
        ("Novo", "", "Novo"),
    ],
)
def test_kinds_in_words(kind: str, event: str, words: str) -> None:
    """R37: as people write them."""
    assert kind_words(kind, event) == words


@pytest.mark.parametrize(
    ("xml", "reason"),
    [
        (summary(A, 1), "summary"),
        (b'<cteProc xmlns="http://www.portalfiscal.inf.br/cte"/>', "incomplete"),
        (b'<mdfeProc xmlns="http://www.portalfiscal.inf.br/mdfe"/>', "incomplete"),
        (b'<MDFe xmlns="http://www.portalfiscal.inf.br/mdfe"/>', "incomplete"),
        (b'<NFSe xmlns="http://www.sped.fazenda.gov.br/nfse"/>', "incomplete"),
        (b'<DPS xmlns="http://www.sped.fazenda.gov.br/nfse"/>', "incomplete"),
        (b'<evento xmlns="http://www.sped.fazenda.gov.br/nfse"/>', "incomplete"),
        (b'<evento xmlns="http://www.portalfiscal.inf.br/nfe"/>', "incomplete"),
        (b'<inutNFe xmlns="http://www.portalfiscal.inf.br/nfe"/>', "incomplete"),
        (b"<CFe/>", "incomplete"),
        (b'<NF3e xmlns="http://www.portalfiscal.inf.br/nf3e"/>', "incomplete"),
        (b'<BPeTM xmlns="http://www.portalfiscal.inf.br/bpe"/>', "incomplete"),
        (b'<cnc xmlns="http://www.sped.fazenda.gov.br/nfse"/>', "unsupported"),
        (transport.cte(A, B, 1).replace(b"<mod>57<", b"<mod>99<"), "unsupported"),
        (transport.mdfe(A, 1)[:-600], "malformed"),
        (services.abrasf(A, B, 1)[:-300], "malformed"),
        (services.abrasf(A, B, 1).replace(b"Numero>", b"Nada>"), "unsupported"),
        (nfe(A, B, 1).replace(b' xmlns="http://www.portalfiscal.inf.br/nfe"', b""), "unsupported"),
    ],
)
def test_what_is_fiscal_and_no_document_is_never_silent(xml: bytes, reason: str) -> None:
    """R41: with its reason."""
    answer = recognise(xml)
    assert isinstance(answer, NotFiscal)
    assert (answer.reason, answer.looks_fiscal) == (reason, True)


@pytest.mark.parametrize(
    "xml",
    [b"<nota/>", b"<Nota><Numero>1</Numero></Nota>", b"<nfe>texto</nfe>", b"<Nfse/>"],
)
def test_a_name_alone_makes_no_document(xml: bytes) -> None:
    answer = recognise(xml)
    assert isinstance(answer, NotFiscal)
    assert (answer.reason, answer.looks_fiscal) == ("other", False)
