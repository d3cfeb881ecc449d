"""Ending what ties a company to an e-mail server; the last tie takes the server with it (R12)."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.registry import audit
from services.registry.access import Actor
from services.registry.server_rows import PLACE
from services.store import secret
from services.store.models import EmailServer, Mailbox


def unlink(session: Session, actor: Actor, mailbox: Mailbox) -> bool:
    """Take ``mailbox`` from its company; True when its server and secrets went too (R12)."""
    server = session.get_one(EmailServer, mailbox.server_id)
    audit.record(
        session,
        actor,
        "remove",
        "mailbox",
        mailbox.id,
        company_id=mailbox.company_id,
        before={"email": server.email, "function": mailbox.function, "server_id": server.id},
    )
    session.delete(mailbox)
    session.flush()
    left = session.scalar(
        select(func.count()).select_from(Mailbox).where(Mailbox.server_id == server.id)
    )
    if left:
        return False
    secret.drop(session, PLACE, server.id)
    audit.record(
        session,
        actor,
        "remove",
        PLACE,
        server.id,
        company_id=mailbox.company_id,
        before={"email": server.email, "kind": server.kind, "nickname": server.nickname},
    )
    session.delete(server)
    session.flush()
    return True
