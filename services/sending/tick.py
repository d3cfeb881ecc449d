"""Sending what is due: claims, mailboxes in their order, kept connections, durable outcomes.

What is promised: no byte of an e-mail leaves before its attempt is on record, nor when its claim
may have run out; an outcome is recorded under the very claim it was made under; an e-mail whose
server may have taken it is not sent again by itself. A process killed after the server's last
reply leaves no duplicate; killed between the text and that reply, however often, at most one, with
the same Message-ID.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from services.errors import Unavailable
from services.health import activity
from services.health.tokens import SignIns
from services.outbox import claims, journal
from services.outbox.claims import Claim, Claimed
from services.outbox.journal import Journal
from services.outbox.taking_back import Traces, take_back
from services.sending import failures
from services.sending.delivery import Deliverer
from services.sending.lanes import IDLE_SECONDS, hang_up
from services.sending.letters import Letter, load
from services.sending.recorder import Recorder
from services.sending.threads import Threads
from services.settings import Settings
from services.store import owner
from services.store.engine import Store

BATCH = 200
_LOOK_AGAIN = 0.5
_CLOSING_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class _Found:
    """What a look at the queue has shown; ``traces`` by claimant that has ended."""

    dead: Sequence[claims.Dead]
    traces: Mapping[str, Traces]
    freed: Sequence[int]
    due: bool


class Sender:
    """Sends the due e-mails of the queue with up to ``settings.sending_connections`` connections."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._settings = settings
        self._threads = Threads(store)
        self._sign_ins = SignIns(store, settings)
        self._deliverer = Deliverer(self._threads, settings, self._sign_ins)
        self._watch = claims.Watch()
        self._turn = asyncio.Lock()
        self._closing = False
        self._owner = ""
        self._letters: dict[int, Letter] = {}
        self._journal: Journal | None = None
        self._swept = False

    async def run_due(self) -> int:
        """Send until nothing is due; how many e-mails got an outcome on record.

        Also takes back what dead processes had claimed, waiting for claims that have run out to
        be certainly dead. Raises ``Unavailable`` when the database does not answer; what was
        sent by then is recorded as soon as it does.
        """
        async with self._turn:
            if self._closing:
                return 0
            self._owner = owner.name()
            try:
                first = await self._claim()
                if not first and not self._watch.suspects:
                    await hang_up(self._deliverer.lanes, idle_for=IDLE_SECONDS)
                    return 0
                return await self._run(first)
            finally:
                if self._journal is not None:
                    self._journal.close()
                    self._journal = None

    async def claimed(self) -> Claimed | None:
        """What other processes have claimed, once :meth:`run_due` has ended."""
        return await self._threads.read(claims.claimed)

    async def close(self) -> None:
        """Finish the letters under way, hand back the other claims, leave every server."""
        self._closing = True
        self._deliverer.stop()
        try:
            async with asyncio.timeout(_CLOSING_SECONDS), self._turn:
                await hang_up(self._deliverer.lanes)
        except TimeoutError:
            for lane in self._deliverer.lanes:
                for line in lane.idle:
                    line.connection.abort()
        self._threads.close()
        self._sign_ins.close()

    async def _run(self, first: list[Letter]) -> int:
        recorder = Recorder(self._threads, self._owner, self._settled)
        deliverer = self._deliverer
        deliverer.begin(recorder, self._opened())
        try:
            async with asyncio.TaskGroup() as group:
                recording = group.create_task(recorder.run())
                beating = group.create_task(self._beat())
                workers = [
                    group.create_task(deliverer.work())
                    for _ in range(self._settings.sending_connections)
                ]
                try:
                    await self._feed(first)
                except Unavailable as e:
                    deliverer.fail(e)
                deliverer.end()
                await asyncio.gather(*workers)
                deliverer.tell_rest(self._letters.values())
                recorder.end()
                await recording
                await self._leave_places()
                beating.cancel()
        finally:
            await asyncio.shield(self._hand_back())
        if deliverer.trouble is not None:
            raise deliverer.trouble
        return recorder.recorded

    async def _feed(self, letters: list[Letter]) -> None:
        """Keep the lanes filled until nothing is due, under way or suspect."""
        deliverer = self._deliverer
        loop = asyncio.get_running_loop()
        await deliverer.place(letters)
        look_at = 0.0
        while not deliverer.stopping:
            idle = not self._letters
            if deliverer.lanes.waiting < BATCH // 2 and (idle or loop.time() >= look_at):
                letters = await self._claim()
                if letters:
                    await deliverer.place(letters)
                    continue
                look_at = loop.time() + _LOOK_AGAIN
                if not self._letters and not self._watch.suspects:
                    return
            await deliverer.change(_LOOK_AGAIN)

    async def _claim(self) -> list[Letter]:
        found = await self._threads.read(self._look)
        if not (found.dead or found.freed or found.due):
            return []
        self._opened()
        fresh = claims.steady()
        claimed, done_with = await self._threads.write(_claim, found, self._owner)
        journal.remove(self._settings, done_with)
        if not claimed:
            return []
        letters = await self._threads.read(load, claimed, fresh)
        self._letters.update({letter.claim.message_id: letter for letter in letters})
        return letters

    def _opened(self) -> Journal:
        """The journal of this run; it is there before the first claim."""
        if self._journal is None:
            self._journal = Journal(self._settings, self._owner)
        return self._journal

    def _look(self, session: Session) -> _Found:
        dead = self._watch.look(session)
        gone = {claim.owner for claim in dead if claim.gone and claim.owner is not None}
        read = {name: journal.traces(self._settings, name) for name in gone}
        traces = {name: told for name, told in read.items() if told is not None}
        if not self._swept:
            journal.sweep(self._settings, claims.claimants(session))
            self._swept = True
        return _Found(dead, traces, claims.freed(session), claims.is_due(session))

    async def _leave_places(self) -> None:
        try:
            await self._deliverer.leave_places()
        except Unavailable:
            return

    async def _beat(self) -> None:
        """Keep the claims alive, and learn which were taken meanwhile."""
        while True:
            await asyncio.sleep(claims.RENEW_EVERY)
            began = claims.steady()
            try:
                alive = await self._threads.write(claims.renew, self._owner)
                await self._deliverer.renew_places()
            except Unavailable:
                continue
            for message_id, letter in self._letters.items():
                if letter.fresh < began:
                    letter.lost = message_id not in alive
                    letter.fresh = began

    def _settled(self, done: Sequence[int]) -> None:
        for message_id in done:
            self._letters.pop(message_id, None)
        self._opened().settled(done)
        self._deliverer.pulse()

    async def _hand_back(self) -> None:
        """Release the claims of which no byte has left; the rest is left to run out."""
        untouched = [
            (letter.claim.message_id, letter.claim.fence)
            for letter in self._letters.values()
            if not letter.begun
        ]
        self._letters.clear()
        if not untouched:
            return
        try:
            await self._threads.write(claims.release, untouched, self._owner)
        except Unavailable:
            return


def _claim(session: Session, found: _Found, owner_name: str) -> tuple[list[Claim], set[str]]:
    """What is claimed now, and who has no claim left: one may have claimed more before it died."""
    done_with: set[str] = set()
    if found.dead:
        _taken, outcomes, finished = take_back(session, found.dead, found.traces)
        activity.count_sent(session, outcomes, finished)
        failures.tell(session, finished)
        if found.traces:
            done_with = found.traces.keys() - claims.claimants(session)
    if found.freed:
        claims.let_go(session, found.freed)
    return claims.claim(session, owner_name, BATCH), done_with
