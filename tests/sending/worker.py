"""A sender in a process of its own, to be killed, stopped and raced with.

Usage: ``python -m tests.sending.worker HOME DATABASE_URL``; "ready" on standard output, then one
run a line of standard input, each answered by the number of e-mails done.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from services.sending.tick import Sender
from services.settings import Settings
from services.store.engine import open_store


async def main() -> None:
    settings = Settings(home=Path(sys.argv[1]), database_url=sys.argv[2], hostname="worker.example")
    store = open_store(settings)
    sender = Sender(store, settings)
    print("ready", flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        print(await sender.run_due(), flush=True)
    await sender.close()
    store.close()


if __name__ == "__main__":
    asyncio.run(main())
