"""A source in memory and a program round one widget."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Callable, Mapping, Sequence

import pytest
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widget import Widget

from screens.commands import Commanded
from screens.widgets import status
from screens.widgets.columns import Cell, Column
from screens.widgets.list import WindowList
from tui_app.theme import THEMES


class Memory:
    """Rows that a test changes as another process would; ``gate`` holds answers back."""

    def __init__(self, count: int) -> None:
        self.texts = {n: f"linha {n}" for n in range(1, count + 1)}
        self.gate = asyncio.Event()
        self.gate.set()
        self.asked: list[tuple[str, str | None, bool]] = []
        self.pages: list[int] = []
        self.refusal: Exception | None = None

    async def ids(self, filter: str, sort: str | None, descending: bool) -> Sequence[int]:  # noqa: A002
        self.asked.append((filter, sort, descending))
        await self.gate.wait()
        if self.refusal is not None:
            raise self.refusal
        found = [n for n, text in self.texts.items() if filter in text]
        return array("q", sorted(found, reverse=descending))

    async def rows(self, ids: Sequence[int]) -> Mapping[int, Sequence[Cell]]:
        self.pages.append(len(ids))
        return {
            n: (str(n), self.texts[n], status.cell("failed" if n % 2 else "sent"))
            for n in ids
            if n in self.texts
        }


COLUMNS = (
    Column("id", "Nº", 6, "right", sortable=True),
    Column("text", "Texto", 12, wide=True, sortable=True),
    Column("state", "Situação", 12, min_terminal_width=60),
)


class Stage(Commanded, App[None]):
    """Shows one widget and keeps the messages that tests ask for."""

    def __init__(self, widget: Widget) -> None:
        super().__init__()
        self.widget = widget
        self.got: list[object] = []
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = "carteiro"

    def compose(self) -> ComposeResult:
        yield self.widget

    def on_window_list_chosen(self, message: WindowList.Chosen) -> None:
        self.got.append(("chosen", message.id))

    def on_window_list_highlighted(self, message: WindowList.Highlighted) -> None:
        self.got.append(("highlighted", message.id))


def lines(app: App[None]) -> list[str]:
    """What stands on the screen, line by line."""
    return [strip.text for strip in app.screen._compositor.render_strips()]


async def settle(pilot: Pilot[None]) -> None:
    """Wait until all that was asked is answered and drawn."""
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()
    await pilot.app.workers.wait_for_complete()
    await pilot.pause()


@pytest.fixture
def memory() -> Callable[[int], Memory]:
    """A source of so many rows."""
    return Memory
