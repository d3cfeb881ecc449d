"""Where a copied e-mail server comes from, whether the two still say the same, and what may be
changed of it on the company's side (R6)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.errors import NotAllowed, Refused
from services.language import _
from services.registry.access import Actor
from services.store.models import EmailServer

HEADQUARTERS = "headquarters"
PARTNER = "partner"

CONNECTION = (
    "email",
    "username",
    "smtp_host",
    "smtp_port",
    "smtp_security",
    "authenticate",
    "verify_certificate",
    "timeout",
    "most_connections",
    "most_per_minute",
    "most_per_day",
    "mechanism",
    "tenant",
    "account",
    "account_id",
)
"""What a copy takes over from its origin and goes by; the sender name is its own."""

# Both databases cap the parameters of a statement.
_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class Origin:
    """What an e-mail server is a copy of.

    ``kind`` is "headquarters" or "partner"; ``server_id`` is None once the origin is gone, while
    ``label`` still says what it was called. ``drifted``: the origin's connection values or
    password are not the copy's any more.
    """

    kind: str
    server_id: int | None
    label: str
    drifted: bool


def of(session: Session, servers: Iterable[EmailServer]) -> dict[int, Origin]:
    """The origins of those of ``servers`` that are copies, by the copy's id, in one query."""
    copies = [server for server in servers if server.origin_kind is not None]
    wanted = list({copy.origin_id for copy in copies if copy.origin_id is not None})
    found = {}
    for start in range(0, len(wanted), _AT_ONCE):
        rows = session.execute(
            select(
                EmailServer.id,
                EmailServer.password_version,
                *(getattr(EmailServer, name) for name in CONNECTION),
            ).where(EmailServer.id.in_(wanted[start : start + _AT_ONCE]))
        )
        found.update({row[0]: tuple(row[1:]) for row in rows})
    return {copy.id: _origin(copy, found.get(copy.origin_id or 0)) for copy in copies}


def label(origin: EmailServer) -> str:
    """What a copy remembers its origin by."""
    return f"{origin.nickname} <{origin.email}>"


def refuse_edit(
    actor: Actor, server: EmailServer, now: Mapping[str, Any], changes: Mapping[str, Any]
) -> None:
    """Of a copy only the sender name and the switch may be changed on the company's side (R6, R9).

    ``now`` are the present values; a value that stays is no change, nor is an empty password.
    """
    if server.origin_kind is None:
        return
    for name, value in changes.items():
        if name in ("sender_name", "active") or value == now.get(name):
            continue
        if name == "password" and not value:
            continue
        raise Refused(_what_to_do(actor, server), field=name)


def refuse_password(actor: Actor, server: EmailServer, in_step: Collection[int]) -> None:
    """A copy's password is not a company user's to change, but to what its origin has (R6).

    ``in_step`` are the servers that get, or have, the same password.
    """
    if actor.is_partner or server.origin_kind is None or server.origin_id in in_step:
        return
    raise NotAllowed(_what_to_do(actor, server), field="password")


def _origin(copy: EmailServer, now: tuple[object, ...] | None) -> Origin:
    then = (copy.origin_password_version, *(getattr(copy, name) for name in CONNECTION))
    return Origin(
        kind=copy.origin_kind or "",
        server_id=None if now is None else copy.origin_id,
        label=copy.origin_label or "",
        drifted=now is not None and now != then,
    )


def _what_to_do(actor: Actor, server: EmailServer) -> str:
    alive = server.origin_id is not None
    if actor.is_partner:
        words = (
            _(
                "Esta caixa é uma cópia de {origin}: aqui só mudam o nome do remetente e o campo "
                "Caixa ativa. Altere a origem e sincronize, ou altere a cópia em Servidores de "
                "E-mail"
            )
            if alive
            else _(
                "Esta caixa é uma cópia de {origin}, que já não existe: aqui só mudam o nome do "
                "remetente e o campo Caixa ativa. Altere a cópia em Servidores de E-mail"
            )
        )
    else:
        words = (
            _(
                "Esta caixa é uma cópia de {origin}: aqui só mudam o nome do remetente e o campo "
                "Caixa ativa. Altere a origem e sincronize, ou peça ao parceiro {partner} que "
                "altere a cópia"
            )
            if alive
            else _(
                "Esta caixa é uma cópia de {origin}, que já não existe: aqui só mudam o nome do "
                "remetente e o campo Caixa ativa. Peça ao parceiro {partner} que altere a cópia, "
                "ou exclua-a e cadastre outra"
            )
        )
    return words.format(origin=server.origin_label, partner=actor.partner_name)
