"""Simular leitura by key presses, over a real Dovecot (R42)."""

from __future__ import annotations

import asyncio

import pytest

from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.store.engine import Store
from tests.documents import generator
from tests.reading.conftest import PASSWORD, letter, register
from tests.screens.conftest import Console, Opened
from tests.servers.dovecot import Dovecot


async def _reading(c: Console) -> None:
    await c.at_home()
    await c.press("1")
    if c.dialog == "ChooseCompany":
        await c.press("enter")
    await c.in_front("MailboxesScreen")
    await c.shows("@empresa.example")
    await c.press("tab")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_seen_before_it_is_done(
    console: Opened, store: Store, actor: Actor, company: CompanyView, dovecot: Dovecot
) -> None:
    """R42: one would be imported, one held, and all stay where they are; Enter explains."""
    user = "ensaio1"
    dovecot.add_user(user, PASSWORD)
    for raw in (letter(1), letter(2, recipient=generator.cnpj(9)), generator.mail(pdf_bytes=9)):
        dovecot.deliver(user, raw)
    register(store, actor, company, dovecot.host, dovecot.port, user)
    async with console((80, 24)) as c:
        await _reading(c)
        await c.press("d")
        await c.in_front("RehearsalDialog")
        await c.shows("3 de 3", "Importaria", "Quarentena", "Nada fiscal")
        await c.press("down", "enter")
        await c.shows("iria para a quarentena", "de nenhuma empresa vinculada")
        await c.press("escape", "escape")
        await c.in_front("MailboxesScreen")
    assert len(dovecot.messages(user)) == 3


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
async def test_stopped_by_key(
    console: Opened, store: Store, actor: Actor, company: CompanyView
) -> None:
    """R42: Esc leaves a server that says nothing; a second one closes."""
    kept: list[asyncio.StreamWriter] = []
    silent = await asyncio.start_server(lambda _r, w: kept.append(w), "127.0.0.1", 0)
    async with silent:
        port = silent.sockets[0].getsockname()[1]
        register(store, actor, company, "127.0.0.1", port, "alguem")
        async with console((120, 40)) as c:
            await _reading(c)
            await c.press("d")
            await c.in_front("RehearsalDialog")
            await c.until(lambda: bool(kept), "the connection")
            await c.press("escape")
            await c.shows("Parado. Nada foi excluído")
            await c.press("escape")
            await c.in_front("MailboxesScreen")
        for writer in kept:
            writer.close()
