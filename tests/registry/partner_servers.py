"""E-mail servers of the partner, as tests register, edit and find them."""

from __future__ import annotations

from typing import Any

from services.office import Office
from services.registry import servers
from services.registry.access import Actor
from services.registry.servers import Filters, ServerDraft, ServerView
from services.store import secret
from tests.store_fixtures import PARTNER_KEY

PADARIA = "11222333000181"
LOJA = "12ABC34501DE35"


def draft(**changes: Any) -> ServerDraft:
    values: dict[str, Any] = {
        "kind": "both",
        "nickname": "Notas",
        "sender_name": "Contábil Sul",
        "email": "notas@contabil.example",
        "partner_key": PARTNER_KEY,
        "password": "segredo",
        "smtp_host": "smtp.contabil.example",
        "pop_host": "pop.contabil.example",
    }
    return ServerDraft(**values | changes)


def add(office: Office, actor: Actor, **changes: Any) -> ServerView:
    return office.do_now(servers.add, actor, draft(**changes))


def edit(office: Office, actor: Actor, server: ServerView, **changes: Any) -> ServerView:
    return office.do_now(servers.edit, actor, server.id, changes)


def password_of(office: Office, server_id: int) -> str | None:
    return office.ask_now(secret.get, "email_server", server_id, "password")


def found(office: Office, actor: Actor, **filters: str) -> list[int]:
    return sorted(office.ask_now(servers.ids, actor, filters=Filters(**filters)))


def people_actor(session: Any, nickname: str) -> Actor:
    from services.registry.access import actor_of, user_named

    user = user_named(session, nickname)
    assert user is not None
    return actor_of(session, user)


def cnpj_number(n: int) -> str:
    from services.fiscal import cnpj

    base = f"{n + 10:08d}0001"
    return base + cnpj.check_digits(base)
