"""Writing the row of an e-mail server: its columns with their keys, its password, a clean slate."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import delete
from sqlalchemy.orm import Session

from services.errors import Refused
from services.language import _
from services.registry import search
from services.registry.access import Actor
from services.registry.limits import limits_of
from services.store import secret
from services.store.models import EmailServer, Health, Mechanism, SignIn

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
    """Set these columns, and the keys that the row is found by.

    With other limits than before, or another provider's, none is reached until it is met again.
    """
    before = limits_of(server)
    for name, value in columns.items():
        setattr(server, name, value)
    if limits_of(server) != before:
        server.full_until = server.full_per = None
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
    """Is a password stored for it, or a sign-in that takes its place?"""
    if server.mechanism == Mechanism.XOAUTH2:
        return True
    return secret.get(session, PLACE, server.id, FIELD) is not None


def change_password(session: Session, server: EmailServer, password: str) -> None:
    """Put another password in the vault; copies of this server see that it is another one (R6).

    A copy that gets its origin's present one is in step with it. Where a Microsoft account was
    linked, the password takes the place of its sign-in.
    """
    if server.mechanism == Mechanism.XOAUTH2:
        _forget_sign_in(session, server)
    if secret.get(session, PLACE, server.id, FIELD) != password:
        server.password_version += 1
        secret.put(session, PLACE, server.id, FIELD, password)
    if server.origin_id is None:
        return
    origin = session.get(EmailServer, server.origin_id)
    if origin is not None and secret.get(session, PLACE, origin.id, FIELD) == password:
        server.origin_password_version = origin.password_version


def forget_password(session: Session, server: EmailServer) -> None:
    """Drop every secret of it: a sign-in takes their place."""
    secret.drop(session, PLACE, server.id)


def refuse_moving_sign_in(actor: Actor, server: EmailServer, columns: Mapping[str, Any]) -> None:
    """Of a mailbox that signs in at Microsoft the address stays, and for company users the hosts.

    ``columns`` are the new values. An access token opens the mailbox to whoever it is sent to: it
    goes to another host at the word of the partner alone.
    """
    if columns["email"].casefold() != server.email.casefold():
        raise Refused(
            _(
                "E-mail: esta caixa é da conta Microsoft {email}; para outra conta, vincule-a em "
                "uma caixa nova"
            ).format(email=server.email),
            field="email",
        )
    hosts = [n for n in ("smtp_host", "pop_host") if columns.get(n) is not None]
    if not actor.is_partner and any(
        columns[name].lower() != (getattr(server, name) or "").lower() for name in hosts
    ):
        raise Refused(
            _("Servidor: em caixa com conta Microsoft só o parceiro {partner} pode mudá-lo").format(
                partner=actor.partner_name
            ),
            field="host",
        )


def _forget_sign_in(session: Session, server: EmailServer) -> None:
    secret.drop(session, PLACE, server.id)
    session.execute(delete(SignIn).where(SignIn.server_id == server.id))
    server.mechanism = Mechanism.PASSWORD
    server.tenant = server.account = server.account_id = server.pop_username = None


def clean_slate(server: EmailServer) -> None:
    """Forget what the jobs have learned of it, so that it is tried at once (R9)."""
    server.refusals = 0
    server.pop_refusals = 0
    server.health = Health.UNKNOWN
    server.health_reason = None
    server.health_since = None
    server.paused_until = None
    server.next_read_at = None
