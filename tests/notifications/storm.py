"""Another process in which the same thing happens: ``storm.py HOME URL PARTNER COMPANY TIMES``."""

from __future__ import annotations

import sys
from pathlib import Path

from services.notifications.announce import announce
from services.settings import Settings
from services.store.engine import open_store


def main(home: str, url: str, partner: str, company: str, times: str) -> None:
    store = open_store(Settings(home=Path(home), database_url=url))
    print("ready", flush=True)
    sys.stdin.readline()
    for _time in range(int(times)):
        with store.writing() as session:
            announce(
                session, partner_id=int(partner), company_id=int(company),
                type_key="reading_failed", subject="A leitura parou", body="Por quê", same="caixa 1",
            )  # fmt: skip
    store.close()


main(*sys.argv[1:])
