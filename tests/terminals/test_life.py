"""A terminal that changes its size, is put to sleep, stands still, or is gone."""

from __future__ import annotations

import signal
import threading
import time
from functools import partial

from services.registry.access import Actor
from services.settings import Settings
from services.store.engine import Store
from tests.access.terminal import PtyProgram
from tests.terminals.conftest import Start, add_company

NEWER = 10
SIZES = [(80 + 7 * n % 121, 24 + 5 * n % 37) for n in range(200)]
SMALL = [(60, 20), (40, 10), (20, 5), (3, 2)]
World = tuple[Settings, Store, Actor]


def alike(one: PtyProgram, other: PtyProgram) -> None:
    """Wait until both show the same."""
    try:
        one.until(lambda: other.read(0.05) and one.text == other.text, "the same picture")
    except AssertionError:
        pairs = zip(one.screen.display, other.screen.display, strict=True)
        raise AssertionError([pair for pair in pairs if len(set(pair)) > 1]) from None


def _at_first_of(program: PtyProgram, count: int) -> bool:
    told = any(
        "Empresas" in line and line.split()[-1] == str(count) for line in program.screen.display
    )
    return told and "▸ Padaria 000" in program.text


def test_a_storm_of_sizes_leaves_the_picture_of_a_fresh_start(start: Start, world: World) -> None:
    """200 sizes while keys are typed and companies come in from elsewhere; then as if just begun."""
    _settings, store, root = world
    console = start()
    console.type("4")
    console.shows("Padaria 000")

    def add() -> None:
        for number in range(30, 30 + NEWER):
            add_company(store, root, number)

    adding = threading.Thread(target=add)
    adding.start()
    for columns, lines in [*SIZES[:100], *SMALL, *SIZES[100:]]:
        console.resize(columns, lines)
        console.type("j")
        console.read(0.01)
    adding.join()
    console.resize(120, 40)
    console.shows("Painel de Controle", "n Nova")
    console.type("\x1b[H")
    fresh = start(size=(120, 40))
    fresh.type("4")
    for each in (console, fresh):
        each.until(partial(_at_first_of, each, 30 + NEWER), "the first of all that were added")
    alike(console, fresh)


def test_too_small_is_told(start: Start) -> None:
    """Below 80×24 the top line says so, and nothing else is lost: it is all there again."""
    console = start()
    console.type("4n")
    console.shows("Nova empresa")
    console.type("\x1b")
    console.until(lambda: "Nova empresa" not in console.text, "the form is left")
    console.resize(40, 10)
    console.shows("▲ 40×10: aumente para 80×24")
    console.type("n")
    console.shows("Nova empresa")
    console.resize(80, 24)
    console.shows("Contábil Sul", "Nova empresa", "Razão social *", "F2 Salvar")


def test_esc_alone_and_keys_that_begin_with_it(start: Start) -> None:
    """Esc closes at once; the same byte before others, at once or in pieces, is the arrow."""
    console = start()
    console.type("4")
    console.shows("▸ Padaria 000")
    console.type("\x1b[B\x1bOB")
    console.shows("▸ Padaria 002")
    console.type("\x1b")
    console.shows("Painel de Controle", "Notificações")


def test_letters_of_another_encoding_end_nothing(start: Start) -> None:
    """A byte that is no UTF-8 is one unknown letter."""
    console = start()
    console.type("4")
    console.shows("▸ Padaria 000")
    console.type("n")
    console.shows("Nova empresa")
    console.type("ç", "latin-1")
    console.type("Ana")
    console.shows("Ana")


def test_asleep_and_awake(start: Start) -> None:
    """SIGTSTP gives the terminal back to the shell, SIGCONT takes it and draws the whole picture."""
    console = start()
    console.type("4")
    console.shows("▸ Padaria 000", "n Nova")
    awake = console.modes
    assert awake != console.modes_before
    console.send(signal.SIGTSTP)
    console.until(lambda: console.asleep, "it sleeps")
    assert console.modes == console.modes_before
    console.forget()
    console.send(signal.SIGCONT)
    console.shows("Contábil Sul", "Empresas", "▸ Padaria 000", "Padaria 019", "n Nova")
    assert console.modes == awake
    console.type("j")
    console.shows("▸ Padaria 001")


def test_the_terminal_is_given_back(start: Start) -> None:
    """SIGTERM with a form half filled in: ended in seconds, keys, cursor and screen as before."""
    console = start()
    console.type("4")
    console.shows("▸ Padaria 000")
    console.type("n")
    console.shows("Nova empresa")
    console.type("\tMercado")
    console.shows("Mercado")
    began = time.monotonic()
    console.send(signal.SIGTERM)
    assert console.ends() == 128 + signal.SIGTERM
    assert time.monotonic() - began < NEWER
    assert console.modes == console.modes_before
    last = console.raw[-2000:]
    for sequence in (b"\x1b[?1049l", b"\x1b[?25h", b"\x1b[?1003l", b"\x1b[?2004l", b"\x1b[<u"):
        assert sequence in last


def test_a_terminal_that_stands_still_holds_nobody_up(start: Start, world: World) -> None:
    """R33: a network that died in silence takes no picture. The program goes on, catches up when
    it is taken again, and ends when it is told to, though nobody reads."""
    _settings, store, root = world
    console = start(size=(200, 60))
    console.type("4")
    console.shows("▸ Padaria 000")
    for number in range(150):
        console.resize(150 + number % 51, 60)
        console.type("j" if number % 2 else "k")
        time.sleep(0.02)
    console.resize(200, 60)
    console.type("\x1b[H")
    add_company(store, root, 30)
    console.until(lambda: "▸ Padaria 000" in console.text and " 31" in console.text, "all of it")
    fresh = start(size=(200, 60))
    fresh.type("4")
    fresh.shows("▸ Padaria 000", " 31")
    alike(console, fresh)
    for number in range(150):
        console.resize(150 + number % 51, 60)
        time.sleep(0.02)
    console.send(signal.SIGTERM)
    assert console.ends_unseen() == 128 + signal.SIGTERM
