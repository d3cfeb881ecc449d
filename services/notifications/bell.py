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
from sqlalchemy.orm import InstrumentedAttribute, Session

from services.clock import now
from services.errors import NotFound
from services.language import Both, _, chosen
from services.notifications.ringing import ring
from services.registry import access, search
from services.registry.access import Actor
from services.store.models import Company, User
from services.store.notices import BellEntry, BellRead

MOST_LISTED = 10_000
"""How many entries a list has; older ones are found by company, type and severity."""
MOST_SEARCHED = 20_000
MOST_COUNTED = 10_000
COUNTED = frozenset(("document_imported", "document_rejected"))
"""Types whose titles say how often."""

# Entries committed late may carry a lower turn than others already shown: the mark that reads
# everything stays behind those that are this young, which are marked one by one instead.
_SETTLED = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Only:
    """What of the feed: all of it, or what has not been read, of a company, a type, a severity."""

    unread: bool = False
    company_id: int | None = None
    type_key: str | None = None
    severity: str | None = None


EVERYTHING = Only()


@dataclass(frozen=True, slots=True)
class BellView:
    """One entry. ``company`` is the CNPJ; ``cause_kind`` and ``cause_id`` lead to its cause.

    It happened ``count`` times from ``first_at`` to ``at``; ``turn`` grows with each.
    """

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
    count: int
    first_at: datetime
    turn: int
    company_id: int | None

    @property
    def repeated(self) -> bool:
        """Did it happen more than once, in a way that its title does not tell?"""
        return self.count > 1 and self.type not in COUNTED


def add(
    session: Session,
    *,
    partner_id: int,
    company_id: int | None,
    type_key: str,
    title: str | Both,
    text: str | Both = "",
    severity: str | None = None,
    cause: tuple[str, int] | None = None,
) -> int:
    """Ring for what happens once, in the caller's unit of work; the entry's id."""
    return ring(
        session,
        partner_id=partner_id,
        company_id=company_id,
        type_key=type_key,
        title=title,
        text=text,
        severity=severity,
        cause=cause,
    ).id


def feed(
    session: Session,
    actor: Actor,
    *,
    only: Only = EVERYTHING,
    after: int | None = None,
    limit: int = 200,
) -> list[BellView]:
    """The newest entries first; with ``after``, a turn, what came or came again since, the oldest
    first, to follow live."""
    query = _rows(session, actor).where(*_conditions(session, actor, only))
    if after is not None:
        query = query.where(BellEntry.turn > after).order_by(BellEntry.turn)
    else:
        query = query.order_by(BellEntry.turn.desc())
    return [_view(row) for row in session.execute(query.limit(limit))]


def ids(
    session: Session,
    actor: Actor,
    *,
    filter: str = "",  # noqa: A002
    only: Only = EVERYTHING,
) -> array[int]:
    """The entries that ``actor`` sees, newest first, at most :data:`MOST_LISTED`.

    Every word of ``filter`` must be found in title, text or company as they are shown, among the
    newest :data:`MOST_SEARCHED` of ``only``.
    """
    wanted = (_visible(actor), *_conditions(session, actor, only))
    words = filter.split()
    if not words:
        query = select(BellEntry.id).where(*wanted).order_by(BellEntry.turn.desc())
        return array("q", session.scalars(query.limit(MOST_LISTED)))
    newest = (
        select(
            BellEntry.id,
            BellEntry.turn,
            _title().label("title"),
            _text().label("text"),
            BellEntry.company_id,
        )
        .where(*wanted)
        .order_by(BellEntry.turn.desc())
        .limit(MOST_SEARCHED)
        .subquery()
    )
    found = (
        select(newest.c.id)
        .outerjoin(Company, Company.id == newest.c.company_id)
        .order_by(newest.c.turn.desc())
        .limit(MOST_LISTED)
    )
    for word in words:
        lowered = word.lower()
        found = found.where(
            func.lower(newest.c.title).contains(lowered, autoescape=True)
            | func.lower(newest.c.text).contains(lowered, autoescape=True)
            | search.matches(Company.search_key, word)
        )
    return array("q", session.scalars(found))


def rows(session: Session, actor: Actor, ids: Sequence[int]) -> dict[int, BellView]:
    """Those of ``ids`` that still exist and ``actor`` sees."""
    found = session.execute(_rows(session, actor).where(BellEntry.id.in_(ids)))
    return {row.id: _view(row) for row in found}


