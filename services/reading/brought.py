"""What came of a mailbox since a time, by what is on record: a killed reader told nobody (R43)."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.reading.importing import Imported
from services.store.mail import Document, InboundMessage, Quarantine


def since(session: Session, server_id: int, at: datetime) -> tuple[int, Imported]:
    """How many messages were fetched since then, and what their import did."""
    mine = InboundMessage.server_id == server_id
    fetched = select(func.count()).where(mine, InboundMessage.fetched_at >= at)
    documents = (
        select(Document.company_id, func.count())
        .join(InboundMessage, InboundMessage.id == Document.inbound_id)
        .where(mine, InboundMessage.committed_at >= at)
        .group_by(Document.company_id)
    )
    held = (
        select(func.count(), func.max(Quarantine.inbound_id))
        .join(InboundMessage, InboundMessage.id == Quarantine.inbound_id)
        .where(mine, InboundMessage.committed_at >= at)
    )
    quarantined, last_held = session.execute(held).one()
    imported = Imported(
        documents={row[0]: row[1] for row in session.execute(documents)},
        quarantined=quarantined,
        last_held=last_held,
    )
    return session.scalar(fetched) or 0, imported
