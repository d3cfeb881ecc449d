"""Keeping what was fetched, durably, before anything else happens to it (R38)."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, TypeVar, cast

from sqlalchemy import Table, bindparam, delete, select, update
from sqlalchemy.orm import Session

from services.clock import now
from services.language import later
from services.reading.memory import Wanted
from services.store.blobs import keep_messages
from services.store.mail import InboundMessage, InboundState, Quarantine, Uidl
from services.store.rows import insert_rows
from services.store.segments import Place

T = TypeVar("T")
TOO_LARGE = later("{size} MB no servidor; o limite é {limit} MB")
"""The detail of :func:`note_too_large`, the only one that is kept in words of ours."""
# Built once: building a statement costs more than running it.
_BEFORE = select(
    InboundMessage.sha256, InboundMessage.id, InboundMessage.deleted_at.is_not(None)
).where(
    InboundMessage.server_id == bindparam("server"),
    InboundMessage.sha256.in_(bindparam("digests", expanding=True)),
)
_messages = cast(Table, InboundMessage.__table__)
_DELETED = (
    update(_messages)
    .where(_messages.c.id.in_(bindparam("ids", expanding=True)), _messages.c.deleted_at.is_(None))
    .values(deleted_at=bindparam("at"))
)
_FORGET = delete(cast(Table, Uidl.__table__)).where(
    Uidl.server_id == bindparam("server"), Uidl.uidl.in_(bindparam("uidls", expanding=True))
)


class Arrival(NamedTuple):
    """A message as it was fetched; ``size`` is what the server listed, ``uidl`` may be blank.

    ``raw`` of one that was put by is let go of: then it is empty.
    """

    number: int
    uidl: str
    size: int
    raw: bytes


@dataclass(frozen=True, slots=True)
class Kept:
    """Where an arrival is kept: ``fresh`` when it was not there before.

    ``returned`` when it had been deleted on the server before, with success.
    """

    number: int
    uidl: str
    inbound_id: int
    fresh: bool
    returned: bool


def digests_of(raws: Sequence[bytes]) -> list[str]:
    """What decides whether a message is the same as another."""
    return [hashlib.sha256(raw).hexdigest() for raw in raws]


def keep(
    session: Session,
    partner_id: int,
    server_id: int,
    arrivals: Sequence[Arrival],
    digests: Sequence[str],
    places: Mapping[str, Place] | None = None,
) -> list[Kept]:
    """Keep raw messages, receipts and UIDLs; content that this mailbox brought before is not kept twice.

    ``digests`` are the arrivals' own, worked out before so that the writer need not wait for them;
    ``places`` is where those are that were put by.
    """
    before: dict[str, tuple[int, bool]] = {
        sha256: (inbound_id, deleted)
        for sha256, inbound_id, deleted in session.connection().execute(
            _BEFORE, {"server": server_id, "digests": digests}
        )
    }
    fresh: dict[str, Arrival] = {}
    for arrival, sha256 in zip(arrivals, digests, strict=True):
        if sha256 not in before:
            fresh.setdefault(sha256, arrival)
    ids = _keep_fresh(session, partner_id, server_id, fresh, places or {}) if fresh else {}
    kept = []
    for arrival, sha256 in zip(arrivals, digests, strict=True):
        inbound_id, returned = before.get(sha256) or (ids[sha256], False)
        is_fresh = fresh.get(sha256) is arrival
        kept.append(Kept(arrival.number, arrival.uidl, inbound_id, is_fresh, returned))
    _remember(
        session,
        server_id,
        [(a.uidl, k.inbound_id, a.size) for a, k in zip(arrivals, kept, strict=True)],
    )
    return kept


def _keep_fresh(
    session: Session,
    partner_id: int,
    server_id: int,
    fresh: dict[str, Arrival],
    places: Mapping[str, Place],
) -> dict[str, int]:
    at = now()
    keep_messages(session, {sha256: a.raw for sha256, a in fresh.items()}, places)
    rows = insert_rows(
        session,
        InboundMessage,
        [
            {
                "partner_id": partner_id,
                "server_id": server_id,
                "uidl": a.uidl,
                "sha256": sha256,
                "size": places[sha256].size if sha256 in places else len(a.raw),
                "state": InboundState.STORED,
                "fetched_at": at,
            }
            for sha256, a in fresh.items()
        ],
        returning=("id", "sha256"),
    )
    return {sha256: inbound_id for inbound_id, sha256 in rows}


def note_too_large(
    session: Session, partner_id: int, server_id: int, place: Wanted, *, size: int, detail: str
) -> bool:
    """Put a message that was not fetched into quarantine, once; it stays on the server.

    True when it had not been noted before.
    """
    inbound_id = session.scalar(
        select(InboundMessage.id).where(
            InboundMessage.server_id == server_id,
            InboundMessage.uidl == place.uidl,
            InboundMessage.sha256 == "",
            InboundMessage.size == size,
        )
    )
    noted = inbound_id is None
    if inbound_id is None:
        message = InboundMessage(
            partner_id=partner_id,
            server_id=server_id,
            uidl=place.uidl,
            sha256="",
            size=size,
            state=InboundState.QUARANTINED,
            reason="too_large",
            committed_at=now(),
        )
        session.add(message)
        session.flush()
        inbound_id = message.id
        session.add(
            Quarantine(
                partner_id=partner_id,
                server_id=server_id,
                inbound_id=inbound_id,
                reason="too_large",
                detail=detail,
            )
        )
        session.flush()
    _remember(session, server_id, [(place.uidl, inbound_id, place.size)])
    return noted


def note_deleted(
    session: Session, server_id: int, deleted: Sequence[tuple[str, int]], returned: Sequence[int]
) -> None:
    """After a successful QUIT: receipts say so, and the UIDLs may be forgotten (R38, R43).

    ``deleted`` are (uidl, inbound id). Those in ``returned`` had come back after an earlier
    deletion: their UIDL stays in memory, so that they are not fetched for ever.
    """
    at = now()
    ids = sorted({inbound_id for _, inbound_id in deleted})
    kept = set(returned)
    forget = [uidl for uidl, inbound_id in deleted if uidl and inbound_id not in kept]
    connection = session.connection()
    for part in _parts(ids):
        connection.execute(_DELETED, {"ids": part, "at": at})
    for names in _parts(forget):
        connection.execute(_FORGET, {"server": server_id, "uidls": names})


def forget(session: Session, server_id: int, uidls: Sequence[str]) -> None:
    """The server has these no longer, and nothing is to be deleted there."""
    for names in _parts(list(uidls)):
        session.connection().execute(_FORGET, {"server": server_id, "uidls": names})


def _remember(session: Session, server_id: int, seen: Sequence[tuple[str, int, int]]) -> None:
    rows = {
        uidl: {"server_id": server_id, "uidl": uidl, "inbound_id": inbound_id, "size": size}
        for uidl, inbound_id, size in seen
        if uidl
    }
    insert_rows(
        session,
        Uidl,
        list(rows.values()),
        conflict="ON CONFLICT (server_id, uidl)"
        " DO UPDATE SET inbound_id = excluded.inbound_id, size = excluded.size",
    )


def _parts(items: list[T]) -> list[list[T]]:
    return [items[start : start + 500] for start in range(0, len(items), 500)]
