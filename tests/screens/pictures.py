"""Pictures of the console over sample data, to be looked at.

``python -m tests.screens.pictures FOLDER`` writes every screen there, at 80×24 and at 120×40. Those
of the documentation are made by ``tests.demo.pictures``.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path
from unittest.mock import patch

from services import clock
from services.settings import Settings
from services.store.engine import open_store
from tests.screens import sample
from tests.screens.conftest import Console
from tests.screens.faked import CLIENT_ID, FAKED
from tests.screens.tour import STOPS, Stop, go
from tui_app.app import CarteiroApp


async def take(stop: Stop, size: tuple[int, int]) -> str:
    """The picture of one screen, as SVG."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        settings = Settings(
            home=home,
            database_url=f"sqlite:///{home / 'carteiro.db'}",
            microsoft_client_id=CLIENT_ID,
        )
        store = open_store(settings)
        if not stop.empty:
            with store.writing() as session:
                sample.fill(session, stop.also)
        store.close()
        app = CarteiroApp(settings, with_jobs=False)
        async with app.run_test(size=size) as pilot:
            await go(Console(app, pilot), stop)
            picture = app.export_screenshot(title="Carteiro")
            await app.action_leave()
    return picture


def main(folder: Path) -> None:
    """Every screen into ``folder``."""
    for stop in STOPS:
        for size in ((80, 24), (120, 40)):
            file = folder / f"{stop.name}-{size[0]}.svg"
            file.write_text(asyncio.run(take(stop, size)), "utf-8")


if __name__ == "__main__":
    os.environ["TZ"] = "America/Sao_Paulo"
    time.tzset()
    clock.set_source(lambda: sample.NOON)
    with ExitStack() as faked:
        for name, instead in FAKED.items():
            faked.enter_context(patch(name, instead))
        main(Path(sys.argv[1]))
