"""The weeks before the demonstration's last days, of which only the counts remain."""

from __future__ import annotations

import random
from collections import Counter
from datetime import timedelta

from sqlalchemy.orm import Session

from services.clock import now
from services.registry.access import Actor
from services.store.mail import CompanyDay, ServerHour
from services.store.rows import insert_rows
from tui_app.demo.names import of_partner
from tui_app.demo.world import AGE, LOCKED, LOCKED_FIRM, World

_AT = timedelta(hours=7)
_WORKING_DAYS = 5
_SENT = (("nfe@empresa01.example", 3), (of_partner("notas"), 6), (of_partner("promocoes"), 1))
"""Who sent, and about how much a day."""


def count(session: Session, actor: Actor, world: World, lived: int) -> None:
    """What was read and sent on each working day before the last ``lived`` ones (R50).

    The mailbox whose password is wrong now brought something every day: its company lacks it.
    """
    chance = random.Random(1)  # noqa: S311 - who got what
    readers = {**world.readers, LOCKED: [world.firms[LOCKED_FIRM]]}
    hours, days = [], []
    for day in range(AGE.days - 1, lived - 1, -1):
        at = now() - timedelta(days=day) - _AT
        if at.weekday() >= _WORKING_DAYS:
            continue
        hour = int(at.timestamp()) // 3_600
        got: Counter[int] = Counter()
        fetched = {}
        for address, firms in readers.items():
            some = chance.sample(firms, min(len(firms), 3))
            got.update(world.companies[firm.number] for firm in some)
            fetched[address] = len(some)
        sent = {address: chance.randint(usual - 1, usual + 1) for address, usual in _SENT}
        hours += [
            {
                "server_id": world.server_ids[address],
                "hour": hour,
                "sent": sent.get(address, 0),
                "failed": int(address in sent and not chance.randrange(12)),
                "fetched": fetched.get(address, 0),
            }
            for address in (*fetched, *sent)
        ]
        days += [
            {"company_id": company_id, "day": hour // 24, "documents": documents}
            for company_id, documents in got.items()
        ]
    insert_rows(session, ServerHour, hours)
    insert_rows(session, CompanyDay, days)
