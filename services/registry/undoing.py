"""Bringing back what an import removed, within 30 days (R6)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.clock import now
from services.errors import CarteiroError, Conflict, Refused
from services.language import _
from services.registry import access, audit, mailboxes, occupied, origins, permission, removed
from services.registry.access import Actor
from services.registry.holding import hold, in_order
from services.registry.mailbox_views import MailboxView, views_of
from services.registry.removed import KEPT
from services.registry.server_rows import PLACE
from services.registry.unlinking import unlink
from services.store.models import (
    AuditEntry,
    Company,
    EmailServer,
    Function,
    Mailbox,
    MailboxImport,
    RemovedMailbox,
)

# What is the copy's own from the start: changing it makes it no other account.
_ITS_OWN = frozenset({"nickname", "sender_name", "active"})


@dataclass(frozen=True, slots=True)
class Kept:
    """A removed mailbox that can be brought back."""

    nickname: str
    email: str


class Fate(StrEnum):
    """What undoing an import does to the copy that came by it."""

    GOES = "goes"
    CHANGED = "changed"
    """Somebody changed it by hand: its server stays in the partner's list."""
    SHARED = "shared"
    """Other companies use it too, and go on doing so."""
    UNLINKED = "unlinked"
    """It is not this company's any more: nothing happens to it."""
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class ImportView:
    """The last import of a company that was not undone.

    ``email`` is the copy's, None when that is gone; ``copy`` says what becomes of it; ``by`` is
    a user's nickname. ``why_not`` says what stands in the way of undoing it now, None when
    nothing does.
    """

    id: int
    at: datetime
    by: str
    email: str | None
    copy: Fate
    back: tuple[Kept, ...]
    undo_until: datetime
    why_not: str | None


@dataclass(frozen=True, slots=True)
class Undone:
    """What an undone import left: the mailboxes that are ``back``, in their order.

    ``copy`` is what became of the copy. ``copy_kept``: somebody had changed it by hand, so that
    its server was only unlinked and stays in the partner's list.
    """

    back: tuple[MailboxView, ...]
    copy_kept: bool
    copy: Fate


def last(session: Session, actor: Actor, company_id: int) -> ImportView | None:
    """The import that :func:`undo` would undo, or None where there is none within 30 days."""
    company = access.company(session, actor, company_id)
    imported = _last(session, company.id)
    if imported is None:
        return None
    kept = removed.kept(session, imported.id)
    copy = None
    if imported.server_id is not None:
        copy = session.get(EmailServer, imported.server_id)
    refusal = _in_the_way(session, actor, company, imported, kept)
    return ImportView(
        imported.id,
        imported.created_at,
        imported.user_nickname,
        copy.email if copy is not None else None,
        _fate(session, imported, in_order(session, company.id)),
        tuple(_shown(session, row) for row in kept),
        imported.created_at + KEPT,
        refusal.message if refusal is not None else None,
    )


def undo(
    session: Session, actor: Actor, company_id: int, *, import_id: int | None = None
) -> Undone:
    """Bring back, in their order, the mailboxes that the last import removed; the copy goes (R6).

    A server that lives on with other companies is linked again as it is now; one that was gone is
    made anew as it was, password included. Mailboxes registered since stay, behind them. Nothing
    is lost: a copy that somebody changed by hand stays in the partner's list. Imports are undone
    one by one, the last first.

    Raises :class:`Refused` when there is nothing to undo, 30 days have passed, or a mailbox that
    came since stands in the way (R7), while InvoiCy Mail is on (R2); :class:`NotAllowed` without
    permission (R11); :class:`Conflict` when the last import is not ``import_id``, or somebody
    else changes the mailboxes at the same time.
    """
    company = access.company(session, actor, company_id)
    permission.may_change(actor, company)
    imported = _last(session, company.id)
    if imported is None:
        raise Refused(_nothing_to_undo(session, company.id))
    servers = [row.server_id for row in removed.kept(session, imported.id)]
    held = [i for i in (imported.server_id, *servers) if i is not None]
    links = hold(session, company, *held)
    session.refresh(imported)
    if imported.undone_at is not None or (import_id is not None and imported.id != import_id):
        raise Conflict(
            _("Outra pessoa já importou ou desfez nesta empresa: nada foi alterado, confira")
        )
    kept = removed.kept(session, imported.id)
    refusal = _in_the_way(session, actor, company, imported, kept)
    if refusal is not None:
        raise refusal
    back = [removed.bring_back(session, row, company) for row in kept]
    copies = [link for link in links if link.server_id == imported.server_id]
    emails = [session.get_one(EmailServer, link.server_id).email for link in copies]
    fate = _fate(session, imported, links)
    for link in copies:
        if fate is Fate.CHANGED:
            _only_unlink(session, actor, link)
        else:
            unlink(session, actor, link)
    _order(session, company, back)
    imported.undone_at = now()
    removed.forget(session, [imported.id])
    views = views_of(session, actor, back)
    audit.record(
        session,
        actor,
        "undo_import",
        "mailbox",
        None,
        company_id=company.id,
        before={"mailboxes": emails, "copy_kept": fate is Fate.CHANGED},
        after={"mailboxes": [view.email for view in views]},
    )
    session.flush()
    return Undone(tuple(views_of(session, actor, back)), fate is Fate.CHANGED, fate)


