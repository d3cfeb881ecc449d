"""A reader in a process of its own, to be killed: home, database URL, seconds ahead of the clock."""

from __future__ import annotations

import asyncio
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from services.clock import set_source
from services.reading.tick import Reader
from services.settings import Settings
from services.store.engine import open_store


async def main(home: str, url: str, ahead: str) -> None:
    """Recover and read what is due, once."""
    set_source(lambda: datetime.now(UTC) + timedelta(seconds=float(ahead)))
    settings = Settings(home=Path(home), database_url=url)
    store = open_store(settings)
    reader = Reader(store, settings)
    await reader.recover()
    await reader.run_due()
    await reader.close()
    store.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
