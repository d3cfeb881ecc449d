"""How soon the bell of one process shows what another has committed (R52)."""

from __future__ import annotations

import asyncio
import statistics
import sys
import time
from pathlib import Path

from services.notifications import bell
from services.office import Office
from services.registry.access import Actor
from services.settings import Settings

TOP = Path(__file__).resolve().parents[2]
EVENTS = 1_000
BOUND = 0.5


async def test_events_of_another_process(office: Office, settings: Settings, actor: Actor) -> None:
    """Within half a second at p95, on SQLite and PostgreSQL."""
    seen: dict[int, float] = {}
    last = 0
    changed = asyncio.Event()
    stop = office.on_change(changed.set)
    words = (str(settings.home), settings.database_url, str(actor.partner_id), str(EVENTS))
    ringing = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.benchmarks.ring", *words, cwd=TOP,
        stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    output = asyncio.create_task(ringing.communicate())
    while len(seen) < EVENTS:
        await asyncio.wait_for(changed.wait(), 10)
        changed.clear()
        for entry in await office.ask(bell.feed, actor, after=last, limit=EVENTS):
            seen[int(entry.title)] = time.time()
            last = entry.turn
    stop()
    told, _errors = await output
    committed = [float(line) for line in told.split()]
    took = sorted(seen[number] - at for number, at in enumerate(committed))
    p95 = took[int(len(took) * 0.95)]
    print(
        f"{settings.database_url[:6]}: p50 {statistics.median(took) * 1000:.0f} ms, p95 {p95 * 1000:.0f} ms"
    )
    assert p95 <= BOUND
