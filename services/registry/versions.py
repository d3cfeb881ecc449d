"""Nobody overwrites unseen what somebody else has changed."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.errors import Conflict
from services.language import _
from services.store.models import AuditEntry


def check(session: Session, entity: str, entity_id: int, have: int, seen: int | None) -> None:
    """Raise :class:`Conflict`, naming who changed it, when ``seen`` is not the version at hand.

    ``seen`` None means that the caller knows only the values it changes.
    """
    if seen is None or seen == have:
        return
    last = session.scalar(
        select(AuditEntry)
        .where(AuditEntry.entity == entity, AuditEntry.entity_id == entity_id)
        .order_by(AuditEntry.id.desc())
        .limit(1)
    )
    who = last.user_nickname if last is not None else "?"
    raise Conflict(
        _(
            "{who} alterou este cadastro enquanto você o editava: confira os valores atuais e salve de novo"
        ).format(who=who)
    )
