"""Delivering letters: workers over lanes, fail-over between mailboxes, one outcome per recipient."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Iterable

from sqlalchemy.orm import Session

from services.errors import Invalid, Unavailable
from services.failure import Failure, WireError
from services.health import facts
from services.health.tokens import SignIns
from services.language import _
from services.outbox import claims, mime
from services.outbox.journal import Journal
from services.safe_text import safe
from services.sending import quota
from services.sending.known import Known
from services.sending.lanes import Lane, Lanes, Line, hang_up, make_room
from services.sending.letters import Encodings, Letter
from services.sending.payload import payload_of
from services.sending.recorder import Recorder
from services.sending.routes import Route
from services.sending.slots import REST, TURN, Slots
from services.sending.threads import Threads
from services.sending.verdicts import (
    judge,
    judge_all,
    outcome_of,
    put_off,
    reason,
    unfit,
    why_nowhere,
    worth_another_line,
)
from services.settings import Settings
from services.store.mail import OutboxState
from services.store.models import Function
from services.wire.smtp import Delivery, Verdict

_DELIVERY_SECONDS = 900.0


class Deliverer:
    """The workers of one sender and what they share: lanes, routes, mailboxes that failed."""

    def __init__(self, threads: Threads, settings: Settings, sign_ins: SignIns) -> None:
        self.lanes = Lanes(settings.sending_connections)
        self.trouble: Unavailable | None = None
        self._threads = threads
        self._settings = settings
        self._sign_ins = sign_ins
        self._encodings = Encodings(mime.encode_attachment)
        self._known = Known(threads, settings)
        self._slots = Slots(threads)
        self._failed: dict[int, str] = {}
        self._changed = asyncio.Event()
        self._stopped = False
        self._ending = False
        self._busy = 0
        self._recorder: Recorder
        self._journal: Journal

    # The run

    def begin(self, recorder: Recorder, journal: Journal) -> None:
        """A new run: every mailbox gets its chance again, and no claim of an earlier one counts."""
        self._recorder = recorder
        self._journal = journal
        self._failed.clear()
        self._known.forget()
        self._ending = False
        self.trouble = None
        self.lanes.begin()

    @property
    def stopping(self) -> bool:
        """True when no other letter is begun, for good or in this run."""
        return self._stopped or self.trouble is not None

    def stop(self) -> None:
        """Begin no other letter."""
        self._stopped = True
        self.pulse()

    def fail(self, why: Unavailable) -> None:
        """Begin no other letter in this run."""
        self.trouble = why
        self.pulse()

    def end(self) -> None:
        """No more letters will come: workers return when the lanes are empty."""
        self._ending = True
        self.pulse()

    def pulse(self) -> None:
        """Wake everyone who waits for a change."""
        self._changed.set()
        self._changed.clear()

    async def change(self, within: float) -> None:
        """Return at the next change, or after ``within`` seconds."""
        try:
            async with asyncio.timeout(within):
                await self._changed.wait()
        except TimeoutError:
            return

    async def work(self) -> None:
        """Serve lane after lane until the run ends."""
        while not self.stopping:
            lane = None if self._recorder.full else self.lanes.next()
            if lane is None:
                if self._ending and not self._busy and not self.lanes.waiting:
                    return
                await self._changed.wait()
                continue
            lane.busy += 1
            self._busy += 1
            try:
                if lane.most is None:
                    await self._serve(lane)
                else:
                    await self._serve_in_turn(lane)
            except Unavailable as e:
                self.fail(e)
            finally:
                lane.busy -= 1
                self._busy -= 1
                self.pulse()

    # Choosing the mailbox

    async def place(self, letters: Iterable[Letter]) -> None:
        """Put each letter into the lane of its mailbox, or record why none may be used."""
        letters = list(letters)
        await self._known.learn({letter.claim.company_id for letter in letters})
        for letter in letters:
            route = self._route(letter)
            if route is None:
                self._no_mailbox(letter)
            else:
                self.lanes.put(letter, route)
        self.pulse()

    def _ways(self, letter: Letter) -> list[Route]:
        return self._known.ways(letter.claim.company_id, warning=letter.warning)

    def _route(self, letter: Letter) -> Route | None:
        for route in self._ways(letter):
            usable = route.why_not is None and route.server_id not in self._failed
            if usable and route.server_id not in letter.tried:
                return route
        return None

    def _no_mailbox(self, letter: Letter) -> None:
        routes = self._ways(letter)
        why = why_nowhere(routes, {**self._failed, **letter.tried})
        put_off(letter, why)
        self._record(letter, None, why, held=all(route.shut for route in routes))

    # Delivering

    async def _serve_in_turn(self, lane: Lane) -> None:
        """Serve a lane within the connections that its mailbox takes of all processes (R34)."""
        if not await self._slots.take(lane):
            self._rest(lane)
            return
        until = time.monotonic() + TURN
        try:
            await self._serve(lane, until)
        finally:
            lane.running -= 1
        if time.monotonic() >= until:
            await hang_up([lane])
            self._rest(lane)
        await self._slots.settle([lane])

    def _rest(self, lane: Lane) -> None:
        lane.rests_until = time.monotonic() + REST
        asyncio.get_running_loop().call_later(REST, self.pulse)

    def tell_rest(self, letters: Iterable[Letter]) -> None:
        """Record what is known of letters that wait for another mailbox when the run ends."""
        for letter in letters:
            if letter.outcomes and not letter.told:
                put_off(letter)
                self._record(letter, None, None)

    async def leave_places(self) -> None:
        """Leave the servers that others may wait for."""
        lanes = [lane for lane in self.lanes if lane.most is not None]
        await hang_up(lanes)
        await self._slots.settle(lanes)

    async def renew_places(self) -> None:
        """Keep the places at servers that take only so many connections."""
        await self._slots.renew()

    async def _serve(self, lane: Lane, until: float = math.inf) -> None:
        """A few letters of the lane, and more while no other lane waits, over one line."""
        line: Line | None = None
        letters, following = lane.take(), list[Letter]()
        loading = asyncio.create_task(self._threads.read(self._enclosures, letters))
        try:
            while letters:
                enclosed = await loading
                if self.lanes.only_one and not self._recorder.full:
                    # The next attachments are read and encoded while these letters leave.
                    following = lane.take()
                    loading = asyncio.create_task(self._threads.read(self._enclosures, following))
                while letters:
                    while self._recorder.full and not self.stopping:
                        await self._changed.wait()
                    line = await self._next(lane, line, letters.pop(0), enclosed)
                letters, following = following, []
                if time.monotonic() >= until:
                    break
        finally:
            loading.cancel()
            if line is not None:
                lane.keep(line)
            lane.letters.extendleft(reversed(letters + following))

    async def _next(
        self, lane: Lane, line: Line | None, letter: Letter, enclosed: dict[str, bytes]
    ) -> Line | None:
        """Send one letter if it may still leave by this lane; the line to go on with."""
        if self.stopping:
            return line
        await self._known.learn([letter.claim.company_id])
        route = self._route(letter)
        if letter.stale:
            await self._drop(letter)
        elif route is None or route.server_id != lane.server_id:
            await self.place([letter])
        else:
            taken: quota.Taken | None = None
            if route.limits.counts:
                room = await self._threads.write(
                    quota.take, lane.server_id, len(letter.pending), letter.created_at
                )
                if isinstance(room, quota.NoRoom):
                    await self._no_room(lane, letter, route, room)
                    return line
                taken = room
            return await self._send(lane, line, letter, route, enclosed, taken)
        return line

    async def _no_room(self, lane: Lane, letter: Letter, route: Route, room: quota.NoRoom) -> None:
        """Another mailbox, a later time, or, for what fits into none, a person (R34)."""
        self._known.forget()
        if room.why is None:
            await self._leave(lane, letter)
            return
        await self._known.learn([letter.claim.company_id])
        ways = self._ways(letter)
        if any(quota.fits(way.limits, len(letter.pending)) for way in ways):
            letter.tried[lane.server_id] = room.why
            await self.place([letter])
        else:
            self._fail(letter, route, room.why)

    def _enclosures(self, session: Session, letters: list[Letter]) -> dict[str, bytes]:
        wanted = [e.sha256 for letter in letters for e in letter.enclosures]
        return self._encodings.of(session, wanted)

    async def _drop(self, letter: Letter) -> None:
        """The claim may have run out: nothing leaves, somebody else (or we, again) will send it.

        What a server has said of some recipients is on record first, should the claim stand.
        """
        if letter.outcomes:
            self._no_mailbox(letter)
            return
        claim = (letter.claim.message_id, letter.claim.fence)
        await self._threads.write(claims.release, [claim], self._recorder.owner)
        self._recorder.dropped(letter.claim.message_id)

    async def _send(
        self,
        lane: Lane,
        line: Line | None,
        letter: Letter,
        route: Route,
        enclosed: dict[str, bytes],
        taken: quota.Taken | None,
    ) -> Line | None:
        """Send one letter; the line to go on with, if any. ``taken`` is its room in the limits."""
        try:
            payload = await payload_of(letter, route, enclosed)
        except Exception as e:  # noqa: BLE001 - one letter that cannot be composed stops no other
            why = e.message if isinstance(e, Invalid) else type(e).__name__
            self._fail(letter, route, _("Não foi possível montar o e-mail: {why}").format(why=why))
            return line
        try:
            if line is None or not line.connection.usable:
                line = await self._line(lane, route)
            delivery = await self._deliver(line, letter, route, payload)
            if delivery.untouched or (line.carried and worth_another_line(delivery)):
                line.connection.abort()
                line = await self._line(lane, route, fresh=True)
                delivery = await self._deliver(line, letter, route, payload)
        except (WireError, Invalid) as e:
            failure = e.failure if isinstance(e, WireError) else unfit(e)
            if taken is not None:
                await self._threads.write(quota.give_back, taken)
            letter.tried[lane.server_id] = reason(failure)
            await self._mailbox_failed(lane, failure)
            await self.place([letter])
            return None
        except TimeoutError:
            self._fail(
                letter, route, _("O servidor não terminou a tempo"), state=OutboxState.UNCERTAIN
            )
            return None
        except ValueError as e:
            self._fail(letter, route, safe(e))
            return line
        line.carried += 1
        await self._conclude(lane, letter, route, delivery, line.transcript)
        return line

    async def _line(self, lane: Lane, route: Route, *, fresh: bool = False) -> Line:
        await make_room(self.lanes, lane, self._settings.sending_connections - self._busy)
        return await lane.line(route, self._settings.hostname, self._sign_ins, fresh=fresh)

    async def _deliver(
        self, line: Line, letter: Letter, route: Route, payload: list[bytes]
    ) -> Delivery:
        line.transcript.clear()
        letter.begun = True
        addresses = [address for _position, address in letter.pending]
        async with asyncio.timeout(_DELIVERY_SECONDS):
            return await line.connection.deliver(
                route.email, addresses, payload, leaving=lambda: self._journal.leaving(letter.claim)
            )

    async def _conclude(
        self, lane: Lane, letter: Letter, route: Route, delivery: Delivery, transcript: list[str]
    ) -> None:
        blamed = delivery.mailbox_failure
        letter.pending = left = judge(letter, delivery)
        if any(told.verdict is not Verdict.SENT for told in delivery.outcomes):
            letter.transcript = "\n".join(transcript)
        if blamed is not None:
            letter.tried[lane.server_id] = reason(blamed)
            await self._mailbox_failed(lane, blamed)
            if left:
                self._journal.heard(outcome_of(letter, route, None))
                await self.place([letter])
                return
            self._record(letter, route, self._known.instead(letter, route))
            return
        if not lane.proven:
            lane.proven = True
            self.pulse()
        if any(told.verdict is Verdict.SENT for told in delivery.outcomes):
            self._recorder.works(lane.server_id)
        self._record(letter, route, self._known.instead(letter, route))

    async def _mailbox_failed(self, lane: Lane, failure: Failure) -> None:
        """Use the mailbox no more in this run, and let its waiting letters go elsewhere (R13)."""
        if lane.server_id in self._failed:
            return
        self._failed[lane.server_id] = reason(failure)
        await self._threads.write(
            facts.note_failure, lane.server_id, failure, function=Function.SEND
        )
        self._known.forget()
        await self._leave(lane)

    async def _leave(self, lane: Lane, *letters: Letter) -> None:
        """Let these letters, and those that wait in the lane, go elsewhere (R13, R34)."""
        waiting = list(lane.letters)
        lane.letters.clear()
        await self.place([*letters, *waiting])

    def _fail(
        self, letter: Letter, route: Route, why: str, state: OutboxState = OutboxState.FAILED
    ) -> None:
        judge_all(letter, state, why)
        self._record(letter, route, why)

    def _record(
        self, letter: Letter, route: Route | None, error: str | None, *, held: bool = False
    ) -> None:
        outcome = outcome_of(letter, route, error, held=held)
        if letter.begun:
            self._journal.heard(outcome)
        self._recorder.add(outcome)
        letter.told = True
