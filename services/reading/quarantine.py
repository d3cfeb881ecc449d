"""What could not be imported, with its reason: read again, or rejected, by hand (R39, R41)."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, Select, func, or_, select, update
from sqlalchemy.orm import Session

from services.errors import Conflict, NotFound, Unavailable
from services.fiscal.labels import is_event, may_be_event
from services.folding import fold
from services.language import _, both, said
from services.reading.arrivals import TOO_LARGE
from services.reading.importing import (
    FOREIGN,
    Imported,
    Source,
    import_messages,
    reason_words,
    reasons,
)
from services.reading.receipts import visible
from services.reading.recovery import raw_messages
from services.reading.taking_apart.findings import Extracted
from services.reading.taking_apart.problems import Problem
from services.registry import access, audit, search
from services.registry.access import Actor
from services.retelling import retold
from services.store.mail import InboundMessage, Quarantine, QuarantineState
from services.store.models import Company, EmailServer, Function, Mailbox

_VALUE = re.compile(r"\{\w+\}")


@dataclass(frozen=True, slots=True)
class Owner:
    """A company that a document in quarantine may be of, and whether the mailbox is read for it."""

    company_id: int
    cnpj: str
    nickname: str
    linked: bool


@dataclass(frozen=True, slots=True)
class QuarantineView:
    """One thing that was held. Part, detail, subject and sender are foreign text.

    ``reason`` is a key (``foreign_company``, ``too_large``, …); ``state`` open, resolved, rejected.
    Of a document of no linked company ``kinds`` are what the message brought under its access key,
    ``parties`` the CNPJs in it, and ``owners`` those of them that are companies which the person
    sees.
    """

    id: int
    state: str
    reason: str
    detail: str
    part: str
    email: str | None
    subject: str
    sender: str
    size: int
    inbound_id: int
    server_id: int | None
    kinds: tuple[str, ...]
    parties: tuple[str, ...]
    owners: tuple[Owner, ...]
    created_at: datetime

    @property
    def explanation(self) -> str:
        """The reason in plain words."""
        return reason_words(self.reason)

    @property
    def hint(self) -> str:
        """What else there is to know about it; empty for most."""
        if self.reason != FOREIGN or not any(map(may_be_event, self.kinds)):
            return ""
        if all(map(is_event, self.kinds)):
            return _("É um evento: entra sozinho quando chegar o documento de que fala")
        return _("Se for um evento, entra sozinho quando chegar o documento de que fala")


def ids(
    session: Session,
    actor: Actor,
    *,
    filter: str = "",  # noqa: A002 - the word of the contract of all lists
    sort: str | None = None,
    descending: bool = True,
    state: str | None = QuarantineState.OPEN,
    reason: str | None = None,
) -> array[int]:
    """What is held and ``actor`` sees, newest first; ``state`` None for all, ``reason`` a key."""
    query = (
        select(Quarantine.id)
        .join(InboundMessage, InboundMessage.id == Quarantine.inbound_id)
        .outerjoin(EmailServer, EmailServer.id == Quarantine.server_id)
        .where(visible(actor))
    )
    if state is not None:
        query = query.where(Quarantine.state == state)
    if reason is not None:
        query = query.where(Quarantine.reason == reason)
    for word in filter.split():
        folded = fold(word)
        told = [key for key, words in reasons().items() if folded in fold(words)]
        bare = search.cnpj_part(word)
        query = query.where(
            or_(
                Quarantine.reason.in_(told),
                *(Quarantine.detail.like(kept) for kept in _kept_as(folded)),
                *([Quarantine.parties.contains(bare, autoescape=True)] if bare else []),
                *(
                    column.icontains(word, autoescape=True)
                    for column in (
                        Quarantine.reason,
                        Quarantine.detail,
                        InboundMessage.subject,
                        InboundMessage.sender,
                        EmailServer.email,
                    )
                ),
            )
        )
    sorts = {
        "reason": Quarantine.reason,
        "email": EmailServer.email,
        "subject": InboundMessage.subject,
    }
    if sort in sorts:
        query = query.order_by(sorts[sort].desc() if descending else sorts[sort])
    query = query.order_by(Quarantine.id.desc() if descending else Quarantine.id)
    return array("q", session.scalars(query))


def _kept_as(folded: str) -> list[str]:
    """How details of ours that say ``folded`` to the reader were kept, in whichever language."""
    if folded not in fold(_VALUE.sub(" ", said(TOO_LARGE))):
        return []
    kept = both(lambda: said(TOO_LARGE))
    return [_VALUE.sub("%", words) for words in (kept.portuguese, kept.english)]


def rows(session: Session, actor: Actor, ids: Iterable[int]) -> dict[int, QuarantineView]:
    """Those of ``ids`` that ``actor`` sees, by id."""
    found = session.execute(_query(visible(actor) & Quarantine.id.in_(list(ids)))).all()
    owners = _owners(session, actor, [row[0] for row in found])
    return {row[0].id: _view(*row, owners=owners.get(row[0].id, ())) for row in found}


def of_message(session: Session, actor: Actor, inbound_id: int) -> int | None:
    """What was held of a message and ``actor`` sees, the open before the settled; None for nothing."""
    return session.scalar(
        select(Quarantine.id)
        .join(InboundMessage, InboundMessage.id == Quarantine.inbound_id)
        .where(visible(actor), Quarantine.inbound_id == inbound_id)
        .order_by(Quarantine.state != QuarantineState.OPEN, Quarantine.id)
        .limit(1)
    )


def counts(session: Session, actor: Actor) -> dict[str, int]:
    """How many are open, by reason, the most first."""
    rows = session.execute(
        select(Quarantine.reason, func.count())
        .join(InboundMessage, InboundMessage.id == Quarantine.inbound_id)
        .where(visible(actor), Quarantine.state == QuarantineState.OPEN)
        .group_by(Quarantine.reason)
        .order_by(func.count().desc(), Quarantine.reason)
    )
    return {row[0]: row[1] for row in rows}


def view(session: Session, actor: Actor, quarantine_id: int) -> QuarantineView:
    """One thing that was held; :class:`NotFound` when there is none that ``actor`` sees."""
    found = rows(session, actor, [quarantine_id])
    if quarantine_id not in found:
        raise NotFound(_("Item de quarentena não encontrado"), field="id")
    return found[quarantine_id]


def message(session: Session, actor: Actor, quarantine_id: int) -> bytes:
    """The raw message that it came in.

    :class:`NotFound` where it was too large to be kept, or has been kept for long enough;
    :class:`Unavailable` where it is not to be found.
    """
    inbound_id = view(session, actor, quarantine_id).inbound_id
    raw = raw_messages(session, [inbound_id]).get(inbound_id)
    if raw is not None:
        return raw
    receipt = session.get_one(InboundMessage, inbound_id)
    if receipt.raw_removed_at is not None:
        raise NotFound(
            _("A mensagem foi removida ao fim do prazo de guarda (raw_retention_days)"),
            field="id",
        )
    if not receipt.sha256:
        raise NotFound(
            _("O conteúdo não foi guardado: a mensagem continua no servidor"), field="id"
        )
    raise Unavailable(_("A mensagem original não está onde foi guardada: veja carteiro doctor"))


def retry(
    session: Session, actor: Actor, quarantine_id: int, extracted: Extracted | Problem
) -> Imported:
    """Import the message anew from what was now taken out of it (R41).

    ``extracted`` is of the bytes that :func:`message` gave. What the message had open in
    quarantine is resolved; what still cannot be imported is held again, with its present reason.
    """
    found = open_item(session, actor, quarantine_id)
    row = session.get_one(InboundMessage, found.inbound_id)
    session.execute(
        update(Quarantine)
        .where(Quarantine.inbound_id == found.inbound_id, Quarantine.state == QuarantineState.OPEN)
        .values(state=QuarantineState.RESOLVED)
    )
    done = import_messages(
        session, Source(row.partner_id, row.server_id), [(found.inbound_id, extracted)]
    )
    audit.record(
        session,
        actor,
        "quarantine.retry",
        "quarantine",
        quarantine_id,
        after={"documents": sum(done.documents.values()), "held": done.quarantined},
    )
    return done


def reject(session: Session, actor: Actor, quarantine_id: int) -> QuarantineView:
    """Decide that it is not to be imported; message and receipt stay (R39)."""
    open_item(session, actor, quarantine_id)
    session.execute(
        update(Quarantine)
        .where(Quarantine.id == quarantine_id)
        .values(state=QuarantineState.REJECTED)
    )
    audit.record(
        session,
        actor,
        "quarantine.reject",
        "quarantine",
        quarantine_id,
        before={"state": QuarantineState.OPEN},
        after={"state": QuarantineState.REJECTED},
    )
    return view(session, actor, quarantine_id)


def open_item(session: Session, actor: Actor, quarantine_id: int) -> QuarantineView:
    """One that waits for a decision, and nobody else decides until the unit of work ends.

    Raises :class:`Conflict` when somebody has decided.
    """
    # Whoever reads a message again changes all that it has in quarantine: the message is locked.
    of = select(Quarantine.inbound_id).where(Quarantine.id == quarantine_id).scalar_subquery()
    session.execute(select(InboundMessage.id).where(InboundMessage.id == of).with_for_update())
    found = view(session, actor, quarantine_id)
    if found.state != QuarantineState.OPEN:
        raise Conflict(_("Este item já foi decidido; atualize a lista"), field="id")
    return found


def _query(
    condition: ColumnElement[bool],
) -> Select[Quarantine, InboundMessage, str | None]:
    return (
        select(Quarantine, InboundMessage, EmailServer.email)
        .join(InboundMessage, InboundMessage.id == Quarantine.inbound_id)
        .outerjoin(EmailServer, EmailServer.id == Quarantine.server_id)
        .where(condition)
    )


def _owners(
    session: Session, actor: Actor, rows: Sequence[Quarantine]
) -> dict[int, tuple[Owner, ...]]:
    """By item, the companies among the parties, in the order in which they are looked for (R39)."""
    wanted = {cnpj for row in rows for cnpj in row.parties.split()}
    if not wanted:
        return {}
    seen = access.visible(actor, Company.partner_id, Company.id)
    companies = {
        company.cnpj: company
        for company in session.scalars(select(Company).where(seen, Company.cnpj.in_(wanted)))
    }
    links = select(Mailbox.server_id, Mailbox.company_id).where(
        Mailbox.function == Function.READ,
        Mailbox.server_id.in_({row.server_id for row in rows} - {None}),
        Mailbox.company_id.in_([company.id for company in companies.values()]),
    )
    linked = {(row[0], row[1]) for row in session.execute(links)}
    return {
        row.id: tuple(
            Owner(found.id, found.cnpj, found.nickname, (row.server_id, found.id) in linked)
            for cnpj in row.parties.split()
            if (found := companies.get(cnpj)) is not None
        )
        for row in rows
    }


def _view(
    row: Quarantine,
    message: InboundMessage,
    email: str | None,
    *,
    owners: tuple[Owner, ...],
) -> QuarantineView:
    return QuarantineView(
        id=row.id,
        state=row.state,
        reason=row.reason,
        detail=retold(row.detail),
        part=row.part,
        email=email,
        subject=message.subject,
        sender=message.sender,
        size=message.size,
        inbound_id=message.id,
        server_id=row.server_id,
        kinds=tuple(
            dict.fromkeys(
                each["kind"] for each in message.found if each["access_key"] == row.detail
            )
        ),
        parties=tuple(row.parties.split()),
        owners=owners,
        created_at=row.created_at,
    )
