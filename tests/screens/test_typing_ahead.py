"""Keys that a slow line delivers in one burst do what they would have done one by one."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

import pytest
from textual.app import App
from textual.binding import BindingType
from textual.events import Event, Key
from textual.keys import Keys
from textual.screen import ModalScreen

from screens.companies import CompaniesScreen, CompanySource
from screens.dialogs.confirm import Confirm
from services.registry import companies
from services.registry.access import Actor
from services.registry.companies import CompanyDraft, CompanyView
from services.store.engine import Store
from tests.screens.conftest import Console, Opened
from tui_app.key_order import OPENING, KeyOrder

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


async def at_companies(c: Console) -> None:
    """At the list of companies, on the first."""
    await c.at_home()
    burst(c, "4")
    await c.in_front("CompaniesScreen")
    await c.shows("▸ Padaria")


def slow_record(monkeypatch: pytest.MonkeyPatch) -> tuple[asyncio.Event, asyncio.Event]:
    """A company is read for its form only once the second says so; the first tells that it is asked."""
    found, reading, read = CompaniesScreen.record, asyncio.Event(), asyncio.Event()

    async def slow(screen: CompaniesScreen, record_id: int) -> CompanyView | None:
        reading.set()
        await read.wait()
        return await found(screen, record_id)

    monkeypatch.setattr(CompaniesScreen, "record", slow)
    return reading, read


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


async def test_a_field_that_is_left_in_the_same_breath_is_checked(
    console: Opened, actor: Actor, store: Store
) -> None:
    """R53: what was typed last is what is checked, whichever message comes first."""
    with store.writing() as session:
        companies.add(session, actor, DRAFT)
    async with console((80, 24)) as c:
        await at_companies(c)
        await c.press("n")
        await c.in_front("CompanyForm")
        burst(c, "2", "tab", "Loja", "tab", "Loja Ltda", "tab", "1", "tab", "a@", "tab")
        await c.shows("e este tem 1", "inválido: a@")
        assert values(c)["notification_email"] == "a@"
        assert c.text.count("e este tem 1") == 2


async def test_what_follows_f4_goes_to_the_first_advanced_field(
    console: Opened, actor: Actor
) -> None:
    """F4 and a letter in one burst: the letter is not one of the field where F4 was pressed."""
    async with console((80, 24)) as c:
        await c.servers()
        await c.press("n")
        await c.in_front("RegisterWay")
        await c.press("2")
        await c.in_front("ServerForm")
        before = values(c)
        burst(c, "f4", "x")
        await c.until(lambda: values(c) != before, "the letter")
        changed = {name for name, value in values(c).items() if value != before.get(name)}
        form = c.app.screen.form  # type: ignore[attr-defined]
        assert all(spec.advanced for spec in form.specs if spec.name in changed)


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


async def test_a_dangerous_question_begins_on_no_before_the_next_key() -> None:
    """It never stands on the answer that does harm, not even for a moment."""
    app = App[None]()
    async with app.run_test(size=(80, 24)):
        question = Confirm("Excluir?", danger=True)
        await app.push_screen(question)
        assert question.focused is not None
        assert question.focused.id == "no"


async def test_what_is_typed_for_a_dialog_waits_until_it_is_open(
    console: Opened, actor: Actor, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The form of a record opens once that is read: nothing that is typed for it, not even the
    letter that removes, reaches the list behind."""
    with store.writing() as session:
        companies.add(session, actor, DRAFT)
    reading, read = slow_record(monkeypatch)
    async with console((80, 24)) as c:
        await at_companies(c)
        burst(c, "e", "tab", "x", "n", "2", "f4")
        await reading.wait()
        await c.pilot.pause()
        assert c.dialog == "CompaniesScreen"
        read.set()
        await c.in_front("CompanyForm")
        await c.until(lambda: "xn2" in values(c).values(), "what was typed for the form")


async def test_a_form_that_begins_further_down_has_the_focus_there_before_the_next_key(
    console: Opened, actor: Actor
) -> None:
    """The form of an address begins below its first field, whose other answer asks for the user."""
    async with console((80, 24)) as c:
        await c.at_home()
        burst(c, "3")
        await c.in_front("NotificationEmailsScreen")
        await c.settled()
        burst(c, "n", "shift+tab", "right")
        await c.in_front("ChooseUser")


async def test_esc_after_the_key_that_opens_leaves_what_is_opened(
    console: Opened, actor: Actor, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The form is closed again, and the list is still the screen."""
    with store.writing() as session:
        companies.add(session, actor, DRAFT)
    reading, read = slow_record(monkeypatch)
    async with console((80, 24)) as c:
        await at_companies(c)
        burst(c, "e", "escape", "space")
        await reading.wait()
        await c.pilot.pause()
        read.set()
        await c.shows("✓ Padaria")
        await c.in_front("CompaniesScreen")


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


async def test_a_list_that_is_asked_again_holds_no_key(
    console: Opened, actor: Actor, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The cursor moves while the list is being read anew, however long that takes."""
    with store.writing() as session:
        for cnpj, nickname in (("11222333000181", "Padaria"), ("19131243000197", "Quitanda")):
            companies.add(session, actor, replace(DRAFT, cnpj=cnpj, nickname=nickname))
    found, asked, answer = CompanySource.ids, asyncio.Event(), asyncio.Event()

    async def slow(source: CompanySource, *words: Any, **more: Any) -> Sequence[int]:
        asked.set()
        await answer.wait()
        return await found(source, *words, **more)

    async with console((80, 24)) as c:
        await at_companies(c)
        monkeypatch.setattr(CompanySource, "ids", slow)
        burst(c, "r", "down")
        await asked.wait()
        await c.until(lambda: "▸ Quitanda" in c.text, "the cursor has moved", within=OPENING / 2)
        answer.set()


class _Work(ModalScreen[None]):
    """A key begins what may open something, and takes its time; Esc stops it, any other is counted."""

    BINDINGS: ClassVar[list[BindingType]] = [
        ("w", "work", ""),
        ("escape", "stop", ""),
        ("x", "count", ""),
    ]

    def __init__(self) -> None:
        super().__init__()
        self.working, self.stopped, self.counted = asyncio.Event(), asyncio.Event(), False

    def action_work(self) -> None:
        self.run_worker(self._work)

    async def _work(self) -> None:
        self.working.set()
        await self.stopped.wait()

    def action_stop(self) -> None:
        self.stopped.set()

    def action_count(self) -> None:
        self.counted = True


class _InOrder(App[None]):
    """Nothing but the order of keys."""

    def __init__(self) -> None:
        super().__init__()
        self.order = KeyOrder(self)

    async def on_event(self, event: Event) -> None:
        if self.order.holds(event):
            return
        await super().on_event(event)
        self.order.given(event, over=not event.is_forwarded)


async def test_in_a_dialog_esc_waits_for_no_work_that_it_may_stop() -> None:
    """Another key does: what it is for may be on its way."""
    app, dialog = _InOrder(), _Work()
    async with app.run_test() as pilot:
        await app.push_screen(dialog)
        for key in ("w", "escape"):
            app.post_message(Key(key, None))
        async with asyncio.timeout(OPENING / 2):
            await dialog.stopped.wait()
        dialog.stopped.clear()
        dialog.working.clear()
        for key in ("w", "x"):
            app.post_message(Key(key, None))
        await dialog.working.wait()
        await pilot.pause()
        assert not dialog.counted
        dialog.stopped.set()
        while not dialog.counted:
            await pilot.pause()
