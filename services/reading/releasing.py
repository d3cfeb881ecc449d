"""An event that came before its document is taken out of quarantine when that comes (R39)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from sqlalchemy import Table, bindparam, literal_column, select, update
from sqlalchemy.orm import Session

from services.reading.columns import Unique
from services.store.mail import InboundMessage, InboundState, Quarantine, QuarantineState
from services.store.models import Function, Mailbox

_AT_ONCE = 500
_held = cast(Table, Quarantine.__table__)
_messages = cast(Table, InboundMessage.__table__)
# Built once; the reason is written out, for the index is of that reason alone.
_WAITING = (
    select(_held.c.detail, Mailbox.company_id, _held.c.inbound_id)
    .join(_messages, _messages.c.id == _held.c.inbound_id)
    .join(Mailbox, Mailbox.server_id == _held.c.server_id)
    .where(
        _held.c.reason == literal_column("'foreign_company'"),
        _held.c.detail.in_(bindparam("keys", expanding=True)),
        _held.c.state == QuarantineState.OPEN,
        Mailbox.function == Function.READ,
        _messages.c.sha256 != "",
        _messages.c.raw_removed_at.is_(None),
    )
)
_RESOLVE = (
    update(_held)
    .where(
        _held.c.inbound_id.in_(bindparam("ids", expanding=True)),
        _held.c.state == QuarantineState.OPEN,
    )
    .values(state=QuarantineState.RESOLVED)
)
_AGAIN = (
    update(_messages)
    .where(_messages.c.id.in_(bindparam("ids", expanding=True)))
    .values(state=InboundState.STORED)
)


def release(session: Session, fresh: Iterable[Unique]) -> int:
    """Have what waited for one of these new documents imported anew; how many messages.

    They are as if they had been stored and not imported yet: the reading in hand takes them up, or
    whoever looks after those next. Only where the mailbox is read for the document's company, for
    otherwise they would be held again.
    """
    new = {(key, company_id) for company_id, _kind, key, event_id in fresh if not event_id}
    keys = sorted({key for key, _company_id in new})
    connection = session.connection()
    ids: set[int] = set()
    for start in range(0, len(keys), _AT_ONCE):
        given: dict[str, Any] = {"keys": keys[start : start + _AT_ONCE]}
        ids |= {row[2] for row in connection.execute(_WAITING, given) if (row[0], row[1]) in new}
    if ids:
        connection.execute(_RESOLVE, {"ids": sorted(ids)})
        connection.execute(_AGAIN, {"ids": sorted(ids)})
    return len(ids)
