"""Taking apart and importing what is stored, so that one bad message never stops the others (R41)."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from functools import partial

from sqlalchemy import bindparam, literal_column, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from services.reading.desk import Claim, Desk, Target
from services.reading.importing import REFUSED, Imported, Source, import_messages
from services.reading.taking_apart.findings import Extracted
from services.reading.taking_apart.problems import Problem
from services.safe_text import safe
from services.store.blobs import fetch_blobs
from services.store.mail import InboundMessage

_log = logging.getLogger(__name__)
REFUSALS = (DBAPIError, ValueError, TypeError, OverflowError)
_BATCH_MESSAGES = 64
_BATCH_BYTES = 6 * 2**20
# A literal, so that the partial index is used.
STORED = InboundMessage.state == literal_column("'stored'")
# Built once: every reading asks.
_PENDING = (
    select(InboundMessage.id, InboundMessage.size)
    .where(
        STORED,
        # Of few that are stored, not of all that the mailbox ever brought.
        InboundMessage.server_id + literal_column("0") == bindparam("server"),
    )
    .order_by(InboundMessage.id)
)


async def open_all(desk: Desk, raws: Sequence[bytes]) -> list[Extracted | Problem]:
    """What is in each message, in order; a message that is more than the child can bear is a problem."""
    return await desk.extractor.extract_many(raws)


async def import_safely(
    desk: Desk, claim: Claim, source: Source, messages: Sequence[tuple[int, Extracted | Problem]]
) -> Imported:
    """Import a batch; when the database refuses its values, message by message.

    One whose values are refused goes to quarantine, so that it is not tried for ever.
    """
    if not messages:
        return Imported()
    try:
        return await desk.do(claim, partial(_import, source=source, messages=messages))
    except REFUSALS as e:
        _log.warning("a batch of %d messages was refused: %s", len(messages), first_line(e))
    done = Imported()
    for message in messages:
        try:
            work = partial(_import, source=source, messages=[message])
            done.add(await desk.do(claim, work))
        except REFUSALS as e:
            problem = Problem(reason=REFUSED, detail=first_line(e))
            work = partial(_import, source=source, messages=[(message[0], problem)])
            done.add(await desk.do(claim, work))
    return done


async def recover_server(desk: Desk, target: Target, claim: Claim) -> Imported:
    """Import what an earlier reading of the mailbox stored but did not live to import."""
    waiting = await desk.ask(partial(pending, server_id=target.server_id))
    return await import_pending(desk, target, claim, waiting)


async def import_pending(
    desk: Desk, target: Target, claim: Claim, waiting: Sequence[tuple[int, int]]
) -> Imported:
    """Import what :func:`pending` found of the mailbox."""
    source = Source(target.partner_id, target.server_id)
    done = Imported()
    for batch in _batches(waiting):
        raws = await desk.ask(
            partial(raw_messages, ids=[inbound_id for inbound_id, _size in batch])
        )
        extracted = await open_all(desk, list(raws.values()))
        done.add(
            await import_safely(desk, claim, source, list(zip(raws.keys(), extracted, strict=True)))
        )
    return done


def raw_messages(session: Session, ids: Sequence[int]) -> dict[int, bytes]:
    """The stored messages behind receipts, by id."""
    rows = session.execute(
        select(InboundMessage.id, InboundMessage.sha256).where(
            InboundMessage.id.in_(ids), InboundMessage.raw_removed_at.is_(None)
        )
    )
    digests = {row[0]: row[1] for row in rows}
    found = fetch_blobs(session, sorted(set(digests.values())))
    return {each: found[sha256] for each, sha256 in digests.items() if sha256 in found}


def _import(
    session: Session, *, source: Source, messages: Sequence[tuple[int, Extracted | Problem]]
) -> Imported:
    return import_messages(session, source, messages)


def pending(session: Session, server_id: int) -> list[tuple[int, int]]:
    """Receipts of the mailbox that are stored and not imported, with their messages' sizes."""
    rows = session.connection().execute(_PENDING, {"server": server_id})
    return [(row[0], row[1]) for row in rows]


def _batches(waiting: Sequence[tuple[int, int]]) -> Iterator[list[tuple[int, int]]]:
    batch: list[tuple[int, int]] = []
    for item in waiting:
        if batch and (
            len(batch) >= _BATCH_MESSAGES or sum(s for _i, s in batch) + item[1] > _BATCH_BYTES
        ):
            yield batch
            batch = []
        batch.append(item)
    if batch:
        yield batch


def first_line(error: Exception) -> str:
    """What the database said of values that it refused, safe and short."""
    return safe(str(getattr(error, "orig", None) or error).strip().partition("\n")[0], 500)
