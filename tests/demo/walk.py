"""From picture to picture: press keys, and wait until the screen has come to rest."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

from rich.console import RenderableType
from textual._compositor import Compositor
from textual.events import Paste
from textual.strip import Strip
from textual.worker import Worker

from services.registry import companies
from tests.demo.album.page import Picture
from tests.screens.conftest import DEADLINE, Console
from tui_app.demo.tour import TourCard, steps
from tui_app.liveness import _lively

_LASTING = {"sign_in", "pulse", "progress"}
"""Groups of workers that go on while their dialog is shown."""
_LOOK, _LOOKS = 0.01, 3
"""Seconds between looks, and how many times nothing may have changed, colours included."""
_FAR = 6
"""So many times Esc leads home from anywhere."""


class Glass:
    """In the place of the terminal, which nobody sees: nothing is drawn on it before it is looked
    at. ``touched`` when something was to be drawn."""

    def __init__(self) -> None:
        self.touched = True

    @contextmanager
    def instead(self) -> Iterator[None]:
        """While this lasts."""

        def update(
            compositor: Compositor, full: bool = False, simplify: bool = False, **_more: Any
        ) -> RenderableType | None:
            if full:
                return compositor.render_full_update(simplify=simplify)
            self.touched = True
            compositor._dirty_regions.clear()
            return None

        with patch.object(Compositor, "render_update", update):
            yield


class Walk:
    """The way through one run of the console; ``ids`` are the companies, by number."""

    def __init__(self, console: Console, ids: Mapping[int, int], glass: Glass) -> None:
        self._console, self._ids, self._glass = console, ids, glass
        self._app = console.app

    async def begin(self) -> None:
        """Wait for the first screen, or for the first question."""
        await self._console.until(
            lambda: self._app.desk.ready.is_set() or self._console.dialog == "Wizard", "the start"
        )
        await self._rest()
        await self._live()

    async def to(self, each: Picture) -> None:
        """Be there, whole."""
        if not each.first_run:
            await self._home()
            await self._choose(each.company)
        for part in each.way:
            if isinstance(part, str):
                self._app.screen.post_message(Paste(part))
            else:
                await self._console.press(*part)
            await self._rest()
        if each.step is not None:
            told = steps()
            await self._app.push_screen(TourCard(told[each.step], each.step, len(told), {}))
            await self._rest()
        await self._live()

    async def end(self) -> None:
        """Leave, whatever is open."""
        await self._app._leave()

    async def _live(self) -> None:
        """Show what was committed meanwhile."""
        if self._app.desk.ready.is_set():
            await self._app._liveness._ring()
            for screen in _lively(self._app.screen_stack):
                await screen.refresh_live()
            await self._rest()

    async def _home(self) -> None:
        for _time in range(_FAR):
            if self._console.dialog == "HomeScreen":
                return
            await self._console.press("escape")
            await self._rest()
            if self._console.dialog == "Confirm":
                await self._console.agree()
                await self._rest()
        raise AssertionError(f"no way home:\n{self._console.text}")

    async def _choose(self, number: int | None) -> None:
        desk = self._app.desk
        wanted = None if number is None else self._ids[number]
        if wanted != (desk.company and desk.company.id):
            desk.company = None if wanted is None else await desk.ask(companies.view, wanted)
            self._app._show_place()
            await self._rest()

    async def _rest(self) -> None:
        """Wait until nothing is under way and the screen has stopped changing."""
        before: list[Strip] = []
        front = None
        same = 0
        end = time.monotonic() + DEADLINE
        while same < _LOOKS:
            assert time.monotonic() < end, f"no rest:\n{self._console.text}"
            await self._console.pilot.pause(_LOOK)
            if any(map(self._goes_on, self._app.workers)):
                before, same = [], 0
                continue
            if before and front is self._app.screen and not self._glass.touched:
                same += 1
                continue
            self._glass.touched, front = False, self._app.screen
            now = self._console.strips
            before, same = now, same + 1 if now == before else 0

    def _goes_on(self, worker: Worker[Any]) -> bool:
        """Whoever waits for the dialog in front has nothing to do meanwhile."""
        node = worker.node
        return (
            not worker.is_finished
            and worker.group not in _LASTING
            and node is not self._app
            and node.is_attached
            and node.screen is self._app.screen
        )
