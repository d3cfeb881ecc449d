"""Named leases: one holder at a time, known by a fence number, taken over when it runs out."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from services.clock import now
from services.store.models import Lease


def take(session: Session, name: str, owner: str, seconds: float) -> int | None:
    """Take or renew ``name`` for ``owner``; the fence number, or None while another holds it.

    The fence grows at every change of holder, so that one which was stopped past its lease can
    be told apart (see :func:`holds`).
    """
    at = now()
    until = at + timedelta(seconds=seconds)
    insert = (sqlite if session.get_bind().dialect.name == "sqlite" else postgresql).insert
    made: int | None = session.execute(
        insert(Lease)
        .values(name=name, owner=owner, fence=1, until=until)
        .on_conflict_do_nothing()
        .returning(Lease.fence)
    ).scalar()
    if made is not None:
        return made
    renewed: int | None = session.execute(
        update(Lease)
        .where(Lease.name == name, Lease.owner == owner)
        .values(until=until)
        .returning(Lease.fence)
    ).scalar()
    if renewed is not None:
        return renewed
    taken: int | None = session.execute(
        update(Lease)
        .where(Lease.name == name, Lease.until < at)
        .values(owner=owner, until=until, fence=Lease.fence + 1)
        .returning(Lease.fence)
    ).scalar()
    return taken


def holds(session: Session, name: str, owner: str, fence: int) -> bool:
    """True while that very claim stands; locks it until the unit of work ends."""
    return (
        session.execute(
            select(Lease.name)
            .where(Lease.name == name, Lease.owner == owner, Lease.fence == fence)
            .with_for_update()
        ).scalar()
        is not None
    )


def give_back(session: Session, name: str, owner: str) -> None:
    """Let the next one have it at once; the fence number stays."""
    session.execute(
        update(Lease).where(Lease.name == name, Lease.owner == owner).values(until=now(), owner="")
    )
