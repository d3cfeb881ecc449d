"""A small office at a standing clock: what the pictures and the snapshots show."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.notifications import addresses, bell, subscriptions
from services.outbox import queue
from services.reading.importing import Source, import_messages
from services.reading.taking_apart.extract import Caps, extract
from services.registry import companies, imports, links, mailboxes, people, relay, servers
from services.registry.access import Actor
from services.registry.companies import CompanyDraft, CompanyView
from services.registry.mailboxes import MailboxDraft
from services.registry.server_form import ServerDraft
from services.store.mail import Blob, Document, InboundMessage, OutboxMessage
from services.store.models import EmailServer, Function, Health, Mechanism
from services.wire import aadsts
from tests.documents import generator
from tests.documents.generator import Party, nfe

NOON = datetime(2026, 3, 9, 15, 0, tzinfo=UTC)
_ISSUERS = ("Moinho Vale do Itajaí S.A.", "Laticínios Bela Vista Ltda", "Embalagens Rio Claro ME")


def fill(session: Session, also: str = "") -> None:
    """A partner with two companies; the first has mailboxes, e-mails, documents and bell entries.

    ``also`` "linked" has a Microsoft account that a code took out of use, "branch" makes it a
    branch of a third, "copy" one that imported a mailbox of that; "issued" a document of its own,
    "down" has mailboxes that are not well, "held" things in quarantine, "shared" too, of which one
    names two companies, "told" addresses for notifications, "relayed" the bakery with InvoiCy Mail,
    "twice" its first account once more.
    """
    ana = people.initialise(
        session,
        partner="Contábil Sul",
        partner_key="chave-do-parceiro",
        nickname="ana",
        email="ana@contabil.example",
    )
    relay.set_relay(
        session,
        ana,
        {
            "host": "smtp.relay.example",
            "port": 587,
            "username": "nf@contabil.example",
            "password": "segredo",
        },
    )
    bakery = companies.add(session, ana, _company("11222333000181", "Padaria São João"))
    market = companies.add(session, ana, _company("33000167000101", "Mercado Aurora"))
    for nickname, address, host, active in (
        ("Notas", "nfe@padaria.example", "smtp.padaria.example", True),
        ("Reserva", "reserva@padaria.example", "smtp.reserva.example", True),
        ("Antiga", "contato@padaria.example", "smtp.padaria.example", False),
    ):
        last = mailboxes.add(session, ana, bakery.id, _send(nickname, address, host, active=active))
    entry = mailboxes.add(session, ana, bakery.id, _read())
    if also in ("held", "shared"):
        issuer = "60701190000104" if also == "shared" else "44483401000135"
        _held(session, ana.partner_id, entry.server_id, issuer)
    if also == "shared":
        companies.add(session, ana, _company("60701190000104", "Moinho Vale"))
    if also == "relayed":
        companies.edit(session, ana, bakery.id, {"invoicy_mail": True})
    if also == "twice":
        _twice(session, ana)
    if also == "linked":
        _linked(session, last.server_id)
    if also in ("branch", "copy"):
        _headquarters(session, ana, bakery, copied=also == "copy")
    _servers(session, ana, market.id)
    if also == "down":
        _down(session, ana, bakery.id, market.id)
    if also == "told":
        _told(session, ana, bakery.id, market.id)
    for number, subject in enumerate(
        ("NF-e 1841 - Padaria São João", "NF-e 1842 - Padaria São João", "Boleto de março"), 1
    ):
        message = queue.enqueue(
            session,
            partner_id=ana.partner_id,
            company_id=bakery.id,
            to=[f"cliente{number}@loja.example"],
            subject=subject,
            body="Segue em anexo.",
        )
        if number == 1:
            row = session.get_one(OutboxMessage, message)
            row.state, row.sent_at, row.attempts = "sent", NOON - timedelta(minutes=2), 1
            row.next_attempt_at = NOON - timedelta(minutes=2)
    for number, issuer in enumerate(_ISSUERS, 1):
        document(session, ana.partner_id, bakery.id, number, issuer)
    if also == "issued":
        _issued(session, ana.partner_id, bakery)
    for type_key, title, cause in (
        ("document_imported", "3 documentos fiscais importados", None),
        ("sending_failed", "E-mail recusado: cliente2@loja.example não existe", None),
        (
            "mailbox_inactivated",
            "Caixa contato@padaria.example inativada",
            ("mailbox", last.id),
        ),
    ):
        bell.add(
            session,
            partner_id=ana.partner_id,
            company_id=bakery.id,
            type_key=type_key,
            title=title,
            text="O que houve e o que fazer.",
            cause=cause,
        )


def _held(session: Session, partner_id: int, server_id: int, issuer: str) -> None:
    """Three messages: of a company that is not linked, of nobody, and one that is broken."""
    for number, (recipient, subject, xml) in enumerate(
        (
            ("", "Nota com defeito", b'<nfe xmlns="http://www.portalfiscal.inf.br/nfe"><'),
            ("44483401000115", "NF-e 900 - Laticínios Bela Vista", b""),
            ("33000167000101", "NF-e 1841 - Moinho Vale do Itajaí", b""),
        ),
        1,
    ):
        made = generator.nfe(issuer, recipient, number, signed=False) if recipient else xml
        raw = generator.mail([made], pdf_bytes=2_000, subject=subject, seed=number)
        digest = hashlib.sha256(raw).hexdigest()
        session.add(Blob(sha256=digest, data=raw, size=len(raw)))
        message = InboundMessage(
            partner_id=partner_id,
            server_id=server_id,
            sha256=digest,
            size=len(raw),
            uidl=f"uidl-{number}",
            fetched_at=NOON - timedelta(minutes=5),
        )
        session.add(message)
        session.flush()
        source = Source(partner_id, server_id)
        import_messages(session, source, [(message.id, extract(raw, Caps()))])


def _linked(session: Session, server_id: int) -> None:
    row = session.get_one(EmailServer, server_id)
    row.mechanism, row.tenant = Mechanism.XOAUTH2, "organizations"
    row.account, row.account_id = row.email, "1.2"
    row.smtp_host = "smtp.office365.com"
    row.inactive_code, row.inactive_reason = 700082, aadsts.description(700082)
    row.inactive_since = NOON - timedelta(hours=2)


def _headquarters(session: Session, ana: Actor, branch: CompanyView, *, copied: bool) -> None:
    above = companies.add(session, ana, _company("11222333000262", "Grupo São João"))
    companies.edit(session, ana, branch.id, {"headquarters": above.cnpj})
    central, *_rest = (
        mailboxes.add(session, ana, above.id, _send(nickname, address, host, active=active))
        for nickname, address, host, active in (
            ("Central", "central@saojoao.example", "smtp.saojoao.example", True),
            ("Avisos", "avisos@saojoao.example", "smtp.saojoao.example", True),
            ("Financeiro", "boletos@saojoao.example", "smtp.saojoao.example", False),
        )
    )
    if copied:
        imports.from_headquarters(session, ana, branch.id, central.server_id, "Padaria São João")
        mailboxes.edit(session, ana, central.id, {"host": "mail.saojoao.example", "port": 465})
        mailboxes.add(
            session,
            ana,
            branch.id,
            _send("Pedidos", "pedidos@padaria.example", "smtp.padaria.example", active=True),
        )


def _company(cnpj: str, nickname: str) -> CompanyDraft:
    return CompanyDraft(
        cnpj=cnpj,
        nickname=nickname,
        legal_name=f"{nickname} Ltda",
        notification_email="dono@padaria.example",
        document_import=True,
    )


def _send(nickname: str, address: str, host: str, *, active: bool) -> MailboxDraft:
    return MailboxDraft(
        function=Function.SEND,
        nickname=nickname,
        sender_name="Padaria São João",
        email=address,
        username=address,
        password="segredo",
        active=active,
        host=host,
        port=587,
        security="starttls",
    )


def _read() -> MailboxDraft:
    return MailboxDraft(
        function=Function.READ,
        nickname="Entrada",
        sender_name="",
        email="xml@padaria.example",
        username="xml@padaria.example",
        password="segredo",
        active=True,
        host="pop.padaria.example",
        port=995,
        security="tls",
    )


def _servers(session: Session, ana: Actor, linked: int) -> None:
    """The partner's own: one that serves a company, one paused that nobody uses yet."""
    for nickname, kind, link in (("Fiscal", "both", True), ("Faturas", "send", False)):
        view = servers.add(
            session,
            ana,
            ServerDraft(
                kind=kind,
                nickname=nickname,
                sender_name="Contábil Sul",
                email=f"{nickname.lower()}@contabil.example",
                partner_key="chave-do-parceiro",
                password="segredo",
                smtp_host="smtp.contabil.example",
                smtp_port=587,
                smtp_security="starttls",
                pop_host="pop.contabil.example",
                pop_port=995,
                pop_security="tls",
            ),
        )
        if link:
            links.link(session, ana, view.id, [linked])
        else:
            session.get_one(EmailServer, view.id).paused_until = NOON + timedelta(hours=2)


