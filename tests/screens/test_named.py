"""Ctrl+P finds what a person may see by its name, and goes there."""

from __future__ import annotations

import pytest

from services.office import Office
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.store.engine import Store
from tests.registry.branch import Family
from tests.registry.branch import family as make
from tests.screens.conftest import Console, Opened
from tests.screens.test_registering import become_a_user_of


@pytest.fixture
def family(office: Office, actor: Actor, company: CompanyView) -> Family:
    """A headquarters and a branch, each with a mailbox."""
    made = make(office, actor, company)
    made.add(made.head, "matriz")
    made.add(made.branch, "outra")
    return made


async def _find(c: Console, words: str, *shown: str) -> None:
    await c.press("ctrl+p")
    await c.until(lambda: c.dialog == "Palette", "the palette")
    await c.type(words)
    await c.shows(*shown)
    await c.press("down", "enter")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_a_company_and_a_server_of_the_partners(
    console: Opened, family: Family, size: tuple[int, int]
) -> None:
    """R15, R16: accents do not matter; what was filtered before does not hide what was found."""
    async with console(size) as c:
        await c.servers()
        await c.press("slash")
        await c.type("matriz")
        await c.press("enter")
        await _find(c, "outra@x", "outra@x.com", "Servidor de e-mail Outra")
        await c.until(lambda: any("▸ Outra" in line for line in c.lines), "the server")
        await _find(c, "filial", "Filial", "Empresa 1")
        await c.in_front("MailboxesScreen")
        await c.until(lambda: "▸ Filial" in c.lines[0], "the company")
        await c.shows("outra@x.com")


async def test_a_company_user_finds_no_more_than_may_be_seen(
    console: Opened, store: Store, family: Family, actor: Actor
) -> None:
    """R53"""
    become_a_user_of(store, actor, family.head)
    async with console((80, 24)) as c:
        await c.at_home()
        await _find(c, "x.com", "matriz@x.com", "Caixa de e-mail")
        await c.in_front("MailboxesScreen")
        await c.shows("matriz@x.com")
        assert "outra@x.com" not in c.text
        await c.press("ctrl+p")
        await c.until(lambda: c.dialog == "Palette", "the palette")
        await c.type("filial")
        await c.shows("Nada encontrado")
