"""The first minutes: partner, user, company, by key presses."""

from __future__ import annotations

from sqlalchemy import select

from services.store.engine import Store
from services.store.models import Company, Partner, User
from tests.screens.conftest import Console, Opened


async def introduce(c: Console) -> None:
    await c.in_front("Wizard")
    await c.fill("Contábil Sul", "chave-1", "ana", "ana@contabil.example")


async def test_wizard_makes_partner_and_user_and_shows_the_panel(
    console: Opened, store: Store
) -> None:
    """R54: on an empty database the wizard maps the account that runs it to the first user."""
    async with console() as c:
        await introduce(c)
        await c.press("f2")
        await c.at_home()
        await c.shows("Contábil Sul", "Caixas de E-mail", "Fila de envio", "Documentos")
    with store.reading() as session:
        assert session.scalars(select(Partner.name)).all() == ["Contábil Sul"]
        assert session.scalars(select(User.nickname)).all() == ["ana"]


async def test_wizard_shows_what_is_missing_beside_its_field(console: Opened, store: Store) -> None:
    """R22: nothing is made from half a form, and nothing typed is lost."""
    async with console((80, 24)) as c:
        await c.in_front("Wizard")
        await c.type("Contábil Sul")
        await c.press("f2")
        await c.shows("Preencha este campo", "Contábil Sul")
        assert c.dialog == "Wizard"
    with store.reading() as session:
        assert session.scalars(select(Partner.id)).all() == []


async def test_leaving_the_wizard_makes_nothing(console: Opened, store: Store) -> None:
    """R54: who leaves the wizard leaves the program, and no partner is made."""
    async with console() as c:
        await introduce(c)
        await c.press("escape")
        await c.in_front("Confirm")
        await c.agree()
        await c.until(lambda: c.app.return_code is not None, "the end")
    with store.reading() as session:
        assert session.scalars(select(Partner.id)).all() == []


async def test_first_company_is_made_and_chosen(
    console: Opened, store: Store, actor: object
) -> None:
    """R53: ``c`` with nothing to choose offers F3; the company made is the chosen one."""
    async with console((80, 24)) as c:
        await c.at_home()
        await c.press("c")
        await c.shows("Nenhuma empresa")
        await c.press("f3")
        await c.in_front("CompanyForm")
        await c.fill("11.222.333/0001-81", "Padaria São João", "Padaria São João Ltda")
        await c.press("f2")
        await c.until(lambda: "▸ Padaria São João" in c.lines[0], "the company in the top bar")
    with store.reading() as session:
        assert session.scalars(select(Company.cnpj)).all() == ["11222333000181"]


async def test_a_wrong_cnpj_is_told_beside_the_field(
    console: Opened, store: Store, actor: object
) -> None:
    """R39: a CNPJ with a wrong check digit is refused in the form, and stays to be mended."""
    async with console((80, 24)) as c:
        await c.at_home()
        await c.press("c")
        await c.in_front("ChooseCompany")
        await c.press("f3")
        await c.in_front("CompanyForm")
        await c.fill("11.222.333/0001-82", "Padaria", "Padaria Ltda")
        await c.press("f2")
        await c.until(lambda: "▲" in c.text, "the error")
        assert "11.222.333/0001-82" in c.text
        assert c.dialog == "CompanyForm"
        # The error has the focus: the last digit is typed again.
        await c.press("end", "backspace", "1", "f2")
        await c.until(lambda: "▸ Padaria" in c.lines[0], "the company in the top bar")
    with store.reading() as session:
        assert session.scalars(select(Company.cnpj)).all() == ["11222333000181"]
