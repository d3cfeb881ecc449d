"""Read what is due in a process of its own; prints seconds, documents and peak memory as JSON."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from pathlib import Path

from services.reading.tick import Reader
from services.settings import Settings
from services.store.engine import open_store


def peak_mb(pid: str) -> float:
    """The most memory that a process has had, in MB; not inherited, unlike ru_maxrss."""
    status = Path("/proc", pid, "status").read_text()
    return next(int(row.split()[1]) for row in status.splitlines() if "VmHWM" in row) / 1024


async def main(home: str, url: str) -> None:
    """One run."""
    settings = Settings(home=Path(home), database_url=url)
    store = open_store(settings)
    reader = Reader(store, settings)
    await reader._desk.extractor.start()
    began = time.perf_counter()
    summary = await reader.run_due()
    seconds = time.perf_counter() - began
    told = {
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
