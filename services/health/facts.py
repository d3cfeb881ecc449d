"""What jobs learn of a mailbox, as typed facts: its health, its pauses, when to stop asking (R34, R48)."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from typing import cast

from sqlalchemy import (
    ColumnElement,
    Table,
    Update,
    bindparam,
    case,
    func,
    literal,
    select,
    true,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from services.clock import now
from services.failure import Failure, Stage
from services.language import _, ngettext
from services.notifications.announce import announce
from services.safe_text import safe
from services.store.models import Company, EmailServer, Function, Health, Kind, Mailbox
from services.wire.replies import blames_mailbox, pauses_mailbox

MOST_REFUSALS = 5
_QUOTA_PAUSE = timedelta(hours=1)
_SHORT_PAUSE = timedelta(minutes=5)


def note_failure(
    session: Session,
    server_id: int,
    failure: Failure,
    *,
    function: Function = Function.READ,
) -> Health:
    """Take note that ``function`` of a mailbox failed; the mailbox's health from now on.

    A definite refusal of the login (wrong password and the like) is counted, for sending and for
    reading apart: after :data:`MOST_REFUSALS` in a row the mailbox is down, jobs leave it alone, and each linked
    company gets one notice (the relay's is the partner's). A quota or an answer to slow down pauses sending by it (R34). Network
    errors only show; nothing here inactivates a mailbox (R48).
    """
    at = now()
    reason = safe(
        " ".join(filter(None, (failure.explanation, failure.reply))) or failure.kind, 1_000
    )
    definite = failure.stage == Stage.LOGIN and failure.permanent and blames_mailbox(failure.kind)
    values: dict[str, object] = {"health_reason": reason}
    refusals, _others = _counts(function)
    if definite:
        values[refusals.key] = refusals + 1
    elif pauses_mailbox(failure.kind) and function == Function.SEND:
        pause = _QUOTA_PAUSE if failure.kind == "quota" else _SHORT_PAUSE
        values["paused_until"] = at + pause
    row = session.execute(
        update(EmailServer)
        .where(EmailServer.id == server_id)
        .values(values)
        .returning(EmailServer.refusals, EmailServer.pop_refusals, EmailServer.health),
        execution_options={"synchronize_session": False},
    ).one_or_none()
    if row is None:
        return Health.UNKNOWN
    most = max(row.refusals, row.pop_refusals)
    health = Health.DOWN if most >= MOST_REFUSALS else Health.FAILING
    if row.health != health:
        session.execute(
            update(EmailServer)
            .where(EmailServer.id == server_id)
            .values(health=health, health_since=at),
            execution_options={"synchronize_session": False},
        )
    if definite and getattr(row, refusals.key) == MOST_REFUSALS:
        _warn(session, server_id, function, reason)
    session.expire_all()
    return health


def note_success(session: Session, server_id: int, *, function: Function | None = None) -> None:
    """Take note that ``function`` of a mailbox works, or all that it has: its count starts anew.

    Where one server both sends and reads, what the other function was refused still counts. A
    pause ends by itself. Writes only what changes.
    """
    session.connection().execute(_works(function), {"server": server_id, "at": now()})


@cache
def _works(function: Function | None) -> Update:
    """The statement behind :func:`note_success`, built once."""
    values: dict[str, object] = {"refusals": 0, "pop_refusals": 0}
    changes: ColumnElement[bool] = (EmailServer.refusals != 0) | (EmailServer.pop_refusals != 0)
    health: ColumnElement[str] = literal(Health.OK.value, EmailServer.health.type)
    clear: ColumnElement[bool] = true()
    if function is not None:
        mine, others = _counts(function)
        values = {mine.key: 0}
        changes = mine != 0
        both = EmailServer.kind == Kind.BOTH
        clear = ~(both & (others > 0))
        health = case(
            (both & (others >= MOST_REFUSALS), Health.DOWN.value),
            (both & (others > 0), Health.FAILING.value),
            else_=Health.OK.value,
        )
    values["health"] = health
    values["health_reason"] = case((clear, None), else_=EmailServer.health_reason)
    values["health_since"] = case(
        (EmailServer.health != health, bindparam("at", type_=EmailServer.health_since.type)),
        else_=EmailServer.health_since,
    )
    return (
        update(cast(Table, EmailServer.__table__))
        .where(
            EmailServer.id == bindparam("server"),
            changes
            | (EmailServer.health != health)
            | (clear & EmailServer.health_reason.is_not(None)),
        )
        .values(values)
    )


def _counts(
    function: Function,
) -> tuple[InstrumentedAttribute[int], InstrumentedAttribute[int]]:
    """The column that counts the refusals of ``function``, and that of the other one."""
    sent, read = EmailServer.refusals, EmailServer.pop_refusals
    return (sent, read) if function == Function.SEND else (read, sent)


def _warn(session: Session, server_id: int, function: Function, reason: str) -> None:
    server = session.get_one(EmailServer, server_id)
    if server.kind == Kind.RELAY:
        _warn_of_relay(session, server, reason)
        return
    sends = function == Function.SEND
    links = session.execute(
        select(Mailbox.id, Company.id, Company.partner_id)
        .join(Company, Company.id == Mailbox.company_id)
        .where(Mailbox.server_id == server_id, Mailbox.function == function)
        .order_by(Mailbox.id)
    ).all()
    for mailbox_id, company_id, partner_id in links:
        announce(
            session,
            partner_id=partner_id,
            company_id=company_id,
            type_key="sending_failed" if sends else "reading_failed",
            subject=(
                _("O envio pela caixa {email} parou")
                if sends
                else _("A leitura da caixa {email} parou")
            ).format(email=server.email),
            body=_(
                "O servidor recusou o acesso {n} vezes seguidas, e paramos de tentar para não bloquear a conta.\n\n{reason}\n\nCorrija os dados da caixa {email} e use Testar E-mail: ela volta a ser usada em seguida."
            ).format(n=MOST_REFUSALS, reason=reason, email=server.email),
            cause=("mailbox", mailbox_id),
        )


def _warn_of_relay(session: Session, relay: EmailServer, reason: str) -> None:
    """One notice to the partner, whose relay it is: in the bell, of no company (R14)."""
    companies = session.scalar(
        select(func.count()).where(
            Company.partner_id == relay.partner_id, Company.invoicy_mail.is_(True)
        )
    )
    announce(
        session,
        partner_id=relay.partner_id,
        company_id=None,
        type_key="sending_failed",
        subject=_("O envio pelo InvoiCy Mail parou: o relay {email} recusa o acesso").format(
            email=relay.email
        ),
        body=ngettext(
            "O relay recusou o acesso {n} vezes seguidas, e paramos de tentar para não bloquear a conta. Os e-mails de {companies} empresa esperam na fila.\n\n{reason}\n\nCorrija os dados em InvoiCy Mail do parceiro: os e-mails saem em seguida.",
            "O relay recusou o acesso {n} vezes seguidas, e paramos de tentar para não bloquear a conta. Os e-mails de {companies} empresas esperam na fila.\n\n{reason}\n\nCorrija os dados em InvoiCy Mail do parceiro: os e-mails saem em seguida.",
            companies or 0,
        ).format(n=MOST_REFUSALS, companies=companies, reason=reason),
        cause=("relay", relay.id),
    )