def _told(session: Session, ana: Actor, bakery: int, market: int) -> None:
    """Three addresses: of a user, of several companies, and one that is told of nothing yet."""
    of_ana = addresses.add(session, ana, user="ana")
    subscriptions.set_types(session, ana, of_ana.id, {bakery: ["mailbox_inactivated"]})
    tax = addresses.add(session, ana, email="fiscal@contabil.example")
    failures = ["mailbox_inactivated", "sending_failed", "reading_failed"]
    subscriptions.set_types(session, ana, tax.id, {bakery: [*failures, "general"]})
    subscriptions.link(session, ana, tax.id, [market])
    addresses.add(session, ana, email="novo@contabil.example")
    closed = companies.add(session, ana, _company("44483401000115", "Oficina Três Rios"))
    companies.edit(session, ana, closed.id, {"notification_email": ""})
    subscriptions.set_types(session, ana, tax.id, {closed.id: ["mailbox_inactivated"]})


def _down(session: Session, ana: Actor, *linked: int) -> None:
    """Three that one code took out of use within minutes, and two that stand alone."""
    for n, name in enumerate(("faturamento", "cobranca", "notas")):
        row = _account(session, ana, name, linked[:1] if n else linked)
        row.active, row.inactive_code, row.inactive_since = (
            False,
            50173,
            NOON - timedelta(minutes=41 - 6 * n),
        )
        row.inactive_reason = aadsts.description(50173)
    row = _account(session, ana, "pedidos", linked[1:])
    row.health, row.health_since = Health.DOWN, NOON - timedelta(days=2, hours=3)
    row.health_reason = "Usuário ou senha recusados pelo servidor. 535 5.7.8 authentication failed"
    reader = session.scalars(select(EmailServer).where(EmailServer.kind == "read")).one()
    reader.health, reader.health_since = Health.FAILING, NOON - timedelta(minutes=7)
    reader.health_reason = "O servidor não respondeu em 30 segundos."
    for server in session.scalars(select(EmailServer).where(EmailServer.kind == "send")):
        if server.email in ("nfe@padaria.example", "reserva@padaria.example"):
            server.active = False


