"""Documents by e-mail: to whom, by what, once, and in whose name."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from services import language
from services.dispatch import queueing
from services.dispatch.placing import Parcel, Queued
from services.errors import Invalid, InvalidFields, NotFound
from services.fiscal.danfe import Danfe
from services.notifications import bell
from services.registry import access, audit, companies, mailboxes, people, relay
from services.registry.access import Actor
from services.registry.companies import CompanyDraft, CompanyView
from services.registry.mailbox_form import MailboxDraft
from services.registry.people import UserDraft
from services.store.engine import Store
from services.store.models import Role, User
from tests.dispatch.conftest import CLIENT, PDF, Queue, invoice
from tests.documents.generator import Party, cnpj, nfe

Send = Callable[..., list[Queued]]
MAILBOX = MailboxDraft(
    "send", "Notas", "Padaria", "nfe@padaria.example", "", "segredo", host="smtp.padaria.example"
)


@pytest.fixture
def send(store: Store, actor: Actor, company: CompanyView) -> Send:
    """Send documents as ``actor``; keyword arguments as in the service."""

    def put(*xmls: bytes, danfe: Danfe = PDF, who: Actor = actor, **given: object) -> list[Queued]:
        parcels = [Parcel(f"nota-{at}.xml", xml, danfe) for at, xml in enumerate(xmls)]
        with store.writing() as session:
            return queueing.send(session, who, parcels, **given)  # type: ignore[arg-type]

    return put


def test_it_goes_to_all_that_the_document_names(send: Send, queue: Queue) -> None:
    """R31, R32: every address of the list, XML and DANFE; a bad one is on record, not sent to."""
    xml = invoice(email="cliente@loja.example; compras@loja.example;sem arroba")
    (queued,) = send(xml)
    assert queued.plan.recipients == ("cliente@loja.example", "compras@loja.example")
    (detail,) = queue()
    assert [(r.address, r.state) for r in detail.view.recipients] == [
        ("cliente@loja.example", "queued"),
        ("compras@loja.example", "queued"),
        ("sem arroba", "failed"),
    ]
    key = queued.plan.access_key
    assert [(a.filename, a.content_type, a.size) for a in detail.attachments] == [
        (f"NFe-{key}.xml", "application/xml", len(xml)),
        (f"DANFE-{key}.pdf", "application/pdf", len(PDF.pdf)),
    ]
    assert detail.view.subject == "NF-e 12, série 1 – Padaria São João Ltda"
    for words in ("Padaria São João Ltda", "11.222.333/0001-81", "R$ ", key[:4] + " " + key[4:8]):
        assert words in detail.body


def test_who_is_at_the_console_changes_no_language_but_their_own(send: Send, queue: Queue) -> None:
    """R31: customers read the installation's."""
    language.speak("en")
    try:
        send(invoice())
    finally:
        language.speak("pt_BR")
    assert queue()[0].view.subject == "NF-e 12, série 1 – Padaria São João Ltda"
    assert "segue em anexo a NF-e 12" in queue()[0].body


def test_the_same_document_is_queued_once(send: Send, queue: Queue) -> None:
    """R35: by key and content; other addresses, or a key of its own, are another e-mail."""
    first = send(invoice())[0]
    again = send(invoice())[0]
    assert (again.id, again.duplicate) == (first.id, True)
    other = send(invoice(), to=["contador@escritorio.example"])[0]
    assert send(invoice(), to=["Contador@escritorio.example"])[0].id == other.id
    wanted = send(invoice(), to=["contador@escritorio.example"], key="segunda via")[0]
    assert send(invoice(), to=["x@y.example"], key="segunda via")[0].id == wanted.id
    assert len({first.id, other.id, wanted.id}) == len(queue()) == 3
    assert [r.address for r in queue()[1].view.recipients] == ["contador@escritorio.example"]


def test_one_key_for_many_documents(send: Send, queue: Queue) -> None:
    """R35: each document is sent once under it."""
    send(invoice(1), invoice(2), key="março")
    send(invoice(1), invoice(2), invoice(3), key="março")
    assert len(queue()) == 3


def test_without_a_danfe_the_xml_goes_and_the_record_says_so(send: Send, queue: Queue) -> None:
    """R31: missing, failed or late, it holds nothing back."""
    for number, why in enumerate(("missing", "failed", "deadline", "unasked"), 1):
        assert send(invoice(number), danfe=Danfe(why=why))[0].danfe is False
    details = queue()
    assert all(len(d.attachments) == 1 and "sem o DANFE" in (d.note or "") for d in details)
    assert len({d.note for d in details}) == 4
    assert not any("DANFE" in d.body for d in details)