def _last(session: Session, company_id: int) -> MailboxImport | None:
    return session.scalar(
        select(MailboxImport)
        .where(
            MailboxImport.company_id == company_id,
            MailboxImport.undone_at.is_(None),
            MailboxImport.created_at > now() - KEPT,
        )
        .order_by(MailboxImport.id.desc())
        .limit(1)
    )


def _nothing_to_undo(session: Session, company_id: int) -> str:
    newest = session.scalar(
        select(MailboxImport)
        .where(MailboxImport.company_id == company_id)
        .order_by(MailboxImport.id.desc())
        .limit(1)
    )
    if newest is None:
        return _("Nenhuma importação a desfazer nesta empresa nos últimos 30 dias")
    if newest.undone_at is not None:
        return _("A última importação desta empresa já foi desfeita")
    return _("Já passaram 30 dias desde a importação: não pode mais ser desfeita")


def _in_the_way(
    session: Session,
    actor: Actor,
    company: Company,
    imported: MailboxImport,
    kept: list[RemovedMailbox],
) -> CarteiroError | None:
    try:
        permission.may_change(actor, company)
    except CarteiroError as e:
        return e
    if company.invoicy_mail:
        return Refused(mailboxes.relay_is_on())
    for row in kept:
        server = session.get(EmailServer, row.server_id) if row.server_id is not None else None
        email = server.email if server is not None else row.settings["email"]
        if server is not None and not removed.can_send(server):
            return Refused(
                _("{email} agora só serve à leitura: peça ao parceiro que mude o tipo dela").format(
                    email=email
                )
            )
        used = occupied.by_others(
            session,
            email,
            server.id if server is not None else None,
            Mailbox.company_id == company.id,
            Mailbox.server_id != (imported.server_id or 0),
        ).get(company.id, set())
        if Function.READ in used:
            return Refused(
                _(
                    "{email} voltaria para o envio, mas agora é a caixa de leitura desta empresa: "
                    "exclua-a antes de desfazer"
                ).format(email=email)
            )
        if used:
            return Refused(
                _(
                    "{email} já foi cadastrado de novo nesta empresa: exclua-o antes de desfazer"
                ).format(email=email)
            )
    return None


def _shown(session: Session, row: RemovedMailbox) -> Kept:
    """A server that lives on comes back as it is now, another as it was."""
    server = session.get(EmailServer, row.server_id) if row.server_id is not None else None
    if server is not None:
        return Kept(server.nickname, server.email)
    return Kept(row.settings["nickname"], row.settings["email"])


def _fate(session: Session, imported: MailboxImport, links: Iterable[Mailbox]) -> Fate:
    """What undoing does to the copy; ``links`` are the company's sending mailboxes."""
    if imported.server_id is None:
        return Fate.GONE
    if all(link.server_id != imported.server_id for link in links):
        return Fate.UNLINKED
    if _is_its_own(session, imported):
        return Fate.CHANGED
    elsewhere = select(Mailbox.id).where(
        Mailbox.server_id == imported.server_id, Mailbox.company_id != imported.company_id
    )
    return Fate.SHARED if session.scalar(elsewhere.limit(1)) is not None else Fate.GOES


def _is_its_own(session: Session, imported: MailboxImport) -> bool:
    """Has somebody given the copy a connection or password that its origin does not have?"""
    copy = session.get_one(EmailServer, imported.server_id)
    origin = origins.of(session, [copy]).get(copy.id)
    if origin is not None and origin.server_id is not None and not origin.drifted:
        return False
    changes = session.scalars(
        select(AuditEntry.after).where(
            AuditEntry.entity == PLACE,
            AuditEntry.entity_id == imported.server_id,
            AuditEntry.action == "edit",
            AuditEntry.at >= imported.created_at,
        )
    )
    return any(set(after or ()) - _ITS_OWN for after in changes)


def _only_unlink(session: Session, actor: Actor, link: Mailbox) -> None:
    """Take the copy from the company; its server stays in the partner's list."""
    server = session.get_one(EmailServer, link.server_id)
    audit.record(
        session,
        actor,
        "unlink",
        PLACE,
        server.id,
        company_id=link.company_id,
        before={"email": server.email, "functions": [link.function]},
    )
    session.delete(link)
    session.flush()


def _order(session: Session, company: Company, first: list[Mailbox]) -> None:
    """``first`` before all others, each in its order."""
    ahead = {link.id for link in first}
    others = [link for link in in_order(session, company.id) if link.id not in ahead]
    for place, link in enumerate([*first, *others]):
        link.position = place
    session.flush()
