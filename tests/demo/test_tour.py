"""The console over the demonstration: it says what it is, shows round, and can be mended."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from screens.health import HealthScreen
from services.settings import Settings
from tests.screens.conftest import Console
from tui_app.demo.console import DemoApp
from tui_app.demo.demo import Demo
from tui_app.demo.tour import TourCard, steps
from tui_app.demo.world import DYING


@pytest.fixture
def persons(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """The settings of somebody whose temporary folder is the test's."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return Settings(home=tmp_path / "own", database_url=f"sqlite:///{tmp_path}/own.db")


@asynccontextmanager
async def running(persons: Settings, dies_after: float = 3_600.0) -> AsyncIterator[Console]:
    """The demonstration's console at the tour's first step, where codes are accepted at once."""
    with Demo(persons) as demo:
        app = DemoApp(demo, dies_after=dies_after, accepted_after=0.0)
        async with app.run_test(size=(120, 32)) as pilot:
            console = Console(app, pilot)
            try:
                await in_tour(console, 1)
                yield console
            finally:
                await app.action_leave()


async def test_tour(persons: Settings) -> None:
    """Each step stands over its screen; it can be dismissed, and goes on where it was left. There
    are servers of every state."""
    async with running(persons) as console:
        assert console.lines[0].startswith(" DEMO  Contabilidade Exemplo")
        told = steps()
        for number, step in enumerate(told, 1):
            await in_tour(console, number)
            assert console.app.screen_key == step.screen
            assert step.title in console.text
            await console.press("right")
        await console.in_front("BellScreen")
        await console.press("f12")
        await in_tour(console, 1)
        await console.press("right")
        await in_tour(console, 2)
        await console.press("escape")
        await console.until(lambda: console.dialog == "HomeScreen", "the tour dismissed")
        await console.press("f12")
        await in_tour(console, 2)
        await console.press("left")
        await in_tour(console, 1)
        # A key that is told of can be tried at once.
        await console.press("6")
        await console.in_front("OutboxScreen")
        await console.press("f12")
        await in_tour(console, 1)
        await console.press("ctrl+p")
        await console.in_front("Palette")
        await console.shows("Auditoria")
        await console.press("escape")
        await console.press("2")
        await console.in_front("ServersScreen")
        states = ("● Ativa", "○ Inativa", "▲ Inativada", "◌ Pausada", "▲ Parada", "▲ Com falha")
        await console.shows(*states, within=30.0)


async def test_dead_mailbox_is_signed_in_again(persons: Settings) -> None:
    """R45, R49: the Microsoft mailbox dies, and by the keys that the tour names it comes back."""
    async with running(persons, dies_after=0.0) as console:
        await console.press("escape")
        await console.until(lambda: console.dialog == "HomeScreen", "the tour dismissed")
        await console.press("9")
        await console.shows(DYING)
        health = console.app.screen
        assert isinstance(health, HealthScreen)
        # One of the first two: which comes first depends on what waits for them.
        await console.press("down")
        if health.chosen is None or health.chosen.email != DYING:
            await console.press("up")
        await console.shows(f"{DYING} · envio + leitura · inativada")
        await console.press("l")
        await console.in_front("SignIn")
        await console.told("o código é aceito sozinho")
        await console.shows("Tudo certo: a caixa funciona e voltou a ser usada.")
        await console.press("escape")
        await console.in_front("HealthScreen")
        # The bell has everything; a toast of it may have been one too many.
        await console.press("b")
        await console.in_front("BellScreen")
        await console.shows(f"Caixa {DYING} recuperada")


async def in_tour(console: Console, number: int) -> None:
    """Wait for a step of the tour."""

    def there() -> bool:
        card = console.app.screen
        return isinstance(card, TourCard) and card.at == number - 1

    await console.until(there, f"step {number}")
    await console.shows(f"{number} de {len(steps())}")
