"""The audit trail: written in the unit of work of the change itself (R55)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, insert, select
from sqlalchemy.orm import Session

from services.registry import access
from services.registry.access import Actor
from services.store.models import AuditEntry, Company


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
    change = _differing(Change(entity_id, company_id, before, after))
    if change is not None:
        session.add(AuditEntry(**_values(actor, action, entity, change)))


@dataclass(frozen=True, slots=True)
class Change:
    """One of many changes of a kind: the thing, the company that it is of, its values."""

    entity_id: int | None
    company_id: int | None = None
    before: dict[str, Any] | None = None
    after: dict[str, Any] | None = None


def record_many(
    session: Session, actor: Actor, action: str, entity: str, changes: Iterable[Change]
) -> None:
    """:func:`record` for many things in one statement."""
    kept = [change for change in map(_differing, changes) if change is not None]
    if kept:
        session.execute(
            insert(cast(Table, AuditEntry.__table__)),
            [_values(actor, action, entity, change) for change in kept],
        )


def _differing(change: Change) -> Change | None:
    """Of ``change`` what differs; None when nothing does."""
    before, after = change.before, change.after
    if before is None or after is None:
        return change
    names = {k for k in before.keys() | after.keys() if before.get(k) != after.get(k)}
    if not names:
        return None
    return replace(
        change,
        before={k: v for k, v in before.items() if k in names},
        after={k: v for k, v in after.items() if k in names},
    )


def _values(actor: Actor, action: str, entity: str, change: Change) -> dict[str, Any]:
    return {
        "partner_id": actor.partner_id,
        "company_id": change.company_id,
        "user_id": actor.user_id,
        "user_nickname": actor.nickname,
        "os_account": actor.os_account,
        "action": action,
        "entity": entity,
        "entity_id": change.entity_id,
        "before": change.before,
        "after": change.after,
    }


@dataclass(frozen=True, slots=True)
class AuditView:
    """One change as it is shown: by whom, when, what, and what differs."""

    id: int
    at: datetime
    user: str
    os_account: str
    company: str | None
    action: str
    entity: str
    entity_id: int | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None


def entries(session: Session, actor: Actor, *, limit: int = 1_000) -> list[AuditView]:
    """The newest changes first; company users see those of their companies (R53, R55)."""
    query = (
        select(AuditEntry, Company.cnpj)
        .outerjoin(Company, Company.id == AuditEntry.company_id)
        .where(access.visible(actor, AuditEntry.partner_id, AuditEntry.company_id))
        .order_by(AuditEntry.id.desc())
        .limit(limit)
    )
    return [
        AuditView(
            row.id,
            row.at,
            row.user_nickname,
            row.os_account,
            cnpj,
            row.action,
            row.entity,
            row.entity_id,
            row.before,
            row.after,
        )
        for row, cnpj in session.execute(query)
    ]
