"""What is kept for a time goes when that is over: a little at a time, so that nobody waits for it."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from threading import Event
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

from services.clock import days_ago, now
from services.courtesy import person

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from services.store.ageing import Look, Removed
    from services.store.engine import Store

P = ParamSpec("P")
T = TypeVar("T")
log = logging.getLogger(__name__)

_ROWS = 500
_WITH_BYTES = 50
"""Rows in one unit of work; with what hangs on them that is a few megabytes."""
_TURN = "retention"
_HOUR_SECONDS = 3_600.0
_LONG = timedelta(days=30)
_MOST_PAUSE_SECONDS = 1.0


@dataclass(frozen=True, slots=True)
class _Kind:
    """What may go: found from a row on, with nothing locked, and then removed by number."""

    name: str
    at_once: int
    look: Callable[[Session, int], Look]
    forget: Callable[[Session, Sequence[int]], Removed]


def forget_hourly(store: Store, stop: Event) -> None:
    """:func:`forget_old`, once an hour by one process; what went is in the log.

    After weeks in which nobody took a turn the clock may be wrong, and what goes does not come
    back: the first one leaves it to the next, when a clock that is set by others is right again.
    """
    from services.store import leases

    with store.writing() as session:
        last = last_turn(session)
        if not leases.turn(session, _TURN, _HOUR_SECONDS):
            return
    if last is not None and now() - last > _LONG:
        log.warning("nobody worked since %s, or the clock is wrong: nothing goes for an hour", last)
        return
    done = forget_old(store, stop)
    if done:
        told = ", ".join(f"{count} {name}" for name, count in done.items())
        log.info("kept for long enough and removed: %s", told)


def last_turn(session: Session) -> datetime | None:
    """When a process last took the turn of every hour: none has worked for long since."""
    from services.store import leases

    ends = leases.until(session, _TURN)
    return None if ends is None else ends - timedelta(seconds=_HOUR_SECONDS)


def forget_old(store: Store, stop: Event) -> dict[str, int]:
    """Remove what has been kept for as long as the settings say; how much of what, and bytes.

    Documents stay for ever. The writer is held for a few rows at a time and left to others for as
    long in between. Bytes go with the last that refers to them. ``stop`` ends it between two units
    of work; what is left is for the next time.
    """
    from services.health import activity
    from services.store import space, sweeping

    done: dict[str, int] = {}
    for kind in _kinds(store):
        after: int | None = 0
        while after is not None and not stop.is_set():
            with store.reading() as session:
                found = kind.look(session, after)
            after = found.after
            for start in range(0, len(found.ids), kind.at_once):
                if stop.is_set():
                    break
                some = found.ids[start : start + kind.at_once]
                removed = _unit(store, stop, kind.forget, some)
                _count(done, kind.name, removed.count)
                _count(done, "bytes", removed.size)
    while not stop.is_set():
        gone = _unit(store, stop, _forget_bell, store.settings.bell_retention_days)
        if not gone:
            break
        _count(done, "bell entries and notifications", gone)
    _unit(store, stop, activity.forget)
    while not stop.is_set() and _unit(store, stop, space.give_back):
        pass
    if not stop.is_set():
        sweeping.sweep(store, partial(_unit, store, stop), stop)
    return done


def _kinds(store: Store) -> Iterator[_Kind]:
    from services.outbox import retention as outbox
    from services.reading import retention as reading
    from services.registry import retention as registry

    kept = store.settings
    sent = days_ago(kept.sent_retention_days)
    failed = days_ago(kept.sent_retention_days * outbox.LONGER)
    raw = days_ago(kept.raw_retention_days)
    decided = days_ago(kept.quarantine_retention_days)
    record = days_ago(kept.receipt_retention_days)
    audit = days_ago(kept.audit_retention_days)
    yield _Kind(
        "texts with attachments",
        _WITH_BYTES,
        lambda session, after: outbox.look_at_contents(session, sent, failed, after),
        lambda session, ids: outbox.forget_contents(session, sent, failed, ids),
    )
    yield _Kind(
        "records of e-mails",
        _WITH_BYTES,
        lambda session, after: outbox.look_at_records(session, record, after),
        lambda session, ids: outbox.forget_records(session, record, ids),
    )
    yield _Kind(
        "raw messages",
        _WITH_BYTES,
        lambda session, after: reading.look_at_raw(session, raw, after),
        reading.forget_raw,
    )
    yield _Kind(
        "decided of quarantine",
        _ROWS,
        lambda session, after: reading.look_at_quarantine(session, decided, after),
        reading.forget_quarantine,
    )
    yield _Kind(
        "receipts",
        _WITH_BYTES,
        lambda session, after: reading.look_at_receipts(session, record, after),
        reading.forget_receipts,
    )
    yield _Kind(
        "audit entries",
        _ROWS,
        lambda session, after: registry.look_at_audit(session, audit, after),
        registry.forget_audit,
    )


def _forget_bell(session: Session, days: float) -> int:
    from services.notifications import retention

    return retention.purge(session, days)


def _unit(
    store: Store,
    stop: Event,
    work: Callable[Concatenate[Session, P], T],
    *args: P.args,
    **kwargs: P.kwargs,
) -> T:
    """One unit of work, and a pause as long: on SQLite nobody else can write meanwhile."""
    person.wait()
    began = time.monotonic()
    with store.writing() as session:
        done = work(session, *args, **kwargs)
    stop.wait(min(time.monotonic() - began, _MOST_PAUSE_SECONDS))
    return done


def _count(done: dict[str, int], name: str, count: int) -> None:
    if count:
        done[name] = done.get(name, 0) + count
