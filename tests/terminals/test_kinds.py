"""Every kind of terminal: colours, characters, the mouse, and those on which nothing is drawn."""

from __future__ import annotations

import os
import re
import signal
import sys
from pathlib import Path

import pytest

from services.registry.access import Actor
from services.settings import Settings
from services.store.engine import Store
from tests.access.terminal import PtyProgram
from tests.terminals.conftest import Start
from tui_app.glyphs import Glyphs, glyphs_for

World = tuple[Settings, Store, Actor]
TOP = Path(__file__).resolve().parents[2]
STYLE = re.compile(r"\x1b\[([0-9;]*)m")
WRITTEN = re.compile(r"\x1b\[([0-9;]*)m(?=[^\x1b]*\w)")
SEEN = re.compile(r"\x1b\[([0-9;]*)m(?=[^\x1b]*[^\s\x1b])")
MOUSE = re.compile(rb"\x1b\[\?(?:9|100[0-35-6]|101[56])h")
PLAIN = {"", "0", "1", "2", "3", "4", "7", "9", "39", "49"}
"""Attributes, and the terminal's own pair of colours."""
SAFE = PLAIN | {"31", "35", "41"}
"""Red and magenta besides: of the 16 those that are read on black and on white."""


def _styles(console: PtyProgram, among: re.Pattern[str]) -> set[str]:
    found = among.findall(console.raw.decode())
    return {part for told in found for part in told.split(";")}


def _walk(console: PtyProgram) -> None:
    """A list, a form in which a field is wrong, a question, the palette, and back."""
    console.type("4")
    console.shows("Padaria 000")
    cursor = next(y for y, line in enumerate(console.screen.display) if "▸ Padaria 000" in line)
    assert console.screen.buffer[cursor][1].reverse or console.raw.count(b"\x1b[38")
    console.type("n")
    console.shows("Nova empresa")
    console.type("x\x1bOQ")
    console.shows("▲")
    console.type("\x1b")
    console.shows("Sair sem salvar")
    console.type("\t\r")
    console.until(lambda: "Nova empresa" not in console.text, "the form is left")
    console.type("\x10")
    console.shows("Buscar um comando")
    console.type("\x1b")
    console.until(lambda: "Buscar um comando" not in console.text, "the palette is left")


@pytest.mark.parametrize(
    ("variables", "allowed"),
    [
        ({"NO_COLOR": "1", "COLORTERM": "truecolor"}, PLAIN),
        ({"TERM": "vt220"}, PLAIN),
        ({"TERM": "xterm", "NO_COLOR": ""}, SAFE),
    ],
    ids=["no colour", "vt220", "16 colours"],
)
def test_no_colour_but_those_that_are_read_everywhere(
    start: Start, variables: dict[str, str], allowed: set[str]
) -> None:
    """NO_COLOR is none at all, only attributes; 16 colours are read on dark and on light grounds."""
    console = start(**variables)
    _walk(console)
    assert _styles(console, WRITTEN if allowed is SAFE else STYLE) <= allowed
    assert "7" in _styles(console, STYLE)


@pytest.mark.parametrize("theme", ["ansi-dark", "ansi-light"])
def test_a_theme_of_the_terminals_own_colours_asks_for_no_others(
    start: Start, world: World, theme: str
) -> None:
    """Where a terminal has all of them: what its owner chose for the 16 is what is seen."""
    (world[0].home / "carteiro.toml").write_text(f'theme = "{theme}"\n')
    console = start(TERM="xterm-256color", COLORTERM="truecolor")
    _walk(console)
    used = _styles(console, SEEN)
    assert used & {str(n) for n in (*range(30, 38), *range(90, 98))}
    assert not used & {"38", "48"}


def test_without_a_mouse_the_terminal_is_asked_for_none(start: Start) -> None:
    """--no-mouse; with it it is asked for, so that the first half of the sentence says something."""
    assert MOUSE.search(start().raw)
    console = start("--no-mouse")
    _walk(console)
    console.send(signal.SIGTERM)
    console.ends()
    assert not MOUSE.search(console.raw)


def test_no_screen_where_none_can_be_drawn() -> None:
    """TERM=dumb is refused in words, and nothing is drawn."""
    environment = {**os.environ, "TERM": "dumb", "LANG": "C.UTF-8"}
    with PtyProgram([sys.executable, "-m", "tui_app"], environment=environment) as console:
        assert console.ends() == 1
        assert "TERM=dumb" in console.text
        assert b"\x1b" not in console.raw


def test_ascii_is_enough(start: Start) -> None:
    """A terminal of another encoding gets characters that it has, each as wide as what it is for."""
    console = start(LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0")
    console.type("4")
    console.shows("> Padaria 000")
    console.type("n")
    console.shows("+----", "Nova empresa")
    console.type("ç")
    console.type("Ana")
    console.shows("Ana")
    assert console.raw.isascii()
    frame = [line for line in console.screen.display if "Nova empresa" in line]
    assert frame[0].strip().startswith("|")
    assert frame[0].strip().endswith("|")


def test_the_linux_console_gets_what_its_font_has(start: Start) -> None:
    """Nothing but letters and the drawings of the PC, and no bell that it cannot draw."""
    console = start(TERM="linux")
    console.type("4n")
    console.shows("Nova empresa", "┌", "[!]")
    for character in set(console.raw.decode()):
        assert Glyphs("latin-1", "cp437")[ord(character)] == character


@pytest.mark.parametrize("table", [glyphs_for("ascii", "xterm"), glyphs_for("utf-8", "linux")])
def test_no_drawing_of_ours_becomes_a_question_mark(table: Glyphs) -> None:
    """What stands in the program's own sources has another shape where it is missing."""
    sources = [*(TOP / "screens").rglob("*.py"), *(TOP / "tui_app").rglob("*.py")]
    ours = {
        c
        for path in sources
        if path.stem != "glyphs"
        for c in path.read_text("utf-8")
        if ord(c) > 0x2000
    }
    wide = {"🔔", "＠", "＝", "－", "＋"}  # never drawn where this counts, or other people's
    assert {c for c in ours - wide if "?" in table[ord(c)]} == set()
    assert table[ord("日")] == "??"


def test_a_terminal_with_every_character_is_left_alone() -> None:
    assert glyphs_for("UTF-8", "xterm-256color") is None
