"""The dialog of facts: it says that it reads, and then what it has read."""

from __future__ import annotations

import asyncio

from textual.app import App

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