def _twice(session: Session, ana: Actor) -> None:
    """The bakery's first account, as a server of the partner's own."""
    servers.add(
        session,
        ana,
        ServerDraft(
            kind="send",
            nickname="Notas da padaria",
            sender_name="Contábil Sul",
            email="notas@contabil.example",
            username="nfe@padaria.example",
            partner_key="chave-do-parceiro",
            password="segredo",
            smtp_host="smtp.padaria.example",
            smtp_port=587,
            smtp_security="starttls",
        ),
    )


def _account(session: Session, ana: Actor, name: str, companies: Sequence[int]) -> EmailServer:
    view = servers.add(
        session,
        ana,
        ServerDraft(
            kind="send",
            nickname=name.capitalize(),
            sender_name="Contábil Sul",
            email=f"{name}@contabil.example",
            partner_key="chave-do-parceiro",
            password="segredo",
            smtp_host="smtp.contabil.example",
            smtp_port=587,
            smtp_security="starttls",
        ),
    )
    links.link(session, ana, view.id, list(companies))
    return session.get_one(EmailServer, view.id)


def _issued(session: Session, partner_id: int, bakery: CompanyView) -> None:
    client = Party("60701190000104", "Loja do Zé Ltda", "compras@loja.example;fiscal@loja")
    xml = nfe(Party(bakery.cnpj, bakery.legal_name), client, 1843, signed=False)
    document(session, partner_id, bakery.id, 4, bakery.legal_name, xml)


def document(
    session: Session, partner_id: int, company_id: int, number: int, name: str, xml: bytes = b""
) -> None:
    """A document of the company, imported now."""
    data = xml or f"<nota n='{number}'/>".encode()
    digest = hashlib.sha256(data).hexdigest()
    session.add(Blob(sha256=digest, data=data, size=len(data)))
    session.flush()
    session.add(
        Document(
            partner_id=partner_id,
            company_id=company_id,
            kind="NFe",
            access_key=f"4226034448340100013555001{number:09d}1000000018",
            number=number,
            series=1,
            issuer_cnpj="44483401000135",
            issuer_name=name,
            issued_at=NOON - timedelta(days=number),
            total=Decimal("1234.50") * number,
            authorised=True,
            check_access_key="ok",
            check_schema="ok",
            check_signature="ok",
            check_certificate="ok",
            checked_at=NOON,
            sha256=digest,
        )
    )
