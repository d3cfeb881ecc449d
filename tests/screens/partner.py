"""A partner's companies and servers, made without the screens."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from sqlalchemy import insert, select

from services.registry import companies, links, search, servers
from services.registry.access import Actor
from services.registry.companies import CompanyDraft, CompanyView
from services.registry.server_form import ServerDraft
from services.registry.server_views import ServerView
from services.settings import Settings
from services.store.engine import Store
from services.store.models import Company
from tests.store_fixtures import PARTNER_KEY

ROOT = __file__.rsplit("/tests/", 1)[0]


def cnpj_number(n: int) -> str:
    """The n-th valid CNPJ of a row of them."""
    digits = [int(c) for c in f"{10_000_000 + n:08d}0001"]
    for weights in ((5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2), (6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2)):
        rest = sum(d * w for d, w in zip(digits, weights, strict=True)) % 11
        digits.append(0 if rest < 2 else 11 - rest)
    return "".join(map(str, digits))


def add_company(store: Store, actor: Actor, nickname: str, n: int, **more: Any) -> CompanyView:
    """A company of that nickname."""
    with store.writing() as session:
        return companies.add(
            session, actor, CompanyDraft(cnpj_number(n), nickname, f"{nickname} Ltda", **more)
        )


def add_companies(store: Store, actor: Actor, count: int) -> None:
    """Thousands of companies at once; every tenth is called "Filial"."""
    rows = []
    for n in range(1, count + 1):
        nickname = f"{'Filial' if n % 10 == 0 else 'Loja'} {n:05d}"
        number = cnpj_number(n)
        rows.append(
            {
                "partner_id": actor.partner_id,
                "cnpj": number,
                "nickname": nickname,
                "legal_name": f"{nickname} Ltda",
                "nickname_key": search.key(nickname, most=120),
                "search_key": search.key(nickname, number, nickname, most=400),
            }
        )
    with store.writing() as session:
        session.execute(insert(Company), rows)


def add_server(store: Store, actor: Actor, nickname: str, **more: Any) -> ServerView:
    """A sending server, unless told otherwise."""
    values: dict[str, Any] = {
        "kind": "send",
        "sender_name": "Contábil Sul",
        "email": f"{nickname.lower()}@contabil.example",
        "partner_key": PARTNER_KEY,
        "password": "segredo",
        "smtp_host": "smtp.contabil.example",
        "pop_host": "pop.contabil.example",
        **more,
    }
    with store.writing() as session:
        return servers.add(session, actor, ServerDraft(nickname=nickname, **values))


def link(store: Store, actor: Actor, server: ServerView, *linked: CompanyView) -> None:
    """Link companies to a server."""
    with store.writing() as session:
        done = links.link(session, actor, server.id, [company.id for company in linked])
    assert not done.refused


def linked(store: Store, actor: Actor, server: ServerView) -> frozenset[int]:
    """The companies that are linked now."""
    with store.reading() as session:
        return links.linked(session, actor, server.id)


def company_ids(store: Store) -> Sequence[int]:
    """Every company."""
    with store.reading() as session:
        return session.scalars(select(Company.id).order_by(Company.id)).all()


_ELSEWHERE = """
import sys
from pathlib import Path
from services.registry import access, links
from services.settings import Settings
from services.store.engine import open_store

home, url, what, server, *companies = sys.argv[1:]
store = open_store(Settings(home=Path(home), database_url=url))
with store.writing() as session:
    actor = access.identify(session, nickname=None, owns_state=True)
    getattr(links, what)(session, actor, int(server), [int(each) for each in companies])
store.close()
"""


def elsewhere(settings: Settings, what: str, server: ServerView, *ids: int) -> None:
    """``link`` or ``unlink`` companies in another process."""
    told = [str(settings.home), settings.database_url, what, str(server.id), *map(str, ids)]
    subprocess.run([sys.executable, "-c", _ELSEWHERE, *told], check=True, cwd=ROOT)
