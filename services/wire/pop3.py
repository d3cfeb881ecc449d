"""A POP3 client that pipelines (RFC 1939, 2449, 2595, 5034).

Every failure is a :class:`WireError`. A refusal (``-ERR``) leaves the session usable; anything
else (a time-out, a cut, a reply that makes no sense, a cancelled call) closes it, because the
next reply could be read from the middle of a message. One task at a time.
"""

from __future__ import annotations

import asyncio
import math
from collections import deque
from collections.abc import AsyncGenerator, Mapping, Sequence

from services.failure import Failure, Stage, WireError
from services.wire import sasl
from services.wire.budget import Budget
from services.wire.endpoint import Endpoint, Login
from services.wire.lines import TooLong
from services.wire.maildrop import Listed, NotRetrieved, Retrieved, Stat, TooLarge, listing
from services.wire.pop3_talk import Asked, OnStep, Talk

__all__ = [
    "Listed",
    "NotRetrieved",
    "OnStep",
    "Pop3Session",
    "Retrieved",
    "Stat",
    "TooLarge",
    "connect",
]

WINDOW = 32
MAX_MESSAGE = 60 * 2**20
_DELETE_WINDOW = 200
_LISTING_LIMIT = 16 * 2**20
# What takes longer than a thread is worth, and would be in the way of a key.
_MANY_ROWS = 500
# What a message without a listed size is thought to hold, and the least that any is counted as.
_SMALL = 16 * 1024
# All sessions of the process: half of what reading may use, the rest is for buffers and copies.
_IN_FLIGHT = Budget(48 * 2**20)
# What one session has under way of it besides a single message: a slow server's holds up no other.
_SHARE = 6 * 2**20


async def connect(
    endpoint: Endpoint,
    *,
    deadline: float,
    on_step: OnStep | None = None,
    transcript: list[str] | None = None,
    budget: Budget = _IN_FLIGHT,
) -> Pop3Session:
    """A session that is greeted, encrypted as the endpoint asks, and knows its capabilities.

    ``deadline`` is how many seconds the whole session may take, QUIT included; ``on_step`` hears
    of each step that went well (stage, detail, milliseconds); ``transcript`` takes the lines of
    the talk, without secrets, also when connecting fails. With "starttls" nothing more is said
    to a server that offers no STLS or that sends anything before TLS has begun. ``budget`` is
    the bytes that all sessions together may have asked for.

    Raises :class:`WireError`, and :class:`Invalid` for an unusable ``ca_file``.
    """
    talk = Talk(endpoint, deadline, on_step, transcript if transcript is not None else [])
    try:
        await talk.open()
    except BaseException:
        talk.abort()
        raise
    return Pop3Session(talk, budget)


