"""Named leases: one holder at a time, known by a fence number, taken over when it runs out."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, cast

from sqlalchemy import Table, bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from services.clock import now
from services.store.models import Lease

# Built once: every unit of work of a claim asks, and building costs more than asking.
_rows = cast(Table, Lease.__table__)
_SET_BACK = timedelta(days=2)
_NAME = _rows.c.name == bindparam("the_name")
_MINE = _rows.c.owner == bindparam("the_owner")
_MAKE = {
    dialect: insert(_rows)
    .values(
        name=bindparam("the_name"),
        owner=bindparam("the_owner"),
        fence=1,
        until=bindparam("the_end"),
        since=bindparam("the_time"),
    )
    .on_conflict_do_nothing()
    .returning(_rows.c.fence)
    for dialect, insert in (("sqlite", sqlite.insert), ("postgresql", postgresql.insert))
}
_RENEW = (
    update(_rows).where(_NAME, _MINE).values(until=bindparam("the_end")).returning(_rows.c.fence)
)
_TAKE_OVER = (
    update(_rows)
    .where(
        _NAME,
        (_rows.c.owner == "")
        | (_rows.c.until < bindparam("the_time"))
        | (_rows.c.until > bindparam("the_farthest")),
    )
    .values(
        owner=bindparam("the_owner"),
        until=bindparam("the_end"),
        fence=_rows.c.fence + 1,
        done=None,
        total=None,
        since=func.coalesce(_rows.c.since, bindparam("the_time", type_=_rows.c.since.type)),
    )
    .returning(_rows.c.fence)
)
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

    The fence grows at every change of holder, so that one which was stopped past its lease can
    be told apart (see :func:`holds`). A claim that ends days later than any could was made by a
    clock that has been set right since: it holds nobody up.
    """
    at = now()
    connection = session.connection()
    given: dict[str, Any] = {
        "the_name": name,
        "the_owner": owner,
        "the_end": at + timedelta(seconds=seconds),
    }
    farthest = at + timedelta(seconds=seconds) + _SET_BACK
    now_too = {**given, "the_time": at, "the_farthest": farthest}
    made: int | None = connection.execute(_MAKE[connection.dialect.name], now_too).scalar()
    if made is not None:
        return made
    renewed: int | None = connection.execute(_RENEW, given).scalar()
    if renewed is not None:
        return renewed
    taken: int | None = connection.execute(_TAKE_OVER, now_too).scalar()
    return taken


def holds(session: Session, name: str, owner: str, fence: int) -> bool:
    """True while that very claim stands; locks it until the unit of work ends."""
    given = {"the_name": name, "the_owner": owner, "the_fence": fence}
    return session.connection().execute(_HOLDS, given).scalar() is not None


def since(session: Session, name: str) -> datetime | None:
    """When the work under ``name`` began: before its holder took it where another was killed over it."""
    return session.connection().execute(_SINCE, {"the_name": name}).scalar()


def until(session: Session, name: str) -> datetime | None:
    """When the claim on ``name`` ends or ended, None where there never was one."""
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
