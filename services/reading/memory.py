"""UIDL memory: what to fetch, what to delete and what has gone, decided from one listing (R38)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from services.store.mail import InboundMessage, InboundState, Uidl
from services.wire.pop3 import Listed


@dataclass(frozen=True, slots=True)
class Known:
    """What is remembered under one UIDL; ``stored`` is False for what was too large to keep."""

    inbound_id: int
    size: int
    state: str
    stored: bool
    fetched_at: datetime
    deleted: bool


@dataclass(frozen=True, slots=True)
class Wanted:
    """A message to fetch; ``uidl`` is blank where the server gives none that is unique."""

    number: int
    uidl: str
    size: int


@dataclass(frozen=True, slots=True)
class KnownNumber:
    """A message on the server that was stored before."""

    number: int
    uidl: str
    inbound_id: int


@dataclass(frozen=True, slots=True)
class Plan:
    """``fetch`` anew; ``delete`` without fetching; ``gone``: no longer on the server.

    ``vanished`` are UIDLs of messages that were to stay there and that somebody else has taken;
    ``renamed`` those under which the server lists nothing any more, for it has numbered anew.
    """

    fetch: list[Wanted]
    delete: list[KnownNumber]
    gone: list[tuple[str, int]]
    vanished: tuple[str, ...] = ()
    renamed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Policy:
    """When a message goes from the server: None never, else so many days after its fetching."""

    days: int | None

    def due(self, fetched_at: datetime, at: datetime) -> bool:
        """May a message fetched then be deleted now?"""
        return self.days is not None and at >= fetched_at + timedelta(days=self.days)


def policy_of(delete_after: str) -> Policy:
    """The policy behind ``import``, ``never`` or a number of days."""
    if delete_after == "import":
        return Policy(0)
    return Policy(int(delete_after) if delete_after.isdigit() else None)


def allowed(delete_after: str, username: str) -> str:
    """The policy that may be kept to: who logs in as ``recent:…`` at Gmail shares its last 30 days
    with other readers, and deletes none of them."""
    return "never" if username.casefold().startswith("recent:") else delete_after


def plan(
    listed: Sequence[Listed], known: Mapping[str, Known], policy: Policy, at: datetime
) -> Plan:
    """Decide about every message that the server lists.

    Without a UIDL a message is fetched and its content decides. When a remembered UIDL comes with
    another size the server has numbered anew, and nothing that it lists is taken as known. A
    message that is still listed after a confirmed deletion, unchanged, is left alone: the server
    keeps it.
    """
    renumbered = any(
        item.uidl in known and known[item.uidl].size != item.size for item in listed if item.uidl
    )
    fetch: list[Wanted] = []
    delete: list[KnownNumber] = []
    for item in listed:
        uidl = item.uidl or ""
        seen = known.get(uidl) if not renumbered else None
        if seen is None:
            fetch.append(Wanted(item.number, uidl, item.size))
        elif _deletable(seen, policy, at):
            delete.append(KnownNumber(item.number, uidl, seen.inbound_id))
    there = {item.uidl for item in listed}
    gone = [
        (uidl, seen.inbound_id)
        for uidl, seen in known.items()
        if uidl not in there and _deletable(seen, policy, at)
    ]
    return Plan(fetch, delete, gone, *_missing(there, known, fetch, policy, at))


def _missing(
    there: Collection[str | None],
    known: Mapping[str, Known],
    fetch: Sequence[Wanted],
    policy: Policy,
    at: datetime,
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What should be there and is not, and what is there under another name: as large, and new."""
    sizes = Counter(item.size for item in fetch)
    vanished, renamed = [], []
    for uidl, seen in known.items():
        kept = seen.stored and not seen.deleted and not policy.due(seen.fetched_at, at)
        if uidl in there or not kept:
            continue
        if sizes[seen.size]:
            sizes[seen.size] -= 1
            renamed.append(uidl)
        else:
            vanished.append(uidl)
    return tuple(vanished), tuple(renamed)


_REMEMBERED = (
    select(
        Uidl.uidl,
        InboundMessage.id,
        Uidl.size,
        InboundMessage.state,
        InboundMessage.sha256 != "",
        InboundMessage.fetched_at,
        InboundMessage.deleted_at.is_not(None),
    )
    .join(InboundMessage, InboundMessage.id == Uidl.inbound_id)
    .where(Uidl.server_id == bindparam("server"))
)


def remembered(session: Session, server_id: int) -> dict[str, Known]:
    """Everything remembered of a mailbox, by UIDL."""
    rows = session.connection().execute(_REMEMBERED, {"server": server_id})
    return {row[0]: Known(*row[1:]) for row in rows}


def _deletable(seen: Known, policy: Policy, at: datetime) -> bool:
    return (
        seen.stored
        and not seen.deleted
        and seen.state != InboundState.STORED
        and policy.due(seen.fetched_at, at)
    )
