"""A watched folder in a process of its own, to be killed and raced with.

Usage: ``python -m tests.dispatch.watch_process HOME DATABASE_URL ROOT [stop]``; "ready" on standard
output, then one run a line of standard input, each answered by the number of files queued. With
``stop`` it says "queued" and goes no further once a document is committed and its file is not yet
put away. No DANFE is printed.
"""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

from services.dispatch import printing
from services.dispatch.folder import Claimed, Folder
from services.dispatch.watch import Watch
from services.settings import Settings
from services.store.engine import open_store


class Stopping(Folder):
    def finish(self, claimed: Claimed) -> None:
        print("queued", flush=True)
        signal.pause()


async def main() -> None:
    home, url, root, *more = sys.argv[1:]
    settings = Settings(home=Path(home), database_url=url, hostname="worker.example")
    printing.is_installed = lambda: False
    store = open_store(settings)
    kind = Stopping if more else Folder
    watch = Watch(store, Path(root), folder=kind(Path(root), still=0))
    print("ready", flush=True)
    while await asyncio.to_thread(sys.stdin.readline):
        print((await watch.run_due()).queued, flush=True)
    await watch.close()
    store.close()


if __name__ == "__main__":
    asyncio.run(main())
