"""The health columns of an e-mail server: read, held against other writers, written."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, cast

from sqlalchemy import ColumnElement, Table, Update, bindparam, select, update
from sqlalchemy.orm import Session

from services.failure import Failure
from services.retelling import retold
from services.safe_text import safe
from services.store.models import EmailServer

# Built once: every letter and every reading asks.
_READ = select(
    EmailServer.kind,
    EmailServer.active,
    EmailServer.health,
    EmailServer.health_reason,
    EmailServer.refusals,
    EmailServer.pop_refusals,
    EmailServer.inactive_code,
    EmailServer.paused_until,
).where(EmailServer.id == bindparam("server"))
_HELD = _READ.with_for_update()
_servers = cast(Table, EmailServer.__table__)


def state(session: Session, server_id: int, *, hold: bool = False) -> Mapping[str, Any] | None:
    """What is known of a server, None when it is gone; ``hold`` against other writers."""
    query = _HELD if hold else _READ
    row = session.connection().execute(query, {"server": server_id}).mappings().one_or_none()
    return None if row is None else dict(row)


def write(session: Session, server_id: int, values: Mapping[str, Any]) -> None:
    """Set these columns."""
    # Who asked for this lets go of what the session holds: what is pending must be in before.
    session.flush()
    plain = {name: new for name, new in values.items() if not isinstance(new, ColumnElement)}
    statement = _written(tuple(plain))
    if len(plain) < len(values):
        statement = statement.values({n: new for n, new in values.items() if n not in plain})
    given = {f"new_{name}": new for name, new in plain.items()}
    session.connection().execute(statement, {"server": server_id, **given})


@lru_cache(maxsize=64)
def _written(names: tuple[str, ...]) -> Update:
    values: dict[str, Any] = {name: bindparam(f"new_{name}") for name in names}
    return update(_servers).where(_servers.c.id == bindparam("server")).values(values)


def reason_of(failure: Failure) -> str:
    """Why, in one line for people: our words and the server's."""
    return safe(
        " ".join(filter(None, (retold(failure.explanation), failure.reply))) or failure.kind, 1_000
    )
