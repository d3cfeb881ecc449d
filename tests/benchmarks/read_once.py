"""Read what is due in a process of its own; prints seconds, documents and peak memory as JSON.

A number behind the database says by how many connections; with ``checks`` the documents are checked
beside it, as ``worker --once`` does.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
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


async def main(home: str, url: str, *more: str) -> None:
    """One run."""
    settings = Settings(home=Path(home), database_url=url)
    for each in more:
        if each.isdigit():
            settings = replace(settings, reading_connections=int(each))
    store = open_store(settings)
    reader = Reader(store, settings)
    await reader.extractor.start()
    began = time.perf_counter()
    reading = asyncio.create_task(reader.run_due())
    labelled = await check_beside(reading, store, reader=reader) if "checks" in more else 0
    summary = await reading
    seconds = time.perf_counter() - began
    told = {
        "checked": labelled,
        "seconds": seconds,
        "documents": summary.documents,
        "memory": peak_mb("self"),
        "child": peak_mb(str(reader.extractor.pid)),
        "failures": summary.failures,
    }
    await reader.close()
    store.close()
    print(json.dumps(told))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
