"""Keys that a slow line delivers in one burst do what they would have done one by one."""

from __future__ import annotations

import asyncio

import pytest
from textual.events import Key
from textual.keys import Keys

from screens.companies import CompaniesScreen
from services.registry import companies
from services.registry.access import Actor
from services.registry.companies import CompanyDraft, CompanyView
from services.store.engine import Store
from tests.screens.conftest import Console, Opened

DRAFT = CompanyDraft(cnpj="11222333000181", nickname="Padaria", legal_name="Padaria São João Ltda")


def burst(c: Console, *typed: str) -> None:
    """All at once: names of keys, and texts."""
    for each in typed:
        named = each in {key.value for key in Keys}
        for key in [each] if named else each:
            c.app.post_message(Key(key, None if named else key))


def values(c: Console) -> dict[str, object]:
    found: dict[str, object] = c.app.screen.form.values()  # type: ignore[attr-defined]
    return found


async def test_each_letter_goes_to_its_field(console: Opened, actor: Actor) -> None:
    """Enter and Down go on to the next field before the next letter; commands of a field too."""
    async with console((80, 24)) as c:
        await c.servers()
        await c.press("n")
        await c.in_front("RegisterWay")
        await c.press("2")
        await c.in_front("ServerForm")
        burst(c, "down", "errado", "ctrl+u", "Notas", "enter", "Sul", "home", "Contábil ", "down")
        burst(c, "nfe@sul.example", "enter", "nfe", "enter", "segredo", "shift+tab", "end", "1")
        await c.until(lambda: values(c)["username"] == "nfe1", "the last letter")
        found = values(c)
        assert [found[n] for n in ("nickname", "sender_name", "email", "password")] == [
            "Notas", "Contábil Sul", "nfe@sul.example", "segredo",
        ]  # fmt: skip


async def test_a_password_is_never_typed_in_the_clear(console: Opened, actor: Actor) -> None:
    """R14: user, Tab and password in one burst are the user and the password of the relay."""
    async with console((80, 24)) as c:
        await c.at_home()
        await c.press("p")
        await c.in_front("PartnerForm")
        burst(c, "tab", "tab", "tab", "relay", "tab", "segredo", "tab", "nf@sul.example")
        await c.until(lambda: values(c)["relay_email"] == "nf@sul.example", "the last letter")
        assert [values(c)[n] for n in ("relay_user", "password")] == ["relay", "segredo"]
        assert "segredo" not in c.text


async def test_the_answer_is_the_one_that_was_chosen(console: Opened, actor: Actor) -> None:
    """The other answer of a question has the focus before Enter takes it."""
    async with console((80, 24)) as c:
        await c.servers()
        await c.press("n")
        await c.in_front("RegisterWay")
        await c.press("2")
        await c.in_front("ServerForm")
        await c.press("down")
        await c.type("Notas")
        await c.press("escape")
        await c.in_front("Confirm")
        burst(c, "left", "enter")
        await c.in_front("ServersScreen")


async def test_what_is_typed_for_a_dialog_waits_until_it_is_open(
    console: Opened, actor: Actor, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The form of a record opens once that is read: nothing that is typed for it, not even the
    letter that removes, reaches the list behind."""
    with store.writing() as session:
        companies.add(session, actor, DRAFT)
    found, reading, read = CompaniesScreen.record, asyncio.Event(), asyncio.Event()

    async def slow(screen: CompaniesScreen, record_id: int) -> CompanyView | None:
        reading.set()
        await read.wait()
        return await found(screen, record_id)

    monkeypatch.setattr(CompaniesScreen, "record", slow)
    async with console((80, 24)) as c:
        await c.at_home()
        burst(c, "4")
        await c.in_front("CompaniesScreen")
        await c.shows("▸ Padaria")
        burst(c, "e", "tab", "x", "n", "2", "f4")
        await reading.wait()
        await c.pilot.pause()
        assert c.dialog == "CompaniesScreen"
        read.set()
        await c.in_front("CompanyForm")
        await c.until(lambda: "xn2" in values(c).values(), "what was typed for the form")


async def test_what_is_typed_for_a_list_waits_until_it_is_read(
    console: Opened, actor: Actor, store: Store
) -> None:
    """The company is chosen by its name in one burst, and the screen of its mailboxes opened."""
    with store.writing() as session:
        companies.add(session, actor, DRAFT)
    async with console((80, 24)) as c:
        await c.at_home()
        burst(c, "c", "padaria", "enter", "1", "n", "2")
        await c.in_front("MailboxForm")
