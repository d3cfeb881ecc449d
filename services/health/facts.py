"""What jobs learn of a mailbox, as typed facts: its health, its pauses, when to stop asking (R34, R48)."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

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

    A definite refusal of the login (wrong password and the like) is counted: after
    :data:`MOST_REFUSALS` in a row the mailbox is down, jobs leave it alone, and each linked
    company gets one notice (the relay's is the partner's). A quota or an answer to slow down pauses sending by it (R34). Network
    errors only show; nothing here inactivates a mailbox (R48).
    """
    at = now()
    reason = safe(
        " ".join(filter(None, (failure.explanation, failure.reply))) or failure.kind, 1_000
    )
    definite = failure.stage == Stage.LOGIN and failure.permanent and blames_mailbox(failure.kind)
    values: dict[str, object] = {"health_reason": reason}
    if definite:
        values["refusals"] = EmailServer.refusals + 1
    elif pauses_mailbox(failure.kind) and function == Function.SEND:
        pause = _QUOTA_PAUSE if failure.kind == "quota" else _SHORT_PAUSE
        values["paused_until"] = at + pause
    row = session.execute(
        update(EmailServer)
        .where(EmailServer.id == server_id)
        .values(values)
        .returning(EmailServer.refusals, EmailServer.health),
        execution_options={"synchronize_session": False},
    ).one_or_none()
    if row is None:
        return Health.UNKNOWN
    health = Health.DOWN if row.refusals >= MOST_REFUSALS else Health.FAILING
    if row.health != health:
        session.execute(
            update(EmailServer)
            .where(EmailServer.id == server_id)
            .values(health=health, health_since=at),
            execution_options={"synchronize_session": False},
        )
        if health == Health.DOWN:
            _warn(session, server_id, function, reason)
    session.expire_all()
    return health


def note_success(session: Session, server_id: int) -> None:
    """Take note that a mailbox works: the count starts anew, a pause ends by itself. Writes only what changes."""
    session.execute(
        update(EmailServer)
        .where(
            EmailServer.id == server_id,
            (EmailServer.health != Health.OK)
            | (EmailServer.refusals != 0)
            | EmailServer.health_reason.is_not(None),
        )
        .values(
            health=Health.OK,
            health_reason=None,
            health_since=now(),
            refusals=0,
        ),
        execution_options={"synchronize_session": False},
    )


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
