"""The audit trail: written in the unit of work of the change itself (R55)."""

from __future__ import annotations

from typing import Any

from sqlalchemy.orm import Session

from services.registry.access import Actor
from services.store.models import AuditEntry


def record(
    session: Session,
    actor: Actor,
    action: str,
    entity: str,
    entity_id: int | None,
    *,
    company_id: int | None = None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
) -> None:
    """Note who did ``action`` to what; of ``before`` and ``after`` only what differs is kept.

    Callers hand in public values only; a changed secret is noted as ``{"password": "***"}``.
    """
    if before is not None and after is not None:
        changed = {k for k in before.keys() | after.keys() if before.get(k) != after.get(k)}
        if not changed:
            return
        before = {k: v for k, v in before.items() if k in changed}
        after = {k: v for k, v in after.items() if k in changed}
    session.add(
        AuditEntry(
            partner_id=actor.partner_id,
            company_id=company_id,
            user_id=actor.user_id,
            user_nickname=actor.nickname,
            os_account=actor.os_account,
            action=action,
            entity=entity,
            entity_id=entity_id,
            before=before,
            after=after,
        )
    )