class Pop3Session:
    """An open session; made by :func:`connect`."""

    def __init__(self, talk: Talk, budget: Budget) -> None:
        self._talk = talk
        self._budget = budget

    @property
    def capabilities(self) -> Mapping[str, tuple[str, ...]]:
        """Names of CAPA with their parameters; empty when the server has no CAPA."""
        return self._talk.capabilities

    @property
    def transcript(self) -> list[str]:
        """The talk so far, without secrets and without messages."""
        return self._talk.transcript

    @property
    def usable(self) -> bool:
        """False once the session ended or lost its step."""
        return self._talk.lines.open

    @property
    def login_delay(self) -> int | None:
        """Seconds that the server wants between two logins (CAPA LOGIN-DELAY), if it says so."""
        told = self.capabilities.get("LOGIN-DELAY", ())
        return int(told[0]) if told and told[0].isdecimal() and len(told[0]) < 10 else None

    async def login(self, login: Login) -> None:
        """USER and PASS (AUTH PLAIN where only that is offered), or AUTH XOAUTH2.

        Raises :class:`Invalid` before anything is sent for a name or secret that cannot be.
        The ``reply`` of a refused XOAUTH2 ends in the JSON that the server gave as its reason.
        """
        sasl.check(login)
        if login.mechanism == "xoauth2":
            reply = await self._xoauth2(login)
        elif "USER" not in self.capabilities and "PLAIN" in self.capabilities.get("SASL", ()):
            blob = sasl.plain(login.username, login.secret)
            self._talk.secrets += [login.secret, blob.decode()]
            await self._invite(b"AUTH PLAIN")
            reply = await self._talk.command(Stage.LOGIN, blob, "***")
        else:
            self._talk.secrets.append(login.secret)
            await self._talk.command(Stage.LOGIN, b"USER " + login.username.encode())
            reply = await self._talk.command(
                Stage.LOGIN, b"PASS " + login.secret.encode(), "PASS ***"
            )
        self._talk.step(Stage.LOGIN, reply)

    async def _xoauth2(self, login: Login) -> str:
        blob = sasl.xoauth2(login.username, login.secret)
        self._talk.secrets += [login.secret, blob.decode()]
        await self._invite(b"AUTH XOAUTH2")
        self._talk.send(Stage.LOGIN, blob, "***")
        reason = ""
        status = await self._talk.status(Stage.LOGIN, challenge=True)
        if not status.startswith(("+OK", "-ERR")):
            reason = self._talk.clean(sasl.challenge(status[1:]))
            self._talk.send(Stage.LOGIN, b"", "")
            status = await self._talk.status(Stage.LOGIN)
        if status.startswith("+OK"):
            if reason:
                raise self._talk.out_of_step(Stage.LOGIN, reply=status)
            return status
        raise WireError(self._talk.refusal(Stage.LOGIN, status, reason, by_token=True))

    async def _invite(self, command: bytes) -> None:
        self._talk.send(Stage.LOGIN, command, command.decode())
        status = await self._talk.status(Stage.LOGIN, challenge=True)
        if status.startswith("-ERR"):
            raise WireError(self._talk.refusal(Stage.LOGIN, status))
        if status.startswith("+OK"):
            raise self._talk.out_of_step(Stage.LOGIN, reply=status)

    async def stat(self) -> Stat:
        """How many messages there are, and their bytes."""
        reply = await self._talk.command(Stage.LIST, b"STAT")
        words = reply.split()
        if len(words) < 3 or not (words[1].isdecimal() and words[2].isdecimal()):
            raise self._talk.out_of_step(Stage.LIST, reply=reply)
        return Stat(int(words[1]), int(words[2]))

    async def list_messages(self) -> list[Listed]:
        """Every message with its size and, where the server has them, its UIDL.

        A UIDL that is blank, absurdly long or given to two messages identifies nothing: None.
        """
        if "PIPELINING" in self.capabilities:
            self._talk.send(Stage.LIST, b"LIST\r\nUIDL", "LIST\r\nUIDL")
            sizes = await self._listing_reply()
            names = await self._listing_reply()
        else:
            self._talk.send(Stage.LIST, b"LIST", "LIST")
            sizes = await self._listing_reply()
            self._talk.send(Stage.LIST, b"UIDL", "UIDL")
            names = await self._listing_reply()
        if isinstance(sizes, Failure):
            raise WireError(sizes)
        named = [] if isinstance(names, Failure) else names
        if len(sizes) + len(named) > _MANY_ROWS:
            listed = await asyncio.to_thread(listing, sizes, named)
        else:
            listed = listing(sizes, named)
        self._talk.step(Stage.LIST, str(len(listed)))
        return listed

    async def _listing_reply(self) -> list[str] | Failure:
        status = await self._talk.status(Stage.LIST)
        if status.startswith("+OK"):
            return await self._talk.rows(Stage.LIST, _LISTING_LIMIT)
        return self._talk.refusal(Stage.LIST, status)

    async def retrieve(
        self,
        numbers: Sequence[int],
        sizes: Sequence[int],
        *,
        max_bytes: int = MAX_MESSAGE,
        asking_seconds: float = math.inf,
    ) -> AsyncGenerator[Retrieved | TooLarge | NotRetrieved, None]:
        """The messages in the order given, those listed over ``max_bytes`` first.

        ``sizes`` are the listed ones. What is listed too large is not asked for; what turns out
        too large is thrown away as it comes, and the session ends (kind "size") when it goes on
        past twice the cap. After ``asking_seconds`` nothing more is asked for: what was is still
        given. Nothing is read ahead of a slow consumer beyond the window. Leaving the loop early
        closes the session when replies are still under way.
        """
        self._talk.expect_idle(Stage.RETRIEVE)
        waiting: deque[tuple[int, int]] = deque()
        for number, size in zip(numbers, sizes, strict=True):
            if size > max_bytes:
                yield TooLarge(number, size)
            else:
                waiting.append((number, size))
        self._talk.note(f"C: RETR ({len(waiting)})")
        window = WINDOW if "PIPELINING" in self.capabilities else 1
        clock = asyncio.get_running_loop().time
        until = clock() + asking_seconds
        try:
            while waiting or self._talk.under_way:
                if waiting and len(self._talk.under_way) <= window // 2:
                    await self._ask_for(waiting, window)
                    if clock() >= until:
                        waiting.clear()
                asked = self._talk.under_way[0]
                try:
                    item = await self._retrieved(asked, max_bytes)
                    self._talk.under_way.popleft()
                except BaseException:
                    self.abort()
                    raise
                try:
                    yield item
                finally:
                    self._budget.release(asked.taken)
        finally:
            if self._talk.under_way:
                self.abort()
            self._budget.release(sum(asked.taken for asked in self._talk.under_way))
            self._talk.under_way.clear()

    async def _ask_for(self, waiting: deque[tuple[int, int]], window: int) -> None:
        commands: list[bytes] = []
        mine = sum(asked.taken for asked in self._talk.under_way)
        while waiting and len(self._talk.under_way) < window:
            number, size = waiting[0]
            taken = max(size, _SMALL)
            if mine and mine + taken > _SHARE:
                break
            if not self._budget.take_now(taken):
                if self._talk.under_way:
                    break
                try:
                    async with asyncio.timeout_at(self._talk.lines.deadline):
                        await self._budget.take(taken)
                except TimeoutError as e:
                    raise self._talk.broken(e, Stage.RETRIEVE) from e
            mine += taken
            waiting.popleft()
            self._talk.under_way.append(Asked(number, size, taken))
            commands.append(b"RETR %d\r\n" % number)
        if commands:
            self._talk.write(Stage.RETRIEVE, b"".join(commands))

    async def _retrieved(self, asked: Asked, max_bytes: int) -> Retrieved | TooLarge | NotRetrieved:
        try:
            status = await self._talk.lines.line()
            if status.startswith(b"+OK"):
                data = await self._talk.lines.block(max_bytes, max_bytes)
                if data is None:
                    return TooLarge(asked.number, max(asked.size, max_bytes + 1))
                return Retrieved(asked.number, data)
        except (OSError, TooLong) as e:
            raise self._talk.broken(e, Stage.RETRIEVE) from e
        words = self._talk.text(status)
        if not words.startswith("-ERR"):
            raise self._talk.out_of_step(Stage.RETRIEVE, reply=words)
        return NotRetrieved(asked.number, self._talk.refusal(Stage.RETRIEVE, words))

    async def delete(self, numbers: Sequence[int]) -> list[bool]:
        """Mark messages for deletion at QUIT; for each, whether the server agreed."""
        window = _DELETE_WINDOW if "PIPELINING" in self.capabilities else 1
        self._talk.expect_idle(Stage.DELETE)
        self._talk.note(f"C: DELE ({len(numbers)})")
        agreed: list[bool] = []
        for first in range(0, len(numbers), window):
            group = numbers[first : first + window]
            self._talk.write(Stage.DELETE, b"".join(b"DELE %d\r\n" % number for number in group))
            for _number in group:
                status = await self._talk.status(Stage.DELETE, noted=False)
                agreed.append(status.startswith("+OK"))
        return agreed

    async def reset(self) -> None:
        """Take back every deletion of this session."""
        await self._talk.command(Stage.DELETE, b"RSET")

    async def quit(self) -> None:
        """End the session: only now does the server delete. Without an answer it is unknown."""
        try:
            reply = await self._talk.command(Stage.QUIT, b"QUIT")
        finally:
            self.abort()
        self._talk.step(Stage.QUIT, reply)

    def abort(self) -> None:
        """Close without QUIT: nothing is deleted on the server."""
        self._talk.abort()
