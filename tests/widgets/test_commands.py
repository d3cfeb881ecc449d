"""Commands are declared once and show everywhere."""

from __future__ import annotations

import importlib
import pkgutil
from typing import ClassVar

import pytest
from textual.app import App, ComposeResult
from textual.binding import Binding
from textual.screen import Screen
from textual.widgets import Static

import screens
from screens.commands import UNRELIABLE, Command, Commanded, declare, declared, palette, reliable
from screens.dialogs.confirm import Confirm
from screens.dialogs.help import HelpDialog
from screens.widgets.fields import FieldSpec
from screens.widgets.foreign import Foreign, notify_safe
from screens.widgets.form import Form
from screens.widgets.keyline import KeyLine
from services.errors import Invalid
from tests.widgets.conftest import Stage, lines
from tui_app.keys import key_words, keymap


class Desk(Commanded, Screen[None]):
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command("try.second", "d", "Segunda", "note('second')", order=2),
        Command("try.first", "f2,ctrl+s", "Salvar", "note('first')", "Guarda tudo", order=1),
        Command("try.never", "z", "Nunca", "never", order=3, when=lambda screen: screen.allowed),
        Command("try.help", "question_mark", "Ajuda", "help", order=9),
    )

    def __init__(self) -> None:
        super().__init__()
        self.allowed = False
        self.notes: list[str] = []

    def compose(self) -> ComposeResult:
        yield Form([FieldSpec("nickname", "Apelido", help="Como aparece nas listas")])
        yield Static("aqui")
        yield KeyLine()

    def action_note(self, what: str) -> None:
        self.notes.append(what)

    def action_never(self) -> None:
        self.notes.append("never")

    def action_help(self) -> None:
        self.app.push_screen(HelpDialog("Mesa [/]", "Primeira linha\nsegunda"))


class Program(App[None]):
    def get_default_screen(self) -> Desk:
        return Desk()

    def get_key_display(self, binding: Binding) -> str:
        return key_words(binding)


def _desk(app: Program) -> Desk:
    desk = app.screen_stack[0]
    assert isinstance(desk, Desk)
    return desk


async def test_one_declaration_gives_key_footer_and_palette() -> None:
    app = Program()
    async with app.run_test(size=(80, 24)) as pilot:
        app.screen.set_focus(None)
        await pilot.pause()
        await pilot.press("f2", "ctrl+s", "d", "z")
        assert _desk(app).notes == ["first", "first", "second"]
        assert lines(app)[-1].split() == ["F2", "Salvar", "d", "Segunda", "?", "Ajuda"]
        titles = {c.title for c in palette(app.screen)}
        assert {"Segunda", "Salvar"} <= titles
        assert "Nunca" not in titles


async def test_what_becomes_possible_appears() -> None:
    app = Program()
    async with app.run_test(size=(80, 24)) as pilot:
        app.screen.set_focus(None)
        _desk(app).allowed = True
        app.screen.refresh_bindings()
        await pilot.pause()
        await pilot.pause()
        assert "z Nunca" in lines(app)[-1]
        await pilot.press("z")
        assert _desk(app).notes == ["never"]


async def test_help_has_room_on_any_line() -> None:
    """What has no room is left out from the end, but for the key that lists them all."""
    app = Program()
    async with app.run_test(size=(22, 24)) as pilot:
        app.screen.set_focus(None)
        await pilot.pause()
        await pilot.pause()
        assert lines(app)[-1].split() == ["F2", "Salvar", "?", "Ajuda"]
        await pilot.click(KeyLine, offset=(13, 0))
        await pilot.pause()
        assert isinstance(app.screen, HelpDialog)


async def test_a_click_on_the_key_line_acts() -> None:
    app = Program()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        await pilot.click(KeyLine, offset=(3, 0))
        assert _desk(app).notes == ["first"]


async def test_people_rebind_by_id() -> None:
    app = Program()
    app.set_keymap(keymap({"try.second": "w"}, declared))
    async with app.run_test(size=(80, 24)) as pilot:
        app.screen.set_focus(None)
        await pilot.pause()
        await pilot.press("d", "w")
        assert _desk(app).notes == ["second"]
        assert "w Segunda" in lines(app)[-1]


async def test_help_lists_keys_and_the_focused_field_and_searches() -> None:
    app = Program()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()
        app.screen.query_one(Form).focus_field("nickname")
        await pilot.pause()
        _desk(app).action_help()
        await pilot.pause()
        text = "\n".join(lines(app))
        assert "Ajuda: Mesa [/]" in text
        assert "segunda" in text
        assert "Como aparece nas listas" in text
        assert "F2, Ctrl+S" in text
        assert "Guarda tudo" in text
        await pilot.press(*"guarda")
        await pilot.pause()
        text = "\n".join(lines(app))
        assert "Guarda tudo" in text
        assert "Segunda" not in text
        await pilot.press("escape")
        assert isinstance(app.screen, Desk)


def test_no_command_lives_only_on_a_key_that_terminals_take() -> None:
    """Ctrl+A/B, Ctrl+S/Q and Ctrl+H/I/J/M may only be aliases."""
    for module in pkgutil.walk_packages(screens.__path__, "screens."):
        importlib.import_module(module.name)
    assert len(declared) > 15
    assert [c.id for c in declared.values() if not reliable(c.key)] == []
    assert not any(reliable(key) for key in UNRELIABLE)
    with pytest.raises(ValueError, match="ctrl\\+s"):
        Command("try.bad", "ctrl+s", "Salvar", "save")


def test_an_id_is_declared_once() -> None:
    declare(Command("try.once", "f6", "Uma", "one"))
    with pytest.raises(ValueError, match=r"try\.once"):
        declare(Command("try.once", "f7", "Outra", "two"))


@pytest.mark.parametrize("told", [{"no.such": "f5"}, {"try.first": "ctrl+a"}, {"try.first": " "}])
def test_keys_that_cannot_work_are_refused(told: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        keymap(told, declared)


async def test_confirm_answers_and_stands_on_no_for_a_danger() -> None:
    answers: list[bool | None] = []
    app = Stage(Static("aqui"))
    async with app.run_test(size=(80, 24)) as pilot:
        for keys in (["enter"], ["left", "enter"], ["escape"]):
            app.push_screen(
                Confirm("Excluir [/] \x1b[2J?", "x", ["some"], danger=True), answers.append
            )
            await pilot.pause()
            text = "\n".join(lines(app))
            assert "Excluir [/] ·[2J?" in text
            assert "• some" in text
            await pilot.press(*keys)
            await pilot.pause()
        app.push_screen(Confirm("Sair?"), answers.append)
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
    assert answers == [False, True, False, True]


@pytest.mark.parametrize(
    "text", ["Re: [/] nota", "[@click=app.quit]x[/]", "\x1b]52;c;QQ==\x07", "\x9d0;t\x9c"]
)
async def test_foreign_text_and_notices_are_inert(text: str) -> None:
    app = Stage(Foreign(text))
    async with app.run_test(size=(80, 24)) as pilot:
        notify_safe(app, text, "strange")
        await pilot.pause()
        await pilot.pause()
        drawn = lines(app)
        assert not any(ord(c) < 32 or 127 <= ord(c) < 160 for line in drawn for c in line)
        await pilot.click(Foreign, offset=(0, 0))
        assert app.is_running
