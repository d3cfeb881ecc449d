"""What of Microsoft sign-ins ends when: the agenda (R44)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.registry import mailbox_views, microsoft, server_views
from services.registry.access import Actor
from services.store.models import EmailServer, Mailbox, Mechanism, SignIn

LASTS = timedelta(days=90)
"""How long Microsoft keeps a sign-in that nobody uses; each renewal begins it anew."""


@dataclass(frozen=True, slots=True)
class Expiry:
    """One sign-in: who signed in, how it does, and when what ends.

    ``renewed_at`` is its last renewal and ``ends_at`` when it would end without another, None
    while it was never renewed here; ``check_at`` is when the jobs prove it next. ``trouble`` is the
    code of what stands in its way now. What a code inactivated has ended already.
    """

    server_id: int
    email: str
    account: str
    account_kind: str
    active: bool
    inactive_code: int | None
    renewed_at: datetime | None
    ends_at: datetime | None
    token_ends_at: datetime | None
    check_at: datetime | None
    trouble: str | None


def agenda(session: Session, actor: Actor) -> list[Expiry]:
    """The sign-ins that this user may see, the first to end first (R53)."""
    query = (
        select(EmailServer, SignIn)
        .outerjoin(SignIn, SignIn.server_id == EmailServer.id)
        .where(server_views.listed(actor), EmailServer.mechanism == Mechanism.XOAUTH2)
    )
    if not actor.is_partner:
        seen = select(Mailbox.server_id).join(Mailbox.company).where(mailbox_views.seen(actor))
        query = query.where(EmailServer.id.in_(seen))
    found = [_expiry(server, row) for server, row in session.execute(query).all()]
    never = datetime.min.replace(tzinfo=UTC)
    return sorted(found, key=lambda each: (each.ends_at or never, each.server_id))


def _expiry(server: EmailServer, row: SignIn | None) -> Expiry:
    renewed = row.renewed_at if row is not None else None
    return Expiry(
        server.id,
        server.email,
        server.account or "",
        microsoft.account_of_tenant(server.tenant or ""),
        server.active,
        server.inactive_code,
        renewed,
        renewed + LASTS if renewed is not None else None,
        row.expires_at if row is not None else None,
        row.check_at if row is not None and server.active else None,
        row.trouble if row is not None else None,
    )
