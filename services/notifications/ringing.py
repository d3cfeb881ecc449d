"""Ringing the bell: an entry for what happened, and a single one for what keeps happening (R35, R52)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import ScalarSelect, Table, bindparam, case, func, null, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session
from sqlalchemy.sql.elements import ColumnElement

from services.clock import now
from services.language import Both
from services.notifications.types import type_of
from services.safe_text import safe, safe_block
from services.store.models import User
from services.store.notices import BellEntry

_LONGEST = timedelta(days=1)
"""What goes on for longer than this gets another entry."""
_MOST_WORDS = 8_000


@dataclass(frozen=True, slots=True)
class Rung:
    """An entry as it stands now: how often it happened, and when an e-mail last told of it."""

    id: int
    count: int
    notification_id: int | None
    mailed_at: datetime | None


def ring(
    session: Session,
    *,
    partner_id: int,
    company_id: int | None,
    type_key: str,
    title: str | Both | Callable[[int], str | Both],
    text: str | Both = "",
    severity: str | None = None,
    notification_id: int | None = None,
    cause: tuple[str, int] | None = None,
    same: str | None = None,
    times: int = 1,
) -> Rung:
    """Ring in the caller's unit of work.

    ``cause`` is what the entry leads to: ("mailbox" | "outbox" | "document" | "quarantine" |
    "inbound" | "relay", id). Company None is the partner's own. With ``same``, which names the
    thing within company and type, what comes again within the type's quiet period counts in the
    entry that is there: it is new again for everybody, on top, with the words of all, the newest
    first. Any number of processes may ring for the same thing at once. ``times`` is how often it
    happened; a ``title`` may depend on how often in all. Words in both languages are kept so, and
    read in the reader's; a person's own are the same for all.
    """
    known = type_of(session, partner_id, type_key)
    if not known.quiet:
        same = None
    at = now()
    given = {
        "the_time": at,
        "the_partner": partner_id,
        "the_company": company_id,
        "the_type": type_key,
        "the_severity": severity or known.severity.value,
        "the_notification": notification_id,
        **_title(title(times) if callable(title) else title),
        **_text(text),
        "the_cause_kind": cause[0] if cause else None,
        "the_cause_id": cause[1] if cause else None,
        "the_times": times,
        "the_key": None,
        "the_quiet": at - timedelta(seconds=known.quiet),
        "the_longest": at - _LONGEST,
    }
    if same is not None:
        given["the_key"] = f"{partner_id} {company_id or 0} {type_key} {same}"[:200]
    connection = session.connection()
    dialect = connection.dialect.name
    row = None
    if same is not None:
        row = connection.execute(_AGAIN[dialect], given).one_or_none()
        if row is None:
            connection.execute(_LET_GO, given)
    if row is None:
        row = connection.execute(_ADD[dialect], given).one()
    rung = Rung(*row)
    if callable(title) and rung.count != times:
        session.connection().execute(_RETITLE, {"the_id": rung.id, **_title(title(rung.count))})
    return rung


def _title(title: str | Both) -> dict[str, str | None]:
    told, english = _apart(title)
    return {"the_title": safe(told, 900), "the_title_en": english and safe(english, 900)}


def _text(text: str | Both) -> dict[str, str | None]:
    told, english = _apart(text)
    return {
        "the_text": safe_block(told, 20_000),
        "the_text_en": english and safe_block(english, 20_000),
    }


def _apart(words: str | Both) -> tuple[str, str | None]:
    """As they are kept: the English only where it is another."""
    if isinstance(words, str):
        return words, None
    return words.portuguese, words.english if words.english != words.portuguese else None


def note_mail(
    session: Session, entry_id: int, notification_id: int, *, mailed: bool, why_not: Both | None
) -> None:
    """That an e-mail told of an entry, or why none could; said once under its words."""
    given = {"the_id": entry_id, "the_notification": notification_id}
    if not mailed and why_not is None:
        session.connection().execute(_NOTE, given)
        return
    values: dict[str, Any] = {}
    if mailed:
        values["mailed_at"] = now()
    if why_not is not None:
        values["text"] = _under(_entry.c.text, why_not.portuguese)
        values["text_en"] = _under(func.coalesce(_entry.c.text_en, _entry.c.text), why_not.english)
    session.connection().execute(_NOTE.values(values), given)


def _under(words: ColumnElement[str], why_not: str) -> ColumnElement[str]:
    said = safe_block(why_not, 1_000)
    return case(
        (words.contains(said, autoescape=True), words),
        (words == "", said),
        else_=words + f"\n\n{said}",
    )


_entry = cast(Table, BellEntry.__table__)


def _next_turn(dialect: str) -> ScalarSelect[Any] | ColumnElement[Any]:
    """Higher than any that was ever given: users have read up to a turn (see ``bell``)."""
    if dialect == "postgresql":
        return func.nextval(text("'bell_entry_id_seq'"))
    # The lock for writing is held: nobody else is looking for one.
    given = select(func.coalesce(func.max(_entry.c.turn), 0)).scalar_subquery()
    read = select(func.coalesce(func.max(User.bell_read_up_to), 0)).scalar_subquery()
    return select(func.max(given, read) + 1).scalar_subquery()


def _again(dialect: str) -> dict[str, Any]:
    """What a repetition changes."""
    earlier, english = _entry.c.text, _entry.c.text_en
    words = bindparam("the_text", type_=earlier.type)
    words_en = bindparam("the_text_en", type_=english.type)
    return {
        "turn": _next_turn(dialect),
        "at": bindparam("the_time"),
        "count": _entry.c.count + bindparam("the_times"),
        "severity": bindparam("the_severity"),
        "title": bindparam("the_title"),
        "title_en": bindparam("the_title_en"),
        "text": _on_top(words, earlier),
        "text_en": case(
            (english.is_(None) & words_en.is_(None), null()),
            else_=_on_top(func.coalesce(words_en, words), func.coalesce(english, earlier)),
        ),
        "cause_kind": bindparam("the_cause_kind"),
        "cause_id": bindparam("the_cause_id"),
    }


def _on_top(words: ColumnElement[str], earlier: ColumnElement[str]) -> ColumnElement[str]:
    return case(
        ((earlier == words) | (words == ""), earlier),
        else_=func.substr(words + "\n\n" + earlier, 1, _MOST_WORDS),
    )


def _fresh() -> ColumnElement[bool]:
    return (_entry.c.at > bindparam("the_quiet", type_=_entry.c.at.type)) & (
        _entry.c.first_at > bindparam("the_longest", type_=_entry.c.at.type)
    )


# Built once: building a statement costs more than running it.
_KEY = _entry.c.fold_key == bindparam("the_key")
_GIVES = (_entry.c.id, _entry.c.count, _entry.c.notification_id, _entry.c.mailed_at)
_AGAIN = {
    dialect: update(_entry).where(_KEY, _fresh()).values(_again(dialect)).returning(*_GIVES)
    for dialect in ("sqlite", "postgresql")
}
_LET_GO = update(_entry).where(_KEY, ~_fresh()).values(fold_key=null())
_ADD = {
    dialect: insert(_entry)
    .values(
        turn=_next_turn(dialect),
        at=bindparam("the_time"),
        first_at=bindparam("the_time"),
        count=bindparam("the_times"),
        fold_key=bindparam("the_key"),
        partner_id=bindparam("the_partner"),
        company_id=bindparam("the_company"),
        notification_id=bindparam("the_notification"),
        type_key=bindparam("the_type"),
        severity=bindparam("the_severity"),
        title=bindparam("the_title"),
        title_en=bindparam("the_title_en"),
        text=bindparam("the_text"),
        text_en=bindparam("the_text_en"),
        cause_kind=bindparam("the_cause_kind"),
        cause_id=bindparam("the_cause_id"),
    )
    # Another process was first with the very thing: count in its entry.
    .on_conflict_do_update(index_elements=["fold_key"], set_=_again(dialect))
    .returning(*_GIVES)
    for dialect, insert in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
}
_RETITLE = (
    update(_entry)
    .where(_entry.c.id == bindparam("the_id"))
    .values(title=bindparam("the_title"), title_en=bindparam("the_title_en"))
)
_NOTE = (
    update(_entry)
    .where(_entry.c.id == bindparam("the_id"))
    .values(notification_id=bindparam("the_notification"))
)
