"""Read what is due in a process of its own; prints seconds, documents and peak memory as JSON.

A number behind the database says by how many connections; with ``checks`` the documents are checked
beside it, as ``worker --once`` does.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from services.jobs.checking import check_beside
from services.reading.tick import Reader
from services.settings import Settings
from services.store.engine import open_store


def peak_mb(pid: str) -> float:
    """The most memory that a process has had, in MB; not inherited, unlike ru_maxrss."""
    status = Path("/proc", pid, "status").read_text()
    return next(int(row.split()[1]) for row in status.splitlines() if "VmHWM" in row) / 1024


def _children() -> list[str]:
    """The processes that this one has started and not yet ended."""
    tasks = Path("/proc/self/task").iterdir()
    return [pid for task in tasks for pid in (task / "children").read_text().split()]


def _share_mb(pid: str) -> float:
    """What a process has in memory, in MB: of pages that several have, its part (Pss)."""
    rollup = Path("/proc", pid, "smaps_rollup").read_text()
    return next(int(row.split()[1]) for row in rollup.splitlines() if row.startswith("Pss:")) / 1024


async def whole_mb(stop: asyncio.Event) -> float:
    """The most memory that this process and all its children have had at one time."""
    most = 0.0
    while not stop.is_set():
        at_once = 0.0
        for pid in ("self", *_children()):
            with suppress(OSError, StopIteration):
                at_once += _share_mb(pid)
        most = max(most, at_once)
        with suppress(TimeoutError):
            async with asyncio.timeout(0.1):
                await stop.wait()
    return most


async def main(home: str, url: str, *more: str) -> None:
    """One run."""
    settings = Settings(home=Path(home), database_url=url)
    for each in more:
        if each.isdigit():
            settings = replace(settings, reading_connections=int(each))
    store = open_store(settings)
    reader = Reader(store, settings)
    await reader._desk.extractor.start()
    over = asyncio.Event()
    looking = asyncio.create_task(whole_mb(over))
    began = time.perf_counter()
    reading = asyncio.create_task(reader.run_due())
    labelled = await check_beside(reading, store) if "checks" in more else 0
    summary = await reading
    seconds = time.perf_counter() - began
    over.set()
    told = {
        "checked": labelled,
        "whole": await looking,
        "seconds": seconds,
        "documents": summary.documents,
        "memory": peak_mb("self"),
        "child": peak_mb(str(reader._desk.extractor.pid)),
        "failures": summary.failures,
    }
    await reader.close()
    store.close()
    print(json.dumps(told))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