def unread_count(session: Session, actor: Actor) -> int:
    """How many entries this user has not read; :data:`MOST_COUNTED` stands for that and more."""
    unread = select(BellEntry.id).where(_visible(actor), _unread(session, actor))
    found = unread.limit(MOST_COUNTED).subquery()
    return session.scalar(select(func.count()).select_from(found)) or 0


def mark_read(session: Session, actor: Actor, ids: Collection[int]) -> int:
    """Note that this user has read those as they are now; how many were unread till now.

    :class:`NotFound` when one of them is not there for this user: then none is noted.
    """
    known = session.scalars(select(BellEntry.id).where(BellEntry.id.in_(ids), _visible(actor)))
    missing = set(ids) - set(known)
    if missing:
        raise NotFound(_("Notificação {id} não encontrada").format(id=min(missing)), field="id")
    fresh = session.execute(
        select(BellEntry.id, BellEntry.turn).where(
            BellEntry.id.in_(ids), _visible(actor), _unread(session, actor)
        )
    ).all()
    if fresh:
        session.execute(
            _noting(_insert(session)(BellRead)),
            [{"user_id": actor.user_id, "entry_id": i, "turn": turn} for i, turn in fresh],
        )
    return len(fresh)


def mark_all_read(session: Session, actor: Actor) -> int:
    """Note that this user has read everything that is there now; what :func:`unread_count` was."""
    count = unread_count(session, actor)
    mark = _read_up_to(session, actor)
    settled = session.scalar(
        select(BellEntry.turn)
        .where(_visible(actor), BellEntry.turn > mark, BellEntry.at < now() - _SETTLED)
        .order_by(BellEntry.turn.desc())
        .limit(1)
    )
    if settled is not None:
        session.execute(
            update(User).where(User.id == actor.user_id).values(bell_read_up_to=settled)
        )
        session.execute(
            delete(BellRead).where(BellRead.user_id == actor.user_id, BellRead.turn <= settled),
            execution_options={"synchronize_session": False},
        )
        mark = settled
    rest = select(literal(actor.user_id), BellEntry.id, BellEntry.turn).where(
        _visible(actor), BellEntry.turn > mark
    )
    session.execute(
        _noting(_insert(session)(BellRead).from_select(["user_id", "entry_id", "turn"], rest))
    )
    return count


def _noting(insert: postgresql.Insert | sqlite.Insert) -> postgresql.Insert | sqlite.Insert:
    return insert.on_conflict_do_update(
        index_elements=["user_id", "entry_id"], set_={"turn": insert.excluded.turn}
    )


def _conditions(session: Session, actor: Actor, only: Only) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if only.unread:
        found.append(_unread(session, actor))
    if only.company_id is not None:
        found.append(BellEntry.company_id == only.company_id)
    if only.type_key is not None:
        found.append(BellEntry.type_key == only.type_key)
    if only.severity is not None:
        found.append(BellEntry.severity == only.severity)
    return found


def _title() -> ColumnElement[str]:
    """In the language in force, as :func:`_text`."""
    return _in_force(BellEntry.title, BellEntry.title_en)


def _text() -> ColumnElement[str]:
    return _in_force(BellEntry.text, BellEntry.text_en)


def _in_force(
    words: InstrumentedAttribute[str], english: InstrumentedAttribute[str | None]
) -> ColumnElement[str]:
    return func.coalesce(english, words) if chosen() == "en" else words.expression


def _visible(actor: Actor) -> ColumnElement[bool]:
    return access.visible(actor, BellEntry.partner_id, BellEntry.company_id)


def _read_up_to(session: Session, actor: Actor) -> int:
    mark = session.execute(select(User.bell_read_up_to).where(User.id == actor.user_id)).scalar()
    return mark or 0


def _unread(session: Session, actor: Actor) -> ColumnElement[bool]:
    one_by_one = (
        select(BellRead.entry_id)
        .where(
            BellRead.user_id == actor.user_id,
            BellRead.entry_id == BellEntry.id,
            BellRead.turn >= BellEntry.turn,
        )
        .exists()
    )
    return (BellEntry.turn > _read_up_to(session, actor)) & ~one_by_one


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
            _title(),
            _text(),
            type_coerce(~_unread(session, actor), Boolean).label("read"),
            BellEntry.cause_kind,
            BellEntry.cause_id,
            BellEntry.count,
            BellEntry.first_at,
            BellEntry.turn,
            BellEntry.company_id,
        )
        .outerjoin(Company, Company.id == BellEntry.company_id)
        .where(_visible(actor))
    )


def _insert(session: Session) -> type[postgresql.Insert] | type[sqlite.Insert]:
    dialect = session.get_bind().dialect.name
    return sqlite.Insert if dialect == "sqlite" else postgresql.Insert
