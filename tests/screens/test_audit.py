"""Auditoria by key presses: who, what, before and after (R53, R55)."""

from __future__ import annotations

import pytest

from services.office import Office
from services.registry import audit_views, companies, people
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.registry.people import UserDraft
from tests.screens.conftest import Console, Opened


async def go(console: Console) -> None:
    """To the screen."""
    await console.at_home()
    await console.press("0")
    await console.in_front("AuditScreen")


async def test_newest_first_and_live(
    console: Opened, office: Office, actor: Actor, company: CompanyView
) -> None:
    """R55: a change made elsewhere shows by itself, on top; Enter shows it field by field."""
    async with console(size=(120, 40)) as c:
        await go(c)
        await c.shows("Padaria São João", "empresa: cadastro", "parceiro: início")
        office.do_now(companies.edit, actor, company.id, {"document_import": False})
        await c.shows("empresa: alteração")
        rows = [line for line in c.lines if "ana" in line and ": " in line]
        assert "empresa: alteração" in rows[0]
        await c.press("home", "enter")
        await c.in_front("Details")
        await c.shows(
            "Antes → depois:", "Importação de Documentos  sim → não", "11.222.333/0001-81"
        )


async def test_filter_by_who_what_and_company(
    console: Opened, office: Office, actor: Actor, company: CompanyView
) -> None:
    """R55: words of the screen find, without accents; what is not there says so."""
    office.do_now(people.add_user, actor, UserDraft("Zoé", "Zoé", None, "partner"))
    async with console() as c:
        await go(c)
        await c.shows("usuário: cadastro", "empresa: cadastro")
        await c.press("slash")
        await c.type("sao joao")
        await c.until(lambda: "usuário: cadastro" not in c.text, "only the company's")
        assert "empresa: cadastro" in c.text
        await c.press("escape", "slash")
        await c.type("usuario cadastro")
        await c.shows("Zoé")
        await c.until(lambda: "empresa: cadastro" not in c.text, "only users")
        await c.press("escape", "slash")
        await c.type("nada disso")
        await c.shows("Nada corresponde")


async def test_what_is_left_out_is_said(
    console: Opened,
    office: Office,
    actor: Actor,
    company: CompanyView,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """R55: a list that ends before the trail does says so."""
    monkeypatch.setattr(audit_views, "MOST", 2)
    async with console() as c:
        await go(c)
        await c.shows("Auditoria: as 2 mais novas")


async def test_secrets_and_hostile_names(
    console: Opened, office: Office, actor: Actor, company: CompanyView
) -> None:
    """R55: markup and control bytes of a name act on nothing, before or after."""
    office.do_now(companies.edit, actor, company.id, {"nickname": "[@click=app.quit]x[/] [red]"})
    async with console(size=(120, 40)) as c:
        await go(c)
        await c.shows("[@click=app.quit]x[/] [red]", "empresa: alteração")
        await c.press("home", "enter")
        await c.in_front("Details")
        await c.shows("Padaria São João → [@click=app.quit]x[/] [red]")


async def test_a_company_user_has_no_way_there(
    console: Opened, office: Office, actor: Actor, company: CompanyView
) -> None:
    """R53: the services refuse it, and the screen shows the refusal instead of rows."""
    office.do_now(people.edit_user, actor, actor.user_id, {"os_account": None})
    from services.registry import access

    office.do_now(
        people.add_user,
        actor,
        UserDraft("rui", "Rui", None, "company", (company.cnpj,), os_account=access.os_account()),
    )
    async with console(size=(120, 40)) as c:
        await c.at_home()
        assert "Auditoria" not in c.text
        await c.press("0", "7")
        await c.in_front("DocumentsScreen")
        await c.app.action_go("audit")
        await c.shows("Somente usuários do parceiro")
        assert "empresa: cadastro" not in c.text
