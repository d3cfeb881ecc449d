"""Where Microsoft's mail servers are, and which other hosts may be given its tokens (R18, R44).

An access token opens the mailbox to whoever it is sent to. It goes to Microsoft's own hosts, and
to others at the word of the partner alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session

from services.errors import Refused
from services.language import _
from services.registry import prefilling
from services.registry.access import Actor
from services.registry.protocols import ENDPOINT, PROTOCOL, functions_of
from services.store.models import EmailServer, Function, Mechanism, Role, User
from services.wire.presets import preset_for

_MICROSOFT = "@outlook.com"


def known(session: Session, actor: Actor, function: Function, email: str) -> dict[str, Any]:
    """Host, port and security for an address: those of an earlier mailbox of its domain that signs
    in at Microsoft, else Microsoft's own (R18)."""
    return prefilling.of_microsoft(session, actor, PROTOCOL[function], email) or usual(function)


def usual(function: Function) -> dict[str, Any]:
    """Microsoft's own host, port and security."""
    preset = preset_for(_MICROSOFT)
    assert preset is not None
    place = preset.smtp if function == Function.SEND else preset.pop
    assert place is not None
    return {"host": place.host, "port": place.port, "security": place.security}


def refuse_foreign(session: Session, actor: Actor, columns: Mapping[str, Any]) -> None:
    """Refuse a company user a host that may not have tokens; ``columns`` are the server's."""
    if actor.is_partner:
        return
    for protocol in PROTOCOL.values():
        host = columns.get(f"{protocol}_host")
        if host is not None and not may_have_tokens(session, actor.partner_id, host):
            raise Refused(
                _(
                    "Servidor: em caixa com conta Microsoft só o parceiro {partner} pode mudá-lo"
                ).format(partner=actor.partner_name),
                field=f"{protocol}_host",
            )


def may_have_tokens(session: Session, partner_id: int, host: str) -> bool:
    """Is it Microsoft's, or of a mailbox that a partner user has linked there?"""
    name = host.strip().lower()
    if name in {usual(function)["host"] for function in Function}:
        return True
    linked = exists().where(
        EmailServer.partner_id == partner_id,
        EmailServer.mechanism == Mechanism.XOAUTH2,
        or_(func.lower(EmailServer.smtp_host) == name, func.lower(EmailServer.pop_host) == name),
        User.id == EmailServer.created_by_id,
        User.role == Role.PARTNER,
    )
    return bool(session.scalar(select(linked)))


def move_home(session: Session, server: EmailServer) -> None:
    """A mailbox that had a password: where it may not send a token it goes to Microsoft's hosts."""
    for function in functions_of(server.kind):
        protocol = PROTOCOL[function]
        host = getattr(server, f"{protocol}_host") or ""
        if not may_have_tokens(session, server.partner_id, host):
            for name in ENDPOINT:
                setattr(server, f"{protocol}_{name}", usual(function)[name])
