"""What an installation still lacks: nothing is remembered of it, all is seen in what there is."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from services.clock import now
from services.errors import NotFound
from services.language import _
from services.outbox import queue
from services.registry import access, audit, mailbox_views
from services.registry.access import Actor
from services.store.mail import OutboxMessage, OutboxState
from services.store.models import Company, EmailServer, Function, Health, Kind, Mailbox, User
from services.store.notices import NotificationEmailCompany

_SENDING = (Kind.SEND, Kind.BOTH, Kind.RELAY)


class Step(StrEnum):
    """What is done at first, in this order, once there are a partner and a user."""

    COMPANY = "company"
    MAILBOX = "mailbox"
    TEST = "test"
    SEND = "send"


@dataclass(frozen=True, slots=True)
class Setup:
    """How far a partner's installation is.

    ``servers`` and ``sending`` count e-mail servers, the relay among them; ``proven`` is whether one
    that sends has worked, ``sent`` whether an e-mail has left. ``mailbox_id`` is the first sending
    mailbox. ``untested`` servers in use have never worked; ``untold`` companies have no address for
    notifications, ``stranded`` ones InvoiCy Mail and no relay that could be used.
    """

    companies: int
    servers: int
    sending: int
    proven: bool
    sent: bool
    mailbox_id: int | None
    untested: int
    untold: int
    stranded: int

    @property
    def next_step(self) -> Step | None:
        """The first that is not done."""
        done = {
            Step.COMPANY: self.companies > 0,
            Step.MAILBOX: self.sending > 0,
            Step.TEST: self.proven or self.sent,
            Step.SEND: self.sent,
        }
        return next((step for step in Step if not done[step]), None)

    @property
    def is_first_run(self) -> bool:
        """Is somebody in the middle of the first steps? Not who only reads, nor who has more."""
        return self.next_step is not None and (
            self.servers == 0 or (self.servers == 1 and self.sending == 1)
        )


def setup(session: Session, actor: Actor) -> Setup:
    """How far the partner's installation is; for partner users (R53)."""
    access.partner_only(actor)
    server = EmailServer.partner_id == actor.partner_id
    sends = EmailServer.kind.in_(_SENDING)
    company = Company.partner_id == actor.partner_id
    told = select(NotificationEmailCompany.company_id)
    relay = session.scalar(
        select(func.count()).where(server, EmailServer.kind == Kind.RELAY, EmailServer.active)
    )

    def count(*conditions: ColumnElement[bool] | InstrumentedAttribute[bool]) -> int:
        return session.scalar(select(func.count()).where(*conditions)) or 0

    return Setup(
        companies=count(company),
        servers=count(server),
        sending=count(server, sends),
        proven=count(server, sends, EmailServer.health == Health.OK) > 0,
        sent=session.scalar(
            select(OutboxMessage.id)
            .where(
                access.visible(actor, OutboxMessage.partner_id, OutboxMessage.company_id),
                OutboxMessage.state == OutboxState.SENT,
            )
            .limit(1)
        )
        is not None,
        mailbox_id=session.scalar(
            select(func.min(Mailbox.id))
            .join(Mailbox.company)
            .where(mailbox_views.seen(actor), Mailbox.function == Function.SEND)
        ),
        untested=count(server, EmailServer.active, EmailServer.health == Health.UNKNOWN),
        untold=count(company, Company.notification_email.is_(None), Company.id.not_in(told)),
        stranded=0 if relay else count(company, Company.invoicy_mail),
    )


def send_first(session: Session, actor: Actor, mailbox_id: int) -> tuple[int, str]:
    """Queue an e-mail to the person, by the company of that mailbox; its id and where it goes.

    It goes to the user's own address, or to the mailbox itself where the user has none (R31, R53).
    """
    found = session.execute(
        select(Mailbox.company_id, EmailServer.email)
        .join(EmailServer, EmailServer.id == Mailbox.server_id)
        .join(Mailbox.company)
        .where(Mailbox.id == mailbox_id, mailbox_views.seen(actor))
    ).one_or_none()
    if found is None:
        raise NotFound(
            _("Caixa de e-mail {id} não encontrada").format(id=mailbox_id), field="mailbox"
        )
    company = access.company(session, actor, found.company_id)
    own = session.scalar(select(User.email).where(User.id == actor.user_id))
    to = own or found.email
    message_id = queue.enqueue(
        session,
        partner_id=actor.partner_id,
        company_id=company.id,
        to=[to],
        subject=_("Primeiro e-mail do Carteiro"),
        body=_(
            "Se você está lendo isto, a caixa de {company} envia.\n\nEnviado em {at}, a pedido de "
            "{nickname}."
        ).format(
            company=company.nickname,
            at=now().astimezone().strftime("%d/%m/%Y %H:%M"),
            nickname=actor.nickname,
        ),
    )
    told = {"to": to, "mailbox_id": mailbox_id}
    audit.record(session, actor, "send", "outbox", message_id, company_id=company.id, after=told)
    return message_id, to
