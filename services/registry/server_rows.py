"""Writing the row of an e-mail server: its columns with their keys, its password, a clean slate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from services.registry import search
from services.store import secret
from services.store.models import EmailServer, Health

PLACE = "email_server"
FIELD = "password"
_CONNECTION = (
    "email",
    "username",
    "smtp_host",
    "smtp_port",
    "smtp_security",
    "pop_host",
    "pop_port",
    "pop_security",
    "authenticate",
    "verify_certificate",
)


def fill(server: EmailServer, columns: Mapping[str, Any]) -> None:
    """Set these columns, and the keys that the row is found by."""
    for name, value in columns.items():
        setattr(server, name, value)
    server.email_key = search.key(server.email, most=400)
    server.search_key = search.key(
        server.nickname,
        server.email,
        server.username,
        server.sender_name,
        server.smtp_host,
        server.pop_host,
        most=700,
    )


def connection(server: EmailServer) -> tuple[object, ...]:
    """What a talk to its servers goes by: other values than before start with a clean slate."""
    return tuple(getattr(server, name) for name in _CONNECTION)


def has_password(session: Session, server: EmailServer) -> bool:
    """Is a password stored for it?"""
    return secret.get(session, PLACE, server.id, FIELD) is not None


def change_password(session: Session, server: EmailServer, password: str) -> None:
    """Put another password in the vault; copies of this server see that it is another one (R6).

    A copy that gets its origin's present one is in step with it.
    """
    if secret.get(session, PLACE, server.id, FIELD) != password:
        server.password_version += 1
        secret.put(session, PLACE, server.id, FIELD, password)
    if server.origin_id is None:
        return
    origin = session.get(EmailServer, server.origin_id)
    if origin is not None and secret.get(session, PLACE, origin.id, FIELD) == password:
        server.origin_password_version = origin.password_version


def clean_slate(server: EmailServer) -> None:
    """Forget what the jobs have learned of it, so that it is tried at once (R9)."""
    server.refusals = 0
    server.pop_refusals = 0
    server.health = Health.UNKNOWN
    server.health_reason = None
    server.health_since = None
    server.paused_until = None
    server.next_read_at = None
