"""The jobs of a process of its own, once: ``jobs_process.py HOME URL AUTHORITY CLIENT CA NAMES``."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from services.jobs.runner import run_once
from services.office import open_office
from services.settings import Settings
from services.wire import entra_http


async def main(home: str, url: str, authority: str, client: str, ca_file: str, names: str) -> None:
    entra_http.ANSWER_SECONDS = 2.0
    settings = Settings(
        home=Path(home),
        database_url=url,
        hostname="carteiro.example",
        microsoft_authority=authority,
        microsoft_client_id=client,
        ca_file=Path(ca_file),
    )
    office = open_office(settings)
    # All processes are up when the test says so.
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        await run_once(office, tuple(names.split(",")))
    finally:
        await office.close()


asyncio.run(main(*sys.argv[1:]))
