"""Usuários by key presses: roles, company access, the operating system's account (R53, R54)."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from services.office import Office
from services.registry import companies, people
from services.registry.access import Actor
from services.registry.companies import CompanyDraft, CompanyView
from services.registry.people import UserDraft, UserView
from services.store.engine import Store
from services.store.models import Role, User, UserCompany
from tests.screens.conftest import Console, Opened

OTHERS = ("33000167000101", "44483401000115", "60746948000112")


@pytest.fixture
def several(store: Store, actor: Actor, company: CompanyView) -> list[CompanyView]:
    """The first company and three others."""
    with store.writing() as session:
        return [company] + [
            companies.add(session, actor, CompanyDraft(cnpj, f"Loja {n}", f"Loja {n} Ltda"))
            for n, cnpj in enumerate(OTHERS, 1)
        ]


@pytest.fixture
def rui(store: Store, actor: Actor, several: list[CompanyView]) -> UserView:
    """A user of the first company."""
    draft = UserDraft("rui", "Rui Lima", "rui@loja.example", Role.COMPANY, (several[0].cnpj,))
    with store.writing() as session:
        return people.add_user(session, actor, draft)


async def _listed(c: Console) -> None:
    await c.at_home()
    await c.press("5")
    await c.in_front("UsersScreen")
    await c.shows("ana")


def _sees(store: Store, nickname: str) -> set[int]:
    with store.reading() as session:
        query = select(UserCompany.company_id).join(User, User.id == UserCompany.user_id)
        return set(session.scalars(query.where(User.nickname == nickname)))


async def test_a_company_user_gets_companies_found_by_typing(
    console: Opened, store: Store, several: list[CompanyView]
) -> None:
    """R53, R54: role, account and two companies; without any, the form says what is missing."""
    async with console((80, 24)) as c:
        await _listed(c)
        await c.press("n")
        await c.in_front("UserForm")
        await c.fill("rui", "Rui Lima", "rui@loja.example")
        await c.press("tab", "left")
        await c.shows("Não vê nenhuma empresa: F8 escolhe")
        await c.press("tab")
        await c.type("rui")
        await c.press("f2")
        await c.shows("informe ao menos uma")
        await c.press("f8")
        await c.in_front("ManyChoice")
        await c.type("loja")
        await c.until(lambda: "Padaria" not in "\n".join(c.lines[2:]), "the filtered list")
        await c.press("enter", "space", "space", "f2")
        await c.in_front("UserForm")
        await c.shows("Vê 2 empresas")
        await c.press("f2")
        await c.in_front("UsersScreen")
        await c.shows("rui", "2 empresas")
    assert _sees(store, "rui") == {several[1].id, several[2].id}
    with store.reading() as session:
        row = session.scalars(select(User).where(User.nickname == "rui")).one()
        assert (row.role, row.os_account, row.active) == (Role.COMPANY, "rui", True)


async def test_companies_are_exchanged_at_once(
    console: Opened, store: Store, several: list[CompanyView], rui: UserView
) -> None:
    """R53: the only company for another one; leaving without saving asks first."""
    async with console((120, 40)) as c:
        await _listed(c)
        await c.press("down", "e")
        await c.in_front("UserForm")
        await c.shows("Vê 1 empresa")
        await c.press("f8")
        await c.in_front("ManyChoice")
        await c.shows("Padaria São João", "Loja 1")
        await c.press("down", "space", "end", "space")
        await c.press("f2")
        await c.in_front("UserForm")
        await c.press("escape")
        await c.in_front("Confirm")
        await c.press("escape")
        await c.in_front("UserForm")
        await c.press("f2")
        await c.in_front("UsersScreen")
    assert _sees(store, "rui") == {several[1].id}


async def test_a_user_is_shut_out_and_let_in_again(
    console: Opened, store: Store, rui: UserView
) -> None:
    async with console() as c:
        await _listed(c)
        await c.press("down", "a")
        await c.shows("Inativo")
        await c.press("a")
        await c.until(lambda: "Inativo" not in c.text, "the user let in again")
    with store.reading() as session:
        assert session.get_one(User, rui.id).active


async def test_nobody_locks_himself_out(console: Opened, store: Store, actor: Actor) -> None:
    """R54: the own role stays what it is, and the reason stands on the form."""
    async with console() as c:
        await _listed(c)
        await c.press("a", "e")
        await c.in_front("UserForm")
        await c.press("tab", "tab", "tab", "tab", "tab", "space", "f2")
        await c.until(lambda: "▲" in c.text or "si mesmo" in c.text, "the refusal")
        assert c.dialog == "UserForm"
    with store.reading() as session:
        assert session.get_one(User, actor.user_id).active


async def test_two_admins_change_one_user(
    console: Opened, store: Store, office: Office, actor: Actor, rui: UserView
) -> None:
    """The second is told what changed and keeps what was typed."""
    async with console() as c:
        await _listed(c)
        await c.press("down", "e")
        await c.in_front("UserForm")
        await c.press("end")
        await c.type("2")
        office.do_now(people.edit_user, actor, rui.id, {"name": "Rui de Souza"})
        await c.press("f2")
        await c.shows("alterou este cadastro", "Nome: Rui de Souza")
        await c.press("f2")
        await c.in_front("UsersScreen")
    with store.reading() as session:
        row = session.get_one(User, rui.id)
        assert (row.nickname, row.name) == ("rui2", "Rui de Souza")


async def test_a_user_is_removed_after_a_question(
    console: Opened, store: Store, rui: UserView
) -> None:
    async with console() as c:
        await _listed(c)
        await c.press("down", "x")
        await c.in_front("Confirm")
        await c.shows("Excluir o usuário rui?")
        await c.agree()
        await c.until(lambda: "Rui Lima" not in c.text, "the removal")
    with store.reading() as session:
        assert session.get(User, rui.id) is None


async def test_the_key_line_says_whether_it_lets_in_or_out(
    console: Opened, store: Store, rui: UserView
) -> None:
    """R53: what the key does to the user under the cursor, also after it was pressed."""
    async with console((80, 24)) as c:
        await _listed(c)
        await c.press("down")
        await c.shows("a Inativar")
        await c.press("a")
        await c.shows("a Ativar")
        await c.press("up")
        await c.shows("a Inativar")
