"""Another process that rings the bell: ``ring.py HOME URL PARTNER COUNT``; when each was committed."""

from __future__ import annotations

import sys
import time
from pathlib import Path

from services.notifications import bell
from services.settings import Settings
from services.store.engine import open_store

PAUSE = 0.02


def main(home: str, url: str, partner: str, count: str) -> None:
    store = open_store(Settings(home=Path(home), database_url=url))
    for number in range(int(count)):
        with store.writing() as session:
            bell.add(
                session, partner_id=int(partner), company_id=None, type_key="general",
                title=str(number),
            )  # fmt: skip
        print(f"{time.time():.6f}", flush=True)
        # Not in step with whoever looks four times a second.
        time.sleep(PAUSE + number % 7 * 0.003)
    store.close()


main(*sys.argv[1:])
