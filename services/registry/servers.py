"""The partner's e-mail servers: every account that its companies use (R15)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.errors import NotFound
from services.language import _
from services.registry import access
from services.registry.access import Actor
from services.store.models import Company, EmailServer, Kind, Mailbox


@dataclass(frozen=True, slots=True)
class ServerView:
    """A registered account; ``companies`` are the CNPJs linked to it."""

    id: int
    kind: str
    nickname: str
    sender_name: str
    email: str
    active: bool
    inactive_code: int | None
    inactive_reason: str | None
    inactive_since: datetime | None
    health: str
    origin: str | None
    companies: tuple[str, ...]


def list_servers(session: Session, actor: Actor, *, status: str | None = None) -> list[ServerView]:
    """Every server of the partner by nickname; only for the partner (R15, R53)."""
    access.partner_only(actor)
    query = select(EmailServer).where(
        EmailServer.partner_id == actor.partner_id, EmailServer.kind != Kind.RELAY
    )
    if status is not None:
        query = query.where(EmailServer.active.is_(status == "active"))
    linked: dict[int, list[str]] = {}
    for server_id, cnpj in session.execute(
        select(Mailbox.server_id, Company.cnpj)
        .join(Mailbox.company)
        .where(Company.partner_id == actor.partner_id)
        .distinct()
        .order_by(Company.cnpj)
    ):
        linked.setdefault(server_id, []).append(cnpj)
    return [
        _view(row, tuple(linked.get(row.id, ())))
        for row in session.scalars(query.order_by(EmailServer.search_key, EmailServer.id))
    ]


def view(session: Session, actor: Actor, server_id: int) -> ServerView:
    """One server of the partner."""
    for server in list_servers(session, actor):
        if server.id == server_id:
            return server
    raise NotFound(_("Servidor de e-mail {id} não encontrado").format(id=server_id), field="server")


def _view(row: EmailServer, companies: tuple[str, ...]) -> ServerView:
    return ServerView(
        row.id,
        row.kind,
        row.nickname,
        row.sender_name,
        row.email,
        row.active,
        row.inactive_code,
        row.inactive_reason,
        row.inactive_since,
        row.health,
        None,
        companies,
    )
