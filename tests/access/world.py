"""Two partners; a company with something of everything, and those who must not see it (R53)."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from services.clock import now
from services.notifications import addresses, bell, subscriptions, types
from services.outbox import queue
from services.registry import access, companies, imports, mailboxes, people, relay, servers
from services.registry.access import Actor
from services.registry.companies import CompanyDraft
from services.registry.mailboxes import MailboxDraft
from services.registry.people import UserDraft
from services.registry.servers import ServerDraft
from services.store import leases, secret
from services.store.mail import (
    Blob,
    Document,
    InboundMessage,
    InboundState,
    OutboxMessage,
    OutboxRecipient,
    OutboxState,
    Quarantine,
)
from services.store.models import (
    AuditEntry,
    Base,
    EmailServer,
    Function,
    Health,
    Mailbox,
    Partner,
    User,
)
from tests.documents.generator import Party, nfe

MARK = "p1mark"
"""In all that is the company's, and so in nothing that the others may be told."""
PORT = 42525
CNPJ = "11222333000181"
BRANCH_CNPJ = "11222333000262"
OTHER_CNPJ = "33000167000101"
THIRD_CNPJ = "12345678000195"
KEY = "42260344483401000135550010000000011000000018"
UIDL = f"{MARK}-uidl"
PASSWORD = f"{MARK}-senha"


@dataclass(frozen=True, slots=True)
class World:
    """Ids of what is the company's, and the people.

    ``rui`` is a user of another company, ``lia`` of the company itself but without permission to
    register, ``zoe`` a user of another partner; ``ana`` is the partner's own.
    """

    ana: Actor
    rui: Actor
    lia: Actor
    zoe: Actor
    company: int
    other: int
    third: int
    branch: int
    mailbox: int
    server: int
    reading: int
    unlinked: int
    queued: int
    failed: int
    document: int
    inbound: int
    quarantine: int
    bell: int
    user: int
    change: int
    address: int


def build(session: Session) -> World:
    """Fill an empty database."""
    ana = people.initialise(
        session,
        partner=f"Sul {MARK}",
        partner_key=f"K-{MARK}",
        nickname="ana",
        email="a@sul.example",
    )
    company = _company(session, ana, CNPJ, f"Padaria {MARK}", may_register=False)
    branch = _company(session, ana, BRANCH_CNPJ, f"Filial {MARK}", may_register=False, of=CNPJ)
    other = _company(session, ana, OTHER_CNPJ, "Mercado", may_register=True)
    rui = _user(session, ana, "rui", OTHER_CNPJ)
    lia = _user(session, ana, f"lia-{MARK}", CNPJ, BRANCH_CNPJ)
    partner = Partner(name="Norte", partner_key="KN")
    session.add(partner)
    session.flush()
    row = User(partner_id=partner.id, nickname="zoe", role="partner", nickname_key="zoe")
    session.add(row)
    session.flush()
    zoe = access.actor_of(session, row, "zoe")
    third = _company(session, zoe, THIRD_CNPJ, "Farmácia", may_register=True)
    mailboxes.add(session, ana, company, _mailbox(Function.SEND))
    reading = mailboxes.add(session, ana, company, _mailbox(Function.READ))
    reader = session.get_one(EmailServer, reading.server_id)
    reader.health, reader.health_reason = Health.DOWN, MARK
    unlinked = servers.add(
        session,
        ana,
        ServerDraft(
            kind="send",
            nickname=f"Solto {MARK}",
            sender_name="Padaria",
            email=f"solto@{MARK}.example",
            password=PASSWORD,
            partner_key=f"K-{MARK}",
            smtp_host=f"smtp.{MARK}.example",
            smtp_port=PORT,
        ),
    )
    signed_in = EmailServer(
        partner_id=ana.partner_id, kind="read", nickname="m", email=f"m@{MARK}.example",
        username=f"m@{MARK}.example", mechanism="xoauth2", tenant="consumers",
        account=f"m@{MARK}.example",
    )  # fmt: skip
    session.add(signed_in)
    session.flush()
    session.add(Mailbox(server_id=signed_in.id, company_id=company, function=Function.READ))
    relay.set_relay(session, ana, {"host": f"relay.{MARK}.example", "authenticate": False,
                                   "email": f"relay@{MARK}.example"})  # fmt: skip
    # What was its own is kept to be brought back; what it has now is a copy, with an origin.
    sending = imports.from_partner(session, ana, company, unlinked.id)
    queued, failed = (_queue(session, ana.partner_id, company, n) for n in (1, 2))
    session.get_one(OutboxMessage, failed).state = OutboxState.FAILED
    session.execute(
        update(OutboxRecipient)
        .where(OutboxRecipient.message_id == failed)
        .values(state=OutboxState.FAILED)
    )
    link = session.scalars(select(Mailbox).where(Mailbox.id == reading.id)).one()
    # It is being read, and stays so.
    leases.take(session, f"read:{reading.server_id}", MARK, 600)
    inbound, document, quarantine = _arrived(session, ana.partner_id, company, link)
    entry = bell.add(
        session,
        partner_id=ana.partner_id,
        company_id=company,
        type_key="general",
        title=f"Título {MARK}",
        text=MARK,
    )
    bell.add(session, partner_id=ana.partner_id, company_id=None, type_key="general", title=MARK)
    session.flush()
    address = addresses.add(session, ana, email=f"avisos@{MARK}.example").id
    subscriptions.subscribe(session, ana, address, company, ["sending_failed"])
    types.add_type(session, ana, "proprio", title=f"Tipo {MARK}")
    change = session.scalars(
        select(AuditEntry.id).where(AuditEntry.company_id == company).limit(1)
    ).one()
    return World(
        ana, rui, lia, zoe, company, other, third, branch,
        mailbox=sending.id, server=sending.server_id, reading=reading.id, unlinked=unlinked.id,
        queued=queued, failed=failed, document=document, inbound=inbound, quarantine=quarantine,
        bell=entry, user=lia.user_id, change=change, address=address,
    )  # fmt: skip