REFUSED = {
    "not authorised": (invoice(authorised=False), "file", "não está autorizada"),
    "no protocol for this key": (
        invoice().replace(b"<chNFe>35", b"<chNFe>41"), "file", "não está autorizada"),
    "denied": (
        invoice().replace(b"<cStat>100", b"<cStat>302"), "file", "não está autorizada"),
    "cut off": (invoice()[:-30], "file", "confira a linha"),
    "a document type": (
        b"<!DOCTYPE a []>" + invoice().partition(b"?>")[2], "file", "não é um XML legível"),
    "empty": (b"", "file", "não é um XML legível"),
    "something else": (b"<html/>", "file", "não é de um documento fiscal"),
    "another kind": (
        invoice().replace(b"<mod>55", b"<mod>57"), "file", "só NF-e e NFC-e"),
    "nobody": (invoice(email=""), "to", "não traz o e-mail"),
    "nobody valid": (invoice(email="zé@;x"), "to", "Nenhum endereço é válido"),
}  # fmt: skip


def test_what_is_refused_says_which_field_and_what_to_do(send: Send, queue: Queue) -> None:
    """R31: nothing of it is queued."""
    for xml, field, words in REFUSED.values():
        with pytest.raises(Invalid, match=words) as refused:
            send(xml)
        assert refused.value.field == field
    key = invoice().partition(b'Id="NFe')[2][:44]
    with pytest.raises(Invalid, match="inválida") as refused:
        send(invoice().replace(key, key[:43] + str((int(key[43:]) + 1) % 10).encode()))
    assert refused.value.field == "access_key"
    with pytest.raises(Invalid, match="não tem CNPJ"):
        send(nfe(Party(cpf="12345678909"), Party(CLIENT, email="a@b.example"), 1, signed=False))
    assert queue() == []


def test_of_several_all_or_none(send: Send, queue: Queue) -> None:
    """Every file that is refused is named, and the good ones wait for the person."""
    with pytest.raises(InvalidFields) as refused:
        send(invoice(1), invoice(2, authorised=False), invoice(3, issuer=cnpj(5)))
    assert [error.message.partition(":")[0] for error in refused.value.errors] == [
        "nota-1.xml",
        "nota-2.xml",
    ]
    assert queue() == []


def test_only_of_a_company_that_this_person_sees(
    store: Store, actor: Actor, send: Send, queue: Queue
) -> None:
    """R53: not registered and not theirs look the same."""
    with store.writing() as session:
        other = companies.add(session, actor, CompanyDraft(cnpj(9), "Outra", "Outra Ltda"))
        people.add_user(
            session,
            actor,
            UserDraft("rui", "Rui", "rui@x.example", Role.COMPANY, companies=(other.cnpj,)),
        )
        rui = access.actor_of(session, session.query(User).filter_by(nickname="rui").one())
    told = []
    for who, xml in ((rui, invoice()), (actor, invoice(issuer=cnpj(7)))):
        with pytest.raises(NotFound) as refused:
            send(xml, who=who)
        told.append(refused.value.message.replace(cnpj(7), "11222333000181"))
    assert told[0] == told[1]
    send(invoice(issuer=other.cnpj), who=rui)
    assert [detail.view.company for detail in queue()] == [other.cnpj]


def test_it_is_audited_once(store: Store, actor: Actor, send: Send) -> None:
    """R55: who sent which document to whom; the second time nothing was done."""
    send(invoice())
    send(invoice())
    with store.reading() as session:
        entries = [e for e in audit.entries(session, actor) if e.action == "send"]
    (entry,) = entries
    assert entry.after == {
        "access_key": entry.after["access_key"],
        "recipients": ["cliente@loja.example"],
        "danfe": True,
    }


def test_without_a_sending_mailbox_it_waits_and_says_so(
    store: Store, actor: Actor, send: Send
) -> None:
    """R28: to who sends it, and once a day in the bell."""
    waits = [send(invoice(number))[0].plan.why_waits for number in (1, 2, 3)]
    assert all("não tem caixa de envio ativa" in (why or "") for why in waits)
    with store.reading() as session:
        (entry,) = bell.feed(session, actor)
    assert entry.title == "Documentos esperam na Fila de envio: Padaria São João"


def test_the_preview_names_the_mailbox_or_the_relay(
    store: Store, actor: Actor, company: CompanyView, send: Send
) -> None:
    """R13, R14: the company's own mailbox; with InvoiCy Mail the partner's relay."""
    with store.writing() as session:
        mailboxes.add(session, actor, company.id, MAILBOX)
        second = replace(MAILBOX, nickname="Dois", email="b@padaria.example")
        mailboxes.add(session, actor, company.id, second)
    assert send(invoice(1))[0].plan.by == ("nfe@padaria.example", "b@padaria.example")
    with store.writing() as session:
        companies.edit(session, actor, company.id, {"invoicy_mail": True})
    assert "InvoiCy Mail" in (send(invoice(2))[0].plan.why_waits or "")
    with store.writing() as session:
        relay.save(
            session,
            actor,
            {"host": "relay.example", "email": "nao@relay.example", "authenticate": False},
        )
    plan = send(invoice(3))[0].plan
    assert (plan.by, plan.why_waits) == (("InvoiCy Mail (nao@relay.example)",), None)
