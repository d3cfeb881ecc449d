"""*Vincular Empresas* by key presses: one, thousands, refused ones, and others who link meanwhile."""

from __future__ import annotations

import asyncio

from services.registry import mailboxes
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.settings import Settings
from services.store.engine import Store
from tests.screens import partner
from tests.screens.conftest import Console, Opened
from tests.screens.partner import (
    add_companies,
    add_company,
    add_server,
    company_ids,
    link,
    linked,
)

LIVE = 1.5
MANY = 10_000


async def open_links(c: Console) -> None:
    await c.servers()
    await c.shows("Notas")
    await c.press("v")
    await c.in_front("ManyChoice")


async def test_a_linked_company_sees_the_mailbox_at_once(
    console: Opened, store: Store, actor: Actor, company: CompanyView
) -> None:
    """R20: found by its CNPJ, marked, saved; in the company's own list, and in the count."""
    server = add_server(store, actor, "Notas")
    add_company(store, actor, "Mercado", 1)
    async with console((80, 24)) as c:
        await open_links(c)
        await c.shows("nenhuma vinculada")
        await c.type("11.222.333")
        await c.until(lambda: "1 de 2" in c.text, "the company")
        await c.press("down", "space")
        await c.shows("nenhuma vinculada · 1 a vincular")
        await c.press("f2")
        await c.in_front("ServersScreen")
        await c.until(lambda: any("Notas" in x and x.split()[-1] == "1" for x in c.lines), "1")
    assert linked(store, actor, server) == {company.id}
    with store.reading() as session:
        assert [m.email for m in mailboxes.list_of(session, actor, company.id)] == [server.email]


async def test_unlinking_and_the_refused(
    console: Opened, store: Store, actor: Actor, company: CompanyView
) -> None:
    """R2, R20: one goes, one is refused with its reason, and the dialog says both."""
    server = add_server(store, actor, "Notas")
    link(store, actor, server, company)
    closed = add_company(store, actor, "Fechada", 1, invoicy_mail=True)
    async with console((80, 24)) as c:
        await open_links(c)
        await c.shows("1 vinculada", "Fechada")
        await c.press("down", "A", "home", "down", "space")
        await c.shows("1 vinculada · 1 a vincular · 1 a desvincular")
        await c.press("f2")
        await c.shows("1 recusado", "Fechada", "InvoiCy Mail")
        await c.press("escape")
        await c.in_front("ServersScreen")
    assert linked(store, actor, server) == frozenset()
    assert closed.id in company_ids(store)


async def test_ten_thousand_companies_are_linked_by_one_key(
    console: Opened, store: Store, actor: Actor
) -> None:
    """R20: all that a filter found, then all there are; the count, and each company's own list."""
    add_companies(store, actor, MANY)
    server = add_server(store, actor, "Notas")
    async with console((80, 24)) as c:
        await open_links(c)
        await c.shows("10.000")
        await c.press(*"filial", "enter", "A")
        await c.shows("1.000 de 10.000", "nenhuma vinculada · 1.000 a vincular")
        await c.press("f2")
        await c.in_front("ServersScreen")
        assert len(linked(store, actor, server)) == 1_000
        await c.press("v")
        await c.in_front("ManyChoice")
        await c.shows("1.000 vinculadas")
        await c.press("down", "A")
        await c.shows("1.000 vinculadas · 9.000 a vincular")
        await c.press("f2")
        await c.until(lambda: c.dialog == "ServersScreen", "the end", within=120)
        await c.shows("10.000")
    assert linked(store, actor, server) == frozenset(company_ids(store))


async def test_it_goes_on_in_the_background(console: Opened, store: Store, actor: Actor) -> None:
    """R20: ``s`` gives the screen back, ``w`` shows it again, leaving asks; all are linked."""
    add_companies(store, actor, 3_000)
    server = add_server(store, actor, "Notas")
    async with console((80, 24)) as c:
        await open_links(c)
        await c.shows("3.000")
        gate = asyncio.Event()
        do = c.app.desk.do

        async def held(service: object, *args: object, **kwargs: object) -> object:
            await gate.wait()
            return await do(service, *args, **kwargs)  # type: ignore[arg-type]

        c.app.desk.do = held  # type: ignore[method-assign, assignment]
        await c.press("down", "A")
        await c.shows("3.000 a vincular")
        await c.press("f2")
        await c.shows("0 de 3.000")
        await c.press("s")
        await c.in_front("ServersScreen")
        await c.until(lambda: "Vincular Empresas 0%" in c.lines[0], "the top bar")
        await c.press("ctrl+q")
        await c.in_front("Confirm")
        await c.shows("Vincular Empresas: para no meio")
        await c.press("escape", "w")
        await c.until(lambda: c.dialog == "Progress", "the progress")
        await c.shows("0 de 3.000")
        await c.press("s")
        await c.in_front("ServersScreen")
        gate.set()
        await c.told("Vincular Empresas: pronto")
    assert len(linked(store, actor, server)) == 3_000


async def test_links_of_another_process_show_under_the_cursor(
    console: Opened, store: Store, settings: Settings, actor: Actor, company: CompanyView
) -> None:
    """R20: what is linked follows, the own marks stay, and nothing is done twice."""
    server = add_server(store, actor, "Notas")
    shops = [add_company(store, actor, f"Loja {n}", n) for n in range(1, 4)]
    async with console((80, 24)) as c:
        await open_links(c)
        await c.shows("Loja 3", "nenhuma vinculada")
        await c.press("down", "space", "space")
        await c.shows("2 a vincular")
        await asyncio.to_thread(
            partner.elsewhere, settings, "link", server, shops[0].id, company.id
        )
        await c.until(
            lambda: "2 vinculadas · 1 a vincular" in c.text, "what they linked", within=LIVE
        )
        assert any("▸ Loja 3" in line for line in c.lines)
        await asyncio.to_thread(partner.elsewhere, settings, "unlink", server, company.id)
        await c.until(
            lambda: "1 vinculada · 1 a vincular" in c.text, "what they unlinked", within=LIVE
        )
        await c.press("f2")
        await c.in_front("ServersScreen")
    assert linked(store, actor, server) == {shops[0].id, shops[1].id}
