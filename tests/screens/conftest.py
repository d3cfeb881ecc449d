"""The console under a pilot: press keys, read the screen, wait for what is to come."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import pytest
from textual._context import visible_screen_stack
from textual.pilot import Pilot
from textual.strip import Strip
from textual.widgets import Input

from screens.widgets.asking import QUERY, ROWS
from services import clock
from services.settings import Settings
from services.store.models import Function
from tests.screens import keyboard, sample
from tests.screens.faked import FAKED
from tests.screens.stylesheets import taken_apart_once  # noqa: F401 - found by name here
from tui_app.app import CarteiroApp

DEADLINE = 15.0
FILLING = frozenset({QUERY, ROWS, "count", "counts", "load", "totals"})
"""Groups of workers that fill a screen, also one under a dialog."""
LASTING = frozenset({"sign_in"})
"""Groups of workers that wait for somebody."""


class Console:
    """A running console; ``text`` is what a person reads now."""

    def __init__(self, app: CarteiroApp, pilot: Pilot[int]) -> None:
        self.app = app
        self.pilot = pilot

    @property
    def strips(self) -> list[Strip]:
        """The screen in front as it is drawn, with what is under it."""
        # Who draws first fills Textual's cache: without this what is under a dialog would be left
        # out of it, and of the picture that is taken next.
        visible_screen_stack.set(self.app._background_screens)
        return self.app.screen._compositor.render_strips()

    @property
    def lines(self) -> list[str]:
        """The screen in front, with what is under it, line by line."""
        return ["".join(segment.text for segment in strip) for strip in self.strips]

    @property
    def text(self) -> str:
        """The same in one string."""
        return "\n".join(self.lines)

    @property
    def dialog(self) -> str:
        """The class of the screen in front."""
        return type(self.app.screen).__name__

    async def press(self, *keys: str) -> None:
        """Keys, by Textual's names."""
        await keyboard.press(self.pilot, *keys)

    async def type(self, text: str) -> None:
        """Letter by letter, with no pause between."""
        await keyboard.write(self.pilot, text)

    async def fill(self, *texts: str) -> None:
        """Type into this and the following fields; the last one keeps the focus."""
        for at, text in enumerate(texts):
            if at:
                await self.press("tab")
            await self.type(text)

    async def until(
        self, holds: Callable[[], bool], what: str = "", within: float = DEADLINE
    ) -> None:
        """Wait until ``holds``; fails with the screen's text after ``within`` seconds."""
        end = time.monotonic() + within
        while not holds():
            if time.monotonic() > end:
                raise AssertionError(f"{what or 'the wait'} never came:\n{self.text}")
            await self.pilot.pause(0.02)

    async def settled(self) -> None:
        """Wait until nothing is under way any more that changes the picture."""
        pictures: list[list[Strip]] = []

        def still() -> bool:
            pictures.append(self.strips)
            filled = all(w.is_mounted for w in self.app.screen.walk_children())
            return filled and not self._is_filling and pictures[-1:] == pictures[-2:-1]

        await self.until(still, "a picture that stands still")

    @property
    def _is_filling(self) -> bool:
        front = self.app.screen
        return any(
            worker.group in FILLING
            or (front in worker.node.ancestors_with_self and worker.group not in LASTING)
            for worker in self.app.workers
            if not worker.is_finished
        )

    async def shows(self, *words: str, within: float = DEADLINE) -> None:
        """Wait until all ``words`` are on the screen."""
        await self.until(lambda: all(w in self.text for w in words), f"{words}", within)

    async def told(self, *words: str) -> None:
        """Wait for a toast that says all ``words``: under the pilot toasts are not drawn."""
        await self.until(
            lambda: any(all(w in n.message for w in words) for n in self.app._notifications),
            f"the toast {words}",
        )

    async def in_front(self, dialog: str) -> None:
        """Wait for a screen or dialog by its class, focused and ready for keys."""
        await self.until(
            lambda: self.dialog == dialog and self.app.screen.focused is not None, dialog
        )

    async def at_home(self) -> None:
        """Wait for the first screen, filled."""
        await self.until(self.app.desk.ready.is_set, "the office")
        # Who has hardly anything yet finds the first steps in front.
        if self.dialog == "FirstSteps":
            await self.press("escape")
            await self.until(lambda: self.dialog == "HomeScreen", "the first screen")
        await self.shows("não lida")

    async def agree(self) -> None:
        """Answer the question in front with yes, wherever it begins."""
        await self.until(lambda: self.app.screen.focused is not None, "an answer to begin on")
        focused = self.app.screen.focused
        await self.press(*(["left"] if focused is not None and focused.id == "no" else []), "enter")

    async def mailboxes(self, function: Function = Function.SEND) -> None:
        """From the first screen to the list of mailboxes."""
        await self.at_home()
        await self.press("1")
        await self.in_front("MailboxesScreen")
        if function is Function.READ:
            await self.press("tab")

    async def other_provider(self) -> None:
        """From the list of mailboxes to the form of a new one: the second of the four ways (R4)."""
        await self.press("n")
        await self.in_front("RegisterWay")
        await self.press("2")
        await self.in_front("MailboxForm")

    async def servers(self) -> None:
        """From the first screen to the list of e-mail servers."""
        await self.at_home()
        await self.press("2")
        await self.in_front("ServersScreen")


Opened = Callable[..., AbstractAsyncContextManager[Console]]


@pytest.fixture
def console(settings: Settings) -> Opened:
    """``async with console() as c``: the console over the test's database, jobs off."""

    @asynccontextmanager
    async def open_console(
        size: tuple[int, int] = (100, 30), *, with_jobs: bool = False, toasts: bool = False
    ) -> AsyncIterator[Console]:
        app = CarteiroApp(settings, with_jobs=with_jobs)
        async with app.run_test(size=size, notifications=toasts) as pilot:
            try:
                yield Console(app, pilot)
            finally:
                if app.is_running and app.desk.is_open:
                    await app.action_leave()

    return open_console


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The same instant, zone, bell and cursor in every run."""
    monkeypatch.setenv("TZ", "America/Sao_Paulo")
    for name, instead in FAKED.items():
        monkeypatch.setattr(name, instead)
    monkeypatch.setattr(Input, "cursor_blink", False)
    time.tzset()
    clock.set_source(lambda: sample.NOON)
    yield
    clock.set_source(None)
    monkeypatch.undo()
    time.tzset()
