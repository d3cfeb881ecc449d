"""*Quem recebe?* by key and by palette, wherever one is (R30)."""

from __future__ import annotations

from services.registry.companies import CompanyView
from tests.screens.conftest import Opened

OWNER = "dono@padaria.example"


async def test_from_any_screen(console: Opened, company: CompanyView) -> None:
    """R30: from Caixas de E-mail by key, from Empresas by the palette; of the chosen company."""
    async with console((80, 24)) as c:
        await c.mailboxes()
        await c.press("R")
        await c.in_front("WhoReceives")
        await c.shows(company.nickname, OWNER, "dados da empresa")
        await c.press("escape")
        await c.in_front("MailboxesScreen")
        await c.press("4")
        await c.in_front("CompaniesScreen")
        await c.press("ctrl+p")
        await c.until(lambda: c.dialog == "Palette", "the palette")
        await c.type("quem recebe")
        await c.shows("destinatários exatos")
        await c.press("down", "enter")
        await c.in_front("WhoReceives")
        await c.shows(OWNER)


async def test_its_own_screen_has_it_once(console: Opened, company: CompanyView) -> None:
    """R30: E-mails para Notificações has a key of its own for it."""
    async with console((80, 24)) as c:
        await c.at_home()
        await c.press("3")
        await c.in_front("NotificationEmailsScreen")
        await c.press("ctrl+p")
        await c.until(lambda: c.dialog == "Palette", "the palette")
        await c.type("quem recebe")
        await c.shows("destinatários exatos")
        assert c.text.count("destinatários exatos") == 1
