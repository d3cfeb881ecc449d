"""A partner as big as they come: 10,000 companies and 12,000 servers, linked in every way."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import Table, insert, select
from sqlalchemy.orm import Session

from services.registry import search
from services.registry.access import Actor
from services.store.models import Base, Company, EmailServer, Mailbox, User, UserCompany
from tests.registry.partner_servers import cnpj_number

COMPANIES = 10_000
SERVERS = 12_000
USERS = 300
_TRADES = ("Padaria", "Mercado", "Farmácia", "Oficina", "Gráfica", "Posto", "Açougue", "Móveis")
_NAMES = ("São João", "Avenida", "Três Irmãos", "Central", "Pão Quente", "do Zé", "Conceição")


def fill(session: Session, actor: Actor) -> None:
    """A partner as big as they come: own servers of companies, shared ones, one of all."""
    names = [f"{_TRADES[n % 8]} {_NAMES[n % 7]} {n}" for n in range(COMPANIES)]
    _insert(
        session,
        Company,
        [
            {
                "partner_id": actor.partner_id,
                "cnpj": cnpj_number(n),
                "nickname": name,
                "legal_name": f"{name} Ltda",
                "document_import": n % 2 == 0,
                "nickname_key": search.key(name, most=120),
                "search_key": search.key(name, cnpj_number(n), most=400),
            }
            for n, name in enumerate(names)
        ],
    )
    nicknames = [f"{'Parceiro' if n < 20 else 'Usuário'} {n}" for n in range(USERS)]
    _insert(
        session,
        User,
        [
            {
                "partner_id": actor.partner_id,
                "nickname": nickname,
                "role": "partner" if n < 20 else "company",
                "nickname_key": search.key(nickname, most=120),
                "search_key": search.key(nickname, most=700),
            }
            for n, nickname in enumerate(nicknames)
        ],
    )
    companies = list(session.scalars(select(Company.id).order_by(Company.id)))
    users = list(session.scalars(select(User.id).where(User.id != actor.user_id).order_by(User.id)))
    _insert(
        session,
        UserCompany,
        [
            {"user_id": user, "company_id": companies[(n * 37 + k) % COMPANIES]}
            for n, user in enumerate(users[20:])
            for k in range(1 + n)
        ],
    )
    _insert(
        session,
        EmailServer,
        [
            {
                "partner_id": actor.partner_id,
                "kind": ("send", "read", "both")[n % 3],
                "nickname": f"Notas {n}",
                "email": f"caixa{n}@{n % 500}.example",
                "username": f"caixa{n}",
                "smtp_host": "smtp.example",
                "created_by_id": users[n % USERS],
                "email_key": f"caixa{n}@{n % 500}.example",
                "search_key": f"notas {n} caixa{n}@{n % 500}.example caixa{n} smtp.example",
            }
            for n in range(SERVERS)
        ],
    )
    found = list(session.scalars(select(EmailServer.id).order_by(EmailServer.id)))
    links = {(found[n], companies[n], "send") for n in range(COMPANIES)}
    links |= {(found[-1], company, way) for company in companies for way in ("send", "read")}
    links |= {(found[-2], company, "read") for company in companies[::5]}
    links |= {
        (server, companies[(n * 13 + k) % COMPANIES], "read")
        for n, server in enumerate(found[COMPANIES:-2])
        for k in range(5)
    }
    _insert(
        session,
        Mailbox,
        [
            {"server_id": server, "company_id": company, "function": way}
            for server, company, way in sorted(links)
        ],
    )


def _insert(session: Session, model: type[Base], rows: list[dict[str, Any]]) -> None:
    session.execute(insert(cast(Table, model.__table__)), rows)
