"""Announcing: one notification, one e-mail to all who are to know, one entry in the bell (R26-R28)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from services import language
from services.clock import now
from services.language import Both, _, both, ngettext
from services.notifications.recipients import OWN, recipients
from services.notifications.ringing import Rung, note_mail, ring
from services.notifications.templates import spoken
from services.notifications.types import type_of
from services.outbox.queue import MOST_RECIPIENTS, enqueue
from services.registry import ways_out
from services.safe_text import safe, safe_block
from services.store.mail import OutboxMessage
from services.store.models import Company
from services.store.notices import BellEntry, Notification
from services.store.rows import insert_rows


@dataclass(frozen=True, slots=True)
class Announced:
    """What was made: ``outbox_id`` None when no e-mail leaves (the bell says why).

    ``notification_id`` None and ``outbox_id`` None when it counts in an entry that nobody was told
    of by e-mail; ``bell_id`` None when an e-mail alone tells of it.
    """

    notification_id: int | None
    outbox_id: int | None
    bell_id: int | None
    duplicate: bool


def announce(
    session: Session,
    *,
    partner_id: int,
    company_id: int | None,
    type_key: str,
    subject: str | Both | Callable[[int], str | Both],
    body: str | Both,
    attachments: Sequence[tuple[str, str, bytes]] = (),
    key: str | None = None,
    severity: str | None = None,
    cause: tuple[str, int] | None = None,
    same: str | None = None,
    times: int = 1,
    by_email: bool = True,
) -> Announced:
    """Tell about one occurrence, in the caller's unit of work.

    One e-mail goes to every address of the company's data and those subscribed to the type, all
    visible to each other (R26, R27), and one entry to the bell, which also says why when no e-mail
    leaves: no address (R46) or neither sending mailbox nor relay in use (R14, R28); and how many
    were left out where there are more than one e-mail takes. What is the
    partner's own is in the bell only, and what the type has for e-mail alone rings only when none
    leaves. The same ``key`` of a company announces once; the second time
    nothing happens and the first is returned as duplicate (R35). ``same`` names what may come
    again and again: within the type's quiet period it is one entry with a count and one e-mail
    (see :func:`services.notifications.ringing.ring`, also for ``times`` and a ``subject`` that
    depends on them). Words in both languages go to the bell so; an e-mail speaks the
    installation's. ``by_email`` False is for what no e-mail may tell of. Raises :class:`NotFound`
    for a type that is not known.
    """
    known = type_of(session, partner_id, type_key)
    severity = severity or known.severity
    by_email = by_email and known.by_email
    rung = None
    if same is not None:
        # The entry first: who counts in it holds it, and alone decides about the e-mail.
        rung = ring(
            session,
            partner_id=partner_id,
            company_id=company_id,
            type_key=type_key,
            title=subject,
            text=body,
            severity=severity,
            cause=cause,
            same=same,
            times=times,
        )
        if rung.count > times and (not by_email or _told_of_late(rung, known.quiet)):
            return Announced(rung.notification_id, None, rung.id, duplicate=False)
    count = times if rung is None else rung.count
    title = subject(count) if callable(subject) else subject
    with language.speaking(spoken(session)):
        mailed_subject, mailed_body = str(title), str(body)
    made = insert_rows(
        session,
        Notification,
        [
            {
                "partner_id": partner_id,
                "company_id": company_id,
                "type_key": type_key,
                "severity": severity,
                "subject": safe(mailed_subject, 900),
                "body": safe_block(mailed_body),
                "idempotency_key": key,
                "created_at": now(),
            }
        ],
        conflict="ON CONFLICT (company_id, idempotency_key) DO NOTHING",
        returning=("id",),
    )
    if not made:
        return _earlier(session, company_id, key)

    notification_id: int = made[0][0]
    company = session.get(Company, company_id) if by_email and company_id is not None else None
    to, beyond = _addresses(session, company, type_key) if company is not None else ([], 0)
    why_not = _why_no_email(session, company, to, type_key)
    outbox_id = None
    if company is not None and to and why_not is None:
        why_not = _left_out(beyond) if beyond else None
        outbox_id = enqueue(
            session,
            partner_id=partner_id,
            company_id=company.id,
            to=to,
            subject=mailed_subject,
            body=mailed_body,
            attachments=attachments,
            notification_id=notification_id,
        )
    if rung is not None:
        note_mail(session, rung.id, notification_id, mailed=outbox_id is not None, why_not=why_not)
        return Announced(notification_id, outbox_id, rung.id, duplicate=False)
    if not known.by_bell and outbox_id is not None and why_not is None:
        return Announced(notification_id, outbox_id, None, duplicate=False)
    rung = ring(
        session,
        partner_id=partner_id,
        company_id=company_id,
        type_key=type_key,
        title=title,
        text=body if why_not is None else both(lambda: f"{body}\n\n{why_not}"),
        severity=severity,
        notification_id=notification_id,
        cause=cause,
    )
    return Announced(notification_id, outbox_id, rung.id, duplicate=False)


def _told_of_late(rung: Rung, quiet: int) -> bool:
    return rung.mailed_at is not None and now() - rung.mailed_at < timedelta(seconds=quiet)


def _addresses(session: Session, company: Company, type_key: str) -> tuple[list[str], int]:
    """To whom, and how many are beyond what one e-mail takes.

    What the company's data say as it stands there, so that what is refused is on record (R32);
    then those that are subscribed, as many as there is room for.
    """
    told = recipients(session, company, type_key)
    own = (company.notification_email or "").strip(" ;")
    others = [each.address for each in told if OWN not in each.why]
    room = max(0, MOST_RECIPIENTS - len([each for each in own.split(";") if each.strip()]))
    return [*([own] if own else []), *others[:room]], len(others[room:])


def _left_out(count: int) -> Both:
    return both(
        lambda: ngettext(
            "{n} endereço inscrito não recebeu o e-mail: um e-mail vai a no máximo {most}.",
            "{n} endereços inscritos não receberam o e-mail: um e-mail vai a no máximo {most}.",
            count,
        ).format(n=count, most=MOST_RECIPIENTS)
    )


def _why_no_email(
    session: Session, company: Company | None, to: Sequence[str], type_key: str
) -> Both | None:
    if company is None:
        return None
    if not to:
        return both(
            lambda: _(
                "Nenhum e-mail foi enviado: não há e-mail para notificações nos dados da empresa, "
                "nem endereço inscrito neste tipo."
            )
        )
    warning = type_key in ways_out.WARNINGS
    if ways_out.why_none(session, company, warning=warning) is None:
        return None
    return both(
        lambda: _("Nenhum e-mail foi enviado: {why}").format(
            why=ways_out.why_nothing_leaves(session, company)
        )
    )


def _earlier(session: Session, company_id: int | None, key: str | None) -> Announced:
    notification_id = session.execute(
        select(Notification.id).where(
            Notification.company_id == company_id, Notification.idempotency_key == key
        )
    ).scalar_one()
    outbox_id = session.scalar(
        select(OutboxMessage.id).where(OutboxMessage.notification_id == notification_id).limit(1)
    )
    bell_id = session.scalar(
        select(BellEntry.id).where(BellEntry.notification_id == notification_id).limit(1)
    )
    return Announced(notification_id, outbox_id, bell_id, duplicate=True)
