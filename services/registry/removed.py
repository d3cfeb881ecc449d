"""Sending mailboxes that an import removed, kept with their passwords for 30 days (R6)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, delete, select, update
from sqlalchemy.orm import Session

from services.clock import now
from services.registry.server_rows import PLACE
from services.store import secret
from services.store.models import (
    Company,
    EmailServer,
    Function,
    Kind,
    Mailbox,
    MailboxImport,
    RemovedMailbox,
    User,
)
from services.store.types import Instant

KEPT = timedelta(days=30)
_PLACE = "removed_mailbox"
# Both databases cap the parameters of a statement; a company has never that many imports.
_AT_ONCE = 1_000
_COLUMNS = {
    column.key: column.type for column in EmailServer.__table__.columns if column.key != "id"
}


def keep(session: Session, imported: MailboxImport, mailbox: Mailbox) -> None:
    """Keep what brings ``mailbox`` back: its place in the order, its server's values and secrets.

    To be called before it is unlinked. What refers to the server is noted too: its copies, and
    the import that it came by.
    """
    server = session.get_one(EmailServer, mailbox.server_id)
    settings: dict[str, Any] = {name: _told(getattr(server, name)) for name in _COLUMNS}
    settings["copies"] = list(
        session.scalars(select(EmailServer.id).where(EmailServer.origin_id == server.id))
    )
    settings["came_by"] = session.scalar(
        select(MailboxImport.id).where(
            MailboxImport.server_id == server.id,
            MailboxImport.company_id == mailbox.company_id,
            MailboxImport.undone_at.is_(None),
        )
    )
    row = RemovedMailbox(
        import_id=imported.id, server_id=server.id, position=mailbox.position, settings=settings
    )
    session.add(row)
    session.flush()
    secret.copy(session, PLACE, server.id, _PLACE, row.id)


def kept(session: Session, import_id: int) -> list[RemovedMailbox]:
    """What an import removed, in its order; ``server_id`` is up to date."""
    return list(
        session.scalars(
            select(RemovedMailbox)
            .where(RemovedMailbox.import_id == import_id)
            .order_by(RemovedMailbox.position, RemovedMailbox.id)
            .execution_options(populate_existing=True)
        )
    )


def server_of(session: Session, row: RemovedMailbox) -> EmailServer | None:
    """The server of ``row`` where it lives on; held until the end of a unit of work."""
    if row.server_id is None:
        return None
    return session.get(EmailServer, row.server_id, with_for_update=True, populate_existing=True)


def bring_back(session: Session, row: RemovedMailbox, company: Company) -> Mailbox:
    """Link the server of ``row`` to ``company`` again, made anew with its secrets if it is gone."""
    server = server_of(session, row)
    if server is None:
        server = _made_anew(session, row)
    link = session.scalar(
        select(Mailbox).where(
            Mailbox.server_id == server.id,
            Mailbox.company_id == company.id,
            Mailbox.function == Function.SEND,
        )
    )
    if link is None:
        link = Mailbox(server_id=server.id, company_id=company.id, function=Function.SEND)
        session.add(link)
        session.flush()
    return link


def can_send(server: EmailServer) -> bool:
    """Does this server still serve sending?"""
    return server.kind in (Kind.SEND, Kind.BOTH)


def forget(session: Session, import_ids: Sequence[int]) -> None:
    """Drop what these imports removed, and the passwords with it."""
    gone = session.scalars(
        select(RemovedMailbox.id).where(RemovedMailbox.import_id.in_(import_ids))
    ).all()
    for row_id in gone:
        secret.drop(session, _PLACE, row_id)
    session.execute(delete(RemovedMailbox).where(RemovedMailbox.id.in_(gone)))


def forget_company(session: Session, company_id: int) -> None:
    """Drop what imports of a company removed: the company itself goes."""
    forget(session, _imports(session, MailboxImport.company_id == company_id))


def purge(session: Session) -> int:
    """Drop imports older than 30 days, what they removed, and its passwords; how many imports."""
    count = 0
    while old := _imports(session, MailboxImport.created_at <= now() - KEPT):
        forget(session, old)
        session.execute(delete(MailboxImport).where(MailboxImport.id.in_(old)))
        count += len(old)
    return count


def _imports(session: Session, condition: ColumnElement[bool]) -> Sequence[int]:
    return session.scalars(select(MailboxImport.id).where(condition).limit(_AT_ONCE)).all()


def _made_anew(session: Session, row: RemovedMailbox) -> EmailServer:
    told = row.settings
    values = {name: _heard(told[name], kind) for name, kind in _COLUMNS.items() if name in told}
    # What it referred to may be gone.
    for name, table in (("origin_id", EmailServer), ("created_by_id", User)):
        if values.get(name) is not None and session.get(table, values[name]) is None:
            values[name] = None
    server = EmailServer(**values)
    session.add(server)
    session.flush()
    secret.copy(session, _PLACE, row.id, PLACE, server.id)
    session.execute(
        update(EmailServer)
        .where(
            EmailServer.id.in_(told.get("copies", ())),
            EmailServer.origin_id.is_(None),
            EmailServer.origin_kind.is_not(None),
            EmailServer.partner_id == server.partner_id,
        )
        .values(origin_id=server.id)
    )
    session.execute(
        update(MailboxImport)
        .where(MailboxImport.id == told.get("came_by"), MailboxImport.server_id.is_(None))
        .values(server_id=server.id)
    )
    return server


def _told(value: object) -> object:
    return value.isoformat() if isinstance(value, datetime) else value


def _heard(value: Any, kind: object) -> Any:
    if isinstance(kind, Instant) and value is not None:
        return datetime.fromisoformat(value)
    return value
