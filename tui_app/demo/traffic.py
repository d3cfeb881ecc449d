"""What goes on while one looks on: documents arrive, e-mails leave, a mailbox dies."""

from __future__ import annotations

import logging
import random
import threading
from itertools import count, cycle
from typing import Self

from services.clock import now
from services.dispatch import unattended
from services.errors import CarteiroError
from tui_app.demo import letters, nfe
from tui_app.demo.certificates import Authority
from tui_app.demo.history import issued, tell_authorised
from tui_app.demo.names import suppliers
from tui_app.demo.post import NOBODY
from tui_app.demo.world import DEAD_FIRM, DYING, DYING_FIRM, FULL_FIRMS, PARTNER_READS, World

log = logging.getLogger(__name__)
BEAT = 1.0
_RUSH = 12
"""Beats at first in which more leaves by the mailbox that has a daily limit."""


class Traffic:
    """One beat a second, in a thread of its own, from ``with`` to its end."""

    def __init__(
        self, world: World, authority: Authority, first_number: int, dies_after: float
    ) -> None:
        self._world = world
        self._authority = authority
        self._numbers = count(first_number)
        self._addresses = cycle(world.readers)
        self._dies_after = dies_after
        self._chance = random.Random()  # noqa: S311 - who gets what
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="traffic", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_raised: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        dead = False
        for beat in count():
            try:
                if not dead and beat * BEAT >= self._dies_after:
                    self._world.servers.microsoft.revoke(DYING)
                    dead = True
                self._beat(beat)
            except CarteiroError as e:
                log.warning("the traffic skipped a beat: %s", e.message)
            if self._over.wait(BEAT):
                return

    def _beat(self, beat: int) -> None:
        if beat % 6 == 0:
            self._arrive(PARTNER_READS if beat % 12 == 0 else next(self._addresses))
        if beat % 4 == 1:
            self._leave(self._chance.randint(1, len(self._world.firms)))
        if beat % (3 if beat < _RUSH else 9) == 2:
            self._leave(FULL_FIRMS[beat // 3 % len(FULL_FIRMS)])
        if beat % 12 == 5:
            self._leave(DYING_FIRM)
        if beat % 40 == 1:
            self._leave(DEAD_FIRM)
        if beat % 30 == 3:
            self._leave(1, NOBODY)
        if beat % 18 == 9:
            self._tell(self._chance.randint(1, len(self._world.firms)))

    def _arrive(self, address: str) -> None:
        """A supplier's letter lies in a mailbox that Carteiro reads."""
        firm = self._chance.choice(self._world.readers[address])
        supplier = self._chance.choice(suppliers())
        documents = [
            nfe.make(self._authority, supplier, firm.party, next(self._numbers), now())
            for _each in range(self._chance.choice((1, 1, 2)))
        ]
        letter = letters.with_documents(supplier, address, documents, now())
        self._world.servers.post.deliver(address, letter)

    def _leave(self, number: int, *more: str) -> None:
        """A company has issued a document, which goes to its customer."""
        parcel = issued(self._authority, self._world.firms[number], next(self._numbers), *more)
        self._world.office.do_now(unattended.send, parcel)

    def _tell(self, number: int) -> None:
        """A company hears of one of its documents."""
        firm = self._world.firms[number]
        self._world.do(tell_authorised, self._world, firm, next(self._numbers))
