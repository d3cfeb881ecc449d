"""The dialog of facts: it says that it reads, and then what it has read."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest
from textual.app import App
from textual.timer import Timer

from screens.dialogs.details import Details, Facts


async def test_what_takes_long_says_so() -> None:
    """Nothing stays empty for longer than half a second."""
    ready = asyncio.Event()

    async def load() -> Facts:
        await ready.wait()
        return Facts([("Assunto", "Nota 1")], "Segue a nota.")

    app = App[None]()
    async with app.run_test(size=(80, 24)) as pilot:
        dialog = Details("E-mail 1", load)
        await app.push_screen(dialog)

        async def reads(words: str) -> None:
            while words not in str(dialog.query_one("#lines").render()):
                await pilot.pause(0.02)

        await asyncio.wait_for(reads("carregando…"), 5)
        ready.set()
        await asyncio.wait_for(reads("Assunto  Nota 1"), 5)


async def test_what_came_in_the_same_moment_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half a second may be over just as it is read: the facts stand, not that they are awaited."""
    sent: list[Callable[[], None]] = []

    def begin(seconds: float, call: Callable[[], None]) -> Timer:
        sent.append(call)
        return Timer(dialog, seconds)

    async def load() -> Facts:
        return Facts([("Assunto", "Nota 1")], "Segue a nota.")

    app = App[None]()
    async with app.run_test(size=(80, 24)) as pilot:
        dialog = Details("E-mail 1", load)
        monkeypatch.setattr(dialog, "set_timer", begin)
        await app.push_screen(dialog)
        await app.workers.wait_for_complete()
        (on_its_way,) = sent
        dialog.call_later(on_its_way)
        await pilot.pause()
        assert "Nota 1" in str(dialog.query_one("#lines").render())