def dump(session: Session, but: Actor) -> set[tuple[str, str]]:
    """Every row of the database, except what is of the person ``but``: what they have read, and
    for a partner user the partner itself.
    """
    found = set()
    for table in Base.metadata.sorted_tables:
        for row in session.execute(select(table)).mappings():
            mine = (table.name == "app_user" and row["id"] == but.user_id) or (
                table.name == "partner" and but.is_partner and row["id"] == but.partner_id
            )
            if not mine and table.name != "bell_read":
                found.add((table.name, repr(sorted(row.items()))))
    return found


def _company(
    session: Session,
    actor: Actor,
    cnpj: str,
    name: str,
    *,
    may_register: bool,
    of: str | None = None,
) -> int:
    return companies.add(
        session,
        actor,
        CompanyDraft(
            cnpj=cnpj,
            nickname=name,
            legal_name=f"{name} Ltda",
            document_import=True,
            may_register=may_register,
            headquarters=of,
        ),
    ).id


def _user(session: Session, ana: Actor, nickname: str, *cnpjs: str) -> Actor:
    view = people.add_user(
        session, ana, UserDraft(nickname, nickname, f"{nickname}@x.example", "company", cnpjs)
    )
    return access.actor_of(session, session.get_one(User, view.id), "")


def _mailbox(function: Function) -> MailboxDraft:
    address = f"{function}@{MARK}.example"
    return MailboxDraft(
        function=function,
        nickname=f"Caixa {MARK}",
        sender_name="Padaria",
        email=address,
        username=address,
        password=PASSWORD,
        active=True,
        host=f"mail.{MARK}.example",
        port=PORT,
        security="tls",
    )


def _queue(session: Session, partner: int, company: int, number: int) -> int:
    return queue.enqueue(
        session,
        partner_id=partner,
        company_id=company,
        to=[f"cliente{number}@{MARK}.example"],
        subject=f"Nota {MARK}",
        body=MARK,
        attachments=[("nota.xml", "text/xml", MARK.encode())],
    )


def invoice() -> bytes:
    """An NF-e that the company issued."""
    client = Party(OTHER_CNPJ, email=f"cliente@{MARK}.example")
    return nfe(Party(CNPJ, f"Moinho {MARK}"), client, 1, signed=False)


def _arrived(session: Session, partner: int, company: int, reader: Mailbox) -> tuple[int, int, int]:
    data = invoice()
    digest = hashlib.sha256(data).hexdigest()
    session.add(Blob(sha256=digest, data=data, size=len(data)))
    message = InboundMessage(
        partner_id=partner,
        server_id=reader.server_id,
        uidl=UIDL,
        sha256=digest,
        size=len(data),
        state=InboundState.IMPORTED,
        subject=MARK,
        sender=f"fornecedor@{MARK}.example",
        found=[{"kind": "NFe", "access_key": KEY, "company_id": company, "outcome": "imported"}],
        committed_at=now(),
    )
    session.add(message)
    session.flush()
    document = Document(
        partner_id=partner,
        company_id=company,
        kind="NFe",
        access_key=KEY,
        issuer_name=f"Moinho {MARK}",
        sha256=digest,
        inbound_id=message.id,
        mailbox_id=reader.id,
    )
    held = Quarantine(
        partner_id=partner,
        server_id=reader.server_id,
        inbound_id=message.id,
        reason="foreign_company",
        detail=MARK,
    )
    session.add_all([document, held])
    session.flush()
    return message.id, document.id, held.id


def stored_password(session: Session, world: World) -> str | None:
    """The password of the company's sending mailbox."""
    return secret.get(session, "email_server", world.server, "password")
