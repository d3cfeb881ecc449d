"""The periodic check of Microsoft sign-ins: a dead one is found before it is needed (R45)."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from services.courtesy import person
from services.failure import WireError

if TYPE_CHECKING:
    from services.health.tokens import SignIns
    from services.store.engine import Store

_BATCH = 200
# The answers take long, not the work; and the person at the keys waits for none of it.
_AT_ONCE = 2


@dataclass(slots=True)
class Checked:
    """What a check found: sign-ins proven, mailboxes inactivated, other refusals, no answer."""

    proven: int = 0
    inactivated: int = 0
    refused: int = 0
    unreachable: int = 0

    @property
    def all(self) -> int:
        """How many were asked for."""
        return self.proven + self.inactivated + self.refused + self.unreachable


async def check_sign_ins(store: Store, sign_ins: SignIns) -> Checked:
    """Prove every sign-in whose time has come, which also keeps idle ones from expiring.

    Each is renewed by one process only, however many check at the same time.
    """
    done = Checked()
    turn = asyncio.Semaphore(_AT_ONCE)
    while due := await asyncio.to_thread(partial(_due, store)):
        before = done.all
        await asyncio.gather(*(_check(sign_ins, server_id, turn, done) for server_id in due))
        if sign_ins.closing or done.all == before or len(due) < _BATCH:
            break
    return done


async def _check(sign_ins: SignIns, server_id: int, turn: asyncio.Semaphore, done: Checked) -> None:
    from services.wire import aadsts

    try:
        async with turn:
            if sign_ins.closing:
                return
            await person.passed()
            await sign_ins.check(server_id)
    except WireError as e:
        if aadsts.inactivates(e.failure.code):
            done.inactivated += 1
        elif e.failure.permanent:
            done.refused += 1
        else:
            done.unreachable += 1
    else:
        done.proven += 1


def _due(store: Store) -> list[int]:
    from services.health import sign_ins

    with store.reading() as session:
        return sign_ins.due(session, _BATCH)
