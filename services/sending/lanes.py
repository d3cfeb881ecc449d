"""A lane per mailbox: its waiting letters and its kept connections, within its limit (R34)."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial

from services.health.accounts import Account
from services.health.tokens import SignIns
from services.sending.letters import Letter
from services.sending.routes import Route
from services.store.models import Function
from services.wire.smtp import SmtpConnection, connect

IDLE_SECONDS = 30.0
BATCH_BYTES = 2 * 2**20
BATCH = 8


@dataclass(slots=True, eq=False)
class Line:
    """A connection that is kept, the conversation of its last letter, and how many it carried."""

    connection: SmtpConnection
    account: Account
    transcript: list[str]
    carried: int = 0
    idle_since: float = 0.0


@dataclass(slots=True, eq=False)
class Lane:
    """One mailbox's letters and connections.

    Until ``proven`` (it took a letter in this run without a word against the mailbox) one
    connection at a time may be opened, so that a wrong password is tried once, not by all at once.
    ``most`` is how many the mailbox takes of all processes together, where that is known, and
    ``running`` how many workers have a place among them; it is not served before ``rests_until``.
    """

    server_id: int
    limit: int
    letters: deque[Letter] = field(default_factory=deque)
    idle: list[Line] = field(default_factory=list)
    busy: int = 0
    proven: bool = False
    most: int | None = None
    running: int = 0
    rests_until: float = 0.0

    @property
    def open(self) -> bool:
        """True when a worker may serve it now."""
        if not self.letters or time.monotonic() < self.rests_until:
            return False
        return self.busy < (self.limit if self.proven else 1)

    def take(self) -> list[Letter]:
        """The next few letters, bounded in number and bytes, at least one."""
        taken: list[Letter] = []
        size = 0
        # No worker takes all: the others on this lane are to have something too.
        share = max(1, min(BATCH, len(self.letters) // max(1, self.limit)))
        while self.letters and len(taken) < share:
            size += self.letters[0].size
            if taken and size > BATCH_BYTES:
                break
            taken.append(self.letters.popleft())
        return taken

    async def line(
        self, route: Route, hostname: str | None, sign_ins: SignIns, *, fresh: bool
    ) -> Line:
        """A kept connection of this account, or a new one. Raises ``WireError`` or ``Invalid``."""
        account = route.account
        assert account is not None
        assert account.smtp is not None
        while self.idle and not fresh:
            kept = self.idle.pop()
            if kept.account == account and kept.connection.usable:
                return kept
            kept.connection.abort()
        transcript: list[str] = []
        call = partial(connect, account.smtp, local_hostname=hostname, transcript=transcript)
        connection = await sign_ins.through(account, Function.SEND, call)
        return Line(connection, account, transcript)

    def keep(self, line: Line) -> None:
        """Put a connection back for the next letter, or drop it when it is of no more use."""
        if line.connection.usable:
            line.idle_since = time.monotonic()
            self.idle.append(line)
        else:
            line.connection.abort()


class Lanes:
    """All lanes; those with letters are served in turn.

    ``connections`` is how many of a mailbox are opened at the most, whatever it takes.
    """

    def __init__(self, connections: int) -> None:
        self._connections = connections
        self._all: dict[int, Lane] = {}
        self._active: deque[Lane] = deque()

    def __iter__(self) -> Iterator[Lane]:
        return iter(self._all.values())

    def begin(self) -> None:
        """A new run: no letter of an earlier one waits, and only who is connected is proven."""
        self._active.clear()
        for lane in self:
            lane.proven = bool(lane.idle)
            lane.letters.clear()

    @property
    def waiting(self) -> int:
        """How many letters wait."""
        return sum(len(lane.letters) for lane in self._active)

    @property
    def only_one(self) -> bool:
        """True when nobody waits for the worker of a lane but that lane."""
        return len(self._active) == 1

    def put(self, letter: Letter, route: Route) -> None:
        """Put a letter into the lane of its mailbox."""
        lane = self._all.get(route.server_id)
        if lane is None:
            lane = self._all[route.server_id] = Lane(route.server_id, 1)
        lane.most = route.limits.connections
        lane.limit = min(self._connections, lane.most or self._connections)
        if lane not in self._active:
            self._active.append(lane)
        lane.letters.append(letter)

    def next(self) -> Lane | None:
        """The next lane that a worker may serve now."""
        for _turn in range(len(self._active)):
            lane = self._active[0]
            if not lane.letters:
                self._active.popleft()
                continue
            self._active.rotate(-1)
            if lane.open:
                return lane
        return None


async def make_room(lanes: Iterable[Lane], for_lane: Lane, most: int) -> None:
    """Leave the longest idle connections of other lanes while more than ``most`` are idle."""
    others = [(line.idle_since, lane, line) for lane in lanes for line in lane.idle]
    spare = len(others) - most
    for _since, lane, line in sorted(others, key=lambda item: item[0]):
        if spare <= 0:
            return
        if lane is not for_lane:
            spare -= 1
            lane.idle.remove(line)
            await line.connection.quit()


async def hang_up(lanes: Iterable[Lane], *, idle_for: float = 0.0) -> None:
    """Leave politely every connection that has been idle that many seconds."""
    limit = time.monotonic() - idle_for
    for lane in lanes:
        over = [line for line in lane.idle if line.idle_since <= limit]
        lane.idle = [line for line in lane.idle if line.idle_since > limit]
        for line in over:
            await line.connection.quit()
