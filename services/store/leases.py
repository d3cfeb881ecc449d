"""Named leases: one holder at a time, known by a fence number, taken over when it runs out.

A claim on work is a process's, and ends with it (:func:`take`); a turn is for who comes first, and
is over after its time (:func:`turn`). No setting of a clock takes a claim from who keeps it: one of
this machine is judged by its process and by the machine's uptime, one of another by the one clock
that both have, the database's. SQLite has none of its own: what is claimed from another container,
by an older version, or was before the machine was started anew, goes by the day's time.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Table, bindparam, case, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from services.clock import now, uptime
from services.store import owner as owners
from services.store.models import Lease

# Built once: every unit of work of a claim asks, and building costs more than asking.
_rows = cast(Table, Lease.__table__)
_SET_BACK = timedelta(days=2)
_NAME = _rows.c.name == bindparam("the_name")
_MINE = _rows.c.owner == bindparam("the_owner")
_CLAIMED: dict[str, Any] = {
    "owner": bindparam("the_owner"),
    "until": bindparam("the_end"),
    "uptime": bindparam("the_uptime"),
}
_BEGUN = bindparam("the_time", type_=_rows.c.since.type)
_KEEP = (
    update(_rows)
    .where(_NAME, _MINE | (_rows.c.owner == ""))
    .values(
        **_CLAIMED,
        fence=_rows.c.fence + case((_MINE, 0), else_=1),
        since=func.coalesce(_rows.c.since, _BEGUN),
    )
    .returning(_rows.c.fence)
)
_MAKE = {
    dialect: insert(_rows)
    .values(**_CLAIMED, name=bindparam("the_name"), fence=1, since=_BEGUN)
    .on_conflict_do_nothing()
    .returning(_rows.c.fence)
    for dialect, insert in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
}
_LOOK = select(_rows.c.owner, _rows.c.fence, _rows.c.until, _rows.c.uptime).where(_NAME)
_TAKE_OVER = (
    update(_rows)
    .where(
        _NAME,
        _rows.c.owner == bindparam("seen_owner"),
        _rows.c.fence == bindparam("seen_fence"),
        _rows.c.until == bindparam("seen_until"),
    )
    .values(
        **_CLAIMED,
        fence=_rows.c.fence + 1,
        done=None,
        total=None,
        since=func.coalesce(_rows.c.since, _BEGUN),
    )
    .returning(_rows.c.fence)
)
_TURN = {
    dialect: insert(_rows)
    .values(name=bindparam("the_name"), owner="", fence=1, until=bindparam("the_end"))
    .on_conflict_do_update(
        index_elements=[_rows.c.name],
        set_={"until": bindparam("the_end"), "fence": _rows.c.fence + 1},
        where=(_rows.c.until < bindparam("the_time")) | (_rows.c.until > bindparam("the_farthest")),
    )
    .returning(_rows.c.fence)
    for dialect, insert in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
}
_HOLDS = (
    select(_rows.c.name)
    .where(_NAME, _MINE, _rows.c.fence == bindparam("the_fence"))
    .with_for_update()
)
_SINCE = select(_rows.c.since).where(_NAME)
_GIVE_BACK = (
    update(_rows)
    .where(_NAME, _MINE)
    .values(
        until=bindparam("the_end"),
        owner="",
        done=None,
        total=None,
        since=bindparam("the_beginning"),
    )
)
_TELL = (
    update(_rows)
    .where(_NAME, _MINE)
    .values(done=bindparam("the_done"), total=bindparam("the_total"))
)


def take(session: Session, name: str, owner: str, seconds: float) -> int | None:
    """Take or renew ``name`` for ``owner``; the fence number, or None while another holds it.

    ``owner`` is a name by :func:`services.store.owner.name`. The fence grows at every change of
    holder, so that one which was stopped past its lease can be told apart (see :func:`holds`).
    """
    connection = session.connection()
    at = _databases_time(session)
    given: dict[str, Any] = {
        "the_name": name,
        "the_owner": owner,
        "the_end": at + timedelta(seconds=seconds),
        "the_uptime": uptime() + seconds,
        "the_time": now(),
    }
    kept: int | None = connection.execute(_KEEP, given).scalar()
    if kept is not None:
        return kept
    made: int | None = connection.execute(_MAKE[connection.dialect.name], given).scalar()
    if made is not None:
        return made
    found = connection.execute(_LOOK, given).first()
    if found is None or _stands(found, at, seconds):
        return None
    seen = {"seen_owner": found.owner, "seen_fence": found.fence, "seen_until": found.until}
    taken: int | None = connection.execute(_TAKE_OVER, {**given, **seen}).scalar()
    return taken


def turn(session: Session, name: str, seconds: float) -> bool:
    """Take the turn of ``name``: True for one process in so many seconds of the day's time.

    A turn that ends days later than any could was taken by a clock that has been set right since:
    it holds nobody up.
    """
    at = now()
    end = at + timedelta(seconds=seconds)
    given = {
        "the_name": name,
        "the_end": end,
        "the_time": at,
        "the_farthest": end + _SET_BACK,
    }
    connection = session.connection()
    return connection.execute(_TURN[connection.dialect.name], given).scalar() is not None


def held(session: Session, names: str) -> dict[str, datetime]:
    """Until when those are held whose names begin with ``names``."""
    at = _databases_time(session)
    rows = session.execute(
        select(_rows.c.name, *_LOOK.selected_columns).where(
            _rows.c.name.startswith(names, autoescape=True), _rows.c.owner != ""
        )
    )
    return {row.name: row.until for row in rows if _stands(row, at)}


def _stands(found: Any, at: datetime, seconds: float = 0.0) -> bool:
    """False for a claim that has been given back, has run out, or whose process was killed here.

    One that ends days later than any could was made by a clock that has been set right since.
    """
    if not found.owner:
        return False
    if owners.is_here(found.owner):
        if owners.is_gone(found.owner):
            return False
        if found.uptime is not None:
            return bool(found.uptime > uptime())
    return bool(at <= found.until <= at + timedelta(seconds=seconds) + _SET_BACK)


def _databases_time(session: Session) -> datetime:
    connection = session.connection()
    if connection.dialect.name == "sqlite":
        return now()
    time: datetime = connection.execute(select(func.clock_timestamp())).scalar_one()
    return time


def holds(session: Session, name: str, owner: str, fence: int) -> bool:
    """True while that very claim stands; locks it until the unit of work ends."""
    given = {"the_name": name, "the_owner": owner, "the_fence": fence}
    return session.connection().execute(_HOLDS, given).scalar() is not None


def since(session: Session, name: str) -> datetime | None:
    """When the work under ``name`` began: before its holder took it where another was killed over it."""
    return session.connection().execute(_SINCE, {"the_name": name}).scalar()


def until(session: Session, name: str) -> datetime | None:
    """When the claim on ``name``, or the turn, ends or ended; None where there never was one."""
    return session.scalar(select(_rows.c.until).where(_rows.c.name == name))


def tell(session: Session, name: str, owner: str, done: int, total: int) -> None:
    """Say how far the work is for which ``owner`` holds ``name``."""
    given = {"the_name": name, "the_owner": owner, "the_done": done, "the_total": total}
    session.connection().execute(_TELL, given)


def give_back(
    session: Session, name: str, owner: str, *, unfinished: datetime | None = None
) -> None:
    """Let the next one have it at once; the fence number stays.

    ``unfinished`` is since when there is work that its holder did not go on with.
    """
    given = {
        "the_name": name,
        "the_owner": owner,
        "the_end": now(),
        "the_beginning": unfinished,
    }
    session.connection().execute(_GIVE_BACK, given)
