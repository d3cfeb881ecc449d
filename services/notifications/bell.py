"""The bell: a feed of what happened, read per user (R52)."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Row,
    Select,
    delete,
    func,
    literal,
    select,
    type_coerce,
    update,
)
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from services.clock import now
from services.notifications.types import type_of
from services.registry import access, search
from services.registry.access import Actor
from services.safe_text import safe, safe_block
from services.store.mail import BellEntry, BellRead
from services.store.models import Company, User
from services.store.rows import insert_rows

# Entries committed late may carry a lower number than others already shown: the mark that reads
# everything stays behind those that are this young, which are marked one by one instead.
_SETTLED = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class BellView:
    """One entry. ``company`` is the CNPJ; ``cause_kind`` and ``cause_id`` lead to its cause."""

    id: int
    at: datetime
    type: str
    severity: str
    company: str | None
    company_nickname: str | None
    title: str
    text: str
    read: bool
    cause_kind: str | None
    cause_id: int | None


def add(
    session: Session,
    *,
    partner_id: int,
    company_id: int | None,
    type_key: str,
    title: str,
    text: str = "",
    severity: str | None = None,
    notification_id: int | None = None,
    cause: tuple[str, int] | None = None,
) -> int:
    """Ring in the caller's unit of work; the entry's id.

    ``cause`` is what the entry leads to: ("mailbox" | "outbox" | "document" | "quarantine" |
    "inbound" | "relay", id). Company None is the partner's own.
    """
    row = {
        "at": now(),
        "partner_id": partner_id,
        "company_id": company_id,
        "notification_id": notification_id,
        "type_key": type_key,
        "severity": severity or type_of(session, partner_id, type_key).severity,
        "title": safe(title, 900),
        "text": safe_block(text, 20_000),
        "cause_kind": cause[0] if cause else None,
        "cause_id": cause[1] if cause else None,
    }
    ((entry,),) = insert_rows(session, BellEntry, [row], returning=("id",))
    assert isinstance(entry, int)
    return entry


def feed(
    session: Session,
    actor: Actor,
    *,
    unread: bool = False,
    after_id: int | None = None,
    limit: int = 200,
) -> list[BellView]:
    """The newest entries first; with ``after_id`` the ones after it, oldest first, to follow live."""
    query = _rows(session, actor)
    if unread:
        query = query.where(_unread(session, actor))
    if after_id is not None:
        query = query.where(BellEntry.id > after_id).order_by(BellEntry.id)
    else:
        query = query.order_by(BellEntry.id.desc())
    return [_view(row) for row in session.execute(query.limit(limit))]


def ids(
    session: Session,
    actor: Actor,
    *,
    filter: str = "",  # noqa: A002
    sort: str | None = None,
    descending: bool = True,
    unread: bool = False,
    company_id: int | None = None,
    type_key: str | None = None,
    severity: str | None = None,
) -> array[int]:
    """The entries that ``actor`` sees, newest first; every word of ``filter`` must be found."""
    query = select(BellEntry.id).where(_visible(actor))
    if unread:
        query = query.where(_unread(session, actor))
    if company_id is not None:
        query = query.where(BellEntry.company_id == company_id)
    if type_key is not None:
        query = query.where(BellEntry.type_key == type_key)
    if severity is not None:
        query = query.where(BellEntry.severity == severity)
    if filter.strip() or sort == "company":
        query = query.outerjoin(Company, Company.id == BellEntry.company_id)
    for word in filter.split():
        lowered = word.lower()
        query = query.where(
            func.lower(BellEntry.title).contains(lowered, autoescape=True)
            | func.lower(BellEntry.text).contains(lowered, autoescape=True)
            | search.matches(Company.search_key, word)
        )
    if sort == "company":
        name = Company.nickname
        query = query.order_by(name.desc() if descending else name)
    elif sort == "severity":
        query = query.order_by(BellEntry.severity.desc() if descending else BellEntry.severity)
    return array(
        "q", session.scalars(query.order_by(BellEntry.id.desc() if descending else BellEntry.id))
    )


def rows(session: Session, actor: Actor, ids: Sequence[int]) -> dict[int, BellView]:
    """Those of ``ids`` that still exist and ``actor`` sees."""
    found = session.execute(_rows(session, actor).where(BellEntry.id.in_(ids)))
    return {row.id: _view(row) for row in found}


def unread_count(session: Session, actor: Actor) -> int:
    """How many entries this user has not read."""
    query = select(func.count()).select_from(BellEntry)
    return session.scalar(query.where(_visible(actor), _unread(session, actor))) or 0


def mark_read(session: Session, actor: Actor, ids: Collection[int]) -> int:
    """Note that this user has read those; how many were unread till now."""
    fresh = session.scalars(
        select(BellEntry.id).where(BellEntry.id.in_(ids), _visible(actor), _unread(session, actor))
    ).all()
    if fresh:
        session.execute(
            _insert(session)(BellRead).on_conflict_do_nothing(),
            [{"user_id": actor.user_id, "entry_id": entry} for entry in fresh],
        )
    return len(fresh)


def mark_all_read(session: Session, actor: Actor) -> int:
    """Note that this user has read everything that is there now; how many were unread."""
    count = unread_count(session, actor)
    mark = _read_up_to(session, actor)
    settled = session.scalar(
        select(BellEntry.id)
        .where(_visible(actor), BellEntry.id > mark, BellEntry.at < now() - _SETTLED)
        .order_by(BellEntry.id.desc())
        .limit(1)
    )
    if settled is not None:
        session.execute(
            update(User).where(User.id == actor.user_id).values(bell_read_up_to=settled)
        )
        session.execute(
            delete(BellRead).where(BellRead.user_id == actor.user_id, BellRead.entry_id <= settled),
            execution_options={"synchronize_session": False},
        )
        mark = settled
    rest = select(literal(actor.user_id), BellEntry.id).where(_visible(actor), BellEntry.id > mark)
    session.execute(
        _insert(session)(BellRead)
        .from_select(["user_id", "entry_id"], rest)
        .on_conflict_do_nothing()
    )
    return count


def _visible(actor: Actor) -> ColumnElement[bool]:
    return access.visible(actor, BellEntry.partner_id, BellEntry.company_id)


def _read_up_to(session: Session, actor: Actor) -> int:
    mark = session.execute(select(User.bell_read_up_to).where(User.id == actor.user_id)).scalar()
    return mark or 0


def _unread(session: Session, actor: Actor) -> ColumnElement[bool]:
    one_by_one = (
        select(BellRead.entry_id)
        .where(BellRead.user_id == actor.user_id, BellRead.entry_id == BellEntry.id)
        .exists()
    )
    return (BellEntry.id > _read_up_to(session, actor)) & ~one_by_one


def _view(row: Row[*tuple[Any, ...]]) -> BellView:
    return BellView(*row)


def _rows(session: Session, actor: Actor) -> Select[*tuple[Any, ...]]:
    return (
        select(
            BellEntry.id,
            BellEntry.at,
            BellEntry.type_key,
            BellEntry.severity,
            Company.cnpj,
            Company.nickname,
            BellEntry.title,
            BellEntry.text,
            type_coerce(~_unread(session, actor), Boolean).label("read"),
            BellEntry.cause_kind,
            BellEntry.cause_id,
        )
        .outerjoin(Company, Company.id == BellEntry.company_id)
        .where(_visible(actor))
    )


def _insert(session: Session) -> type[postgresql.Insert] | type[sqlite.Insert]:
    dialect = session.get_bind().dialect.name
    return sqlite.Insert if dialect == "sqlite" else postgresql.Insert
