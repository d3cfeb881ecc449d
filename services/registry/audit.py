"""The audit trail: written in the unit of work of the change itself (R55)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, cast

from sqlalchemy import Table, insert, select
from sqlalchemy.orm import Session

from services.registry.access import Actor, os_account
from services.registry.audit_views import AuditRow, AuditView, entries, ids, rows, show
from services.store.models import AuditEntry, Partner

__all__ = [
    "AuditRow",
    "AuditView",
    "Change",
    "entries",
    "ids",
    "record",
    "record_job",
    "record_many",
    "record_upkeep",
    "rows",
    "show",
]

JOBS = "carteiro"
"""Who is named for what no person did."""


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


def record_job(
    session: Session,
    partner_id: int,
    action: str,
    entity: str,
    entity_id: int,
    *,
    before: dict[str, Any],
    after: dict[str, Any],
    company_id: int | None = None,
) -> None:
    """Note what a job changed by itself: in the name of the program, "carteiro"."""
    session.add(
        AuditEntry(
            partner_id=partner_id,
            company_id=company_id,
            user_nickname=JOBS,
            action=action,
            entity=entity,
            entity_id=entity_id,
            before=before,
            after=after,
        )
    )


def record_upkeep(session: Session, action: str, after: dict[str, Any]) -> None:
    """Note for every partner what was done to the whole database, and by which account."""
    for partner_id in session.scalars(select(Partner.id)).all():
        session.add(
            AuditEntry(
                partner_id=partner_id,
                user_nickname=JOBS,
                os_account=os_account(),
                action=action,
                entity="database",
                after=after,
            )
        )


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
