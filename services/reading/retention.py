"""What reading keeps for how long: raw messages, decided quarantine, receipts; documents stay (R43)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, and_, delete, exists, or_, select, update
from sqlalchemy.orm import Session

from services.clock import now
from services.store import ageing
from services.store.ageing import Look, Removed
from services.store.blobs import drop_unused
from services.store.mail import InboundMessage, InboundState, Quarantine, QuarantineState, Uidl

_RAW = (InboundMessage.raw_removed_at.is_(None), InboundMessage.sha256 != "")


def look_at_raw(session: Session, before: datetime, after: int) -> Look:
    """Messages that are imported, with nothing in quarantine that waits for a person."""
    return ageing.look(
        session, InboundMessage.id, InboundMessage.fetched_at, before, after, _settled(), *_RAW
    )


def forget_raw(session: Session, ids: Sequence[int]) -> Removed:
    """Remove the raw messages of those of ``ids`` of which that is still true; receipts stay."""
    found = _locked(session, ids, and_(_settled(), *_RAW))
    session.execute(
        update(InboundMessage).where(InboundMessage.id.in_(found)).values(raw_removed_at=now()),
        execution_options={"synchronize_session": False},
    )
    return Removed(len(found), drop_unused(session, set(found.values())).size)


def look_at_receipts(session: Session, before: datetime, after: int) -> Look:
    """Receipts of what is imported and no longer on its server, as far as anybody knows.

    One that is still listed, or may be (there its content is all that it is known by), is needed
    so that it is not fetched and imported again (R38).
    """
    return ageing.look(
        session, InboundMessage.id, InboundMessage.fetched_at, before, after, _over()
    )


def forget_receipts(session: Session, ids: Sequence[int]) -> Removed:
    """Remove those of ``ids`` of which that is still true, with their quarantine and raw message."""
    found = _locked(session, ids, _over())
    session.execute(
        delete(InboundMessage).where(InboundMessage.id.in_(found)),
        execution_options={"synchronize_session": False},
    )
    return Removed(len(found), drop_unused(session, set(found.values()) - {""}).size)


def look_at_quarantine(session: Session, before: datetime, after: int) -> Look:
    """What somebody has decided about."""
    return ageing.look(
        session, Quarantine.id, Quarantine.created_at, before, after, _decided(), _decided()
    )


def forget_quarantine(session: Session, ids: Sequence[int]) -> Removed:
    """Remove those of ``ids`` of which that is still true."""
    gone = session.execute(
        delete(Quarantine).where(Quarantine.id.in_(ids), _decided()).returning(Quarantine.id),
        execution_options={"synchronize_session": False},
    )
    return Removed(len(gone.all()))


def _decided() -> ColumnElement[bool]:
    return Quarantine.state != QuarantineState.OPEN


def _settled() -> ColumnElement[bool]:
    waits = exists().where(
        Quarantine.inbound_id == InboundMessage.id, Quarantine.state == QuarantineState.OPEN
    )
    return and_(InboundMessage.state != InboundState.STORED, ~waits)


def _over() -> ColumnElement[bool]:
    listed = exists().where(Uidl.inbound_id == InboundMessage.id)
    # Without a UIDL nobody can tell that a message has gone but who has deleted it.
    gone = or_(
        InboundMessage.deleted_at.is_not(None),
        InboundMessage.server_id.is_(None),
        InboundMessage.uidl != "",
    )
    return and_(_settled(), ~listed, gone)


def _locked(session: Session, ids: Sequence[int], over: ColumnElement[bool]) -> dict[int, str]:
    """The digests of those of ``ids`` that nobody is deciding about right now."""
    rows = (
        select(InboundMessage.id, InboundMessage.sha256)
        .where(InboundMessage.id.in_(ids), over)
        .order_by(InboundMessage.id)
        .with_for_update(skip_locked=True)
    )
    return {row[0]: row[1] for row in session.execute(rows)}
