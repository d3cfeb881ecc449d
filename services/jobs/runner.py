"""The jobs in the running loop: APScheduler only ticks, the database decides what is due.

Any number of processes tick at once: mailboxes and e-mails are claimed in the database. What was
being done when a process is killed is taken up by another within a minute.
"""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass, field
from datetime import UTC
from typing import TYPE_CHECKING, Protocol

from services.clock import now
from services.errors import CarteiroError
from services.jobs.checking import check_beside, check_documents
from services.jobs.housekeeping import put_away, warn_of_silence
from services.jobs.inactivation import check_sign_ins
from services.jobs.retention import forget_hourly
from services.language import _, ngettext
from services.settings import Settings

if TYPE_CHECKING:
    from apscheduler.schedulers.asyncio import AsyncIOScheduler

    from services.dispatch.watch import Watch
    from services.health.tokens import SignIns
    from services.outbox.claims import Claimed
    from services.reading.due import Held
    from services.reading.tick import Reader
    from services.sending.tick import Sender
    from services.store.engine import Store

log = logging.getLogger(__name__)

SENDING = "sending"
READING = "reading"
CHECKS = "checks"
INACTIVATION = "inactivation"
HOUSEKEEPING = "housekeeping"
RETENTION = "retention"
DOCUMENTS = "documents"
NAMES = (SENDING, READING, CHECKS, INACTIVATION)

# When a mailbox is to be read is in the database; this is how often it is looked at.
_LOOK_SECONDS = 5.0
_CUT_SECONDS = 2.0
_SIGN_IN_SECONDS = 30.0
_CLOCK_LOOK_SECONDS = 5.0
_CLOCK_JUMP_SECONDS = 2.0
_MINUTE = 60.0


class Place(Protocol):
    """Where the jobs work: the office, as far as they need it."""

    settings: Settings
    store: Store

    @property
    def sign_ins(self) -> SignIns:
        """Microsoft sign-ins."""
        ...


@dataclass(frozen=True, slots=True)
class Activity:
    """What the jobs of this process are at, for the top bar; ``problem`` None when all is well."""

    sent_per_minute: int = 0
    problem: str | None = None

    @property
    def words(self) -> str:
        """One short line; empty when there is nothing to tell."""
        told = []
        if self.sent_per_minute:
            told.append(
                ngettext("{n} e-mail/min", "{n} e-mails/min", self.sent_per_minute).format(
                    n=self.sent_per_minute
                )
            )
        if self.problem:
            told.append(self.problem)
        return " · ".join(told)


@dataclass(slots=True)
class Done:
    """What :func:`run_once` did; ``held`` and ``claimed`` is what it left to other processes."""

    sent: int = 0
    mailboxes: int = 0
    messages: int = 0
    documents: int = 0
    quarantined: int = 0
    checked: int = 0
    dispatched: int = 0
    rejected: int = 0
    sign_ins: int = 0
    inactivated: int = 0
    held: list[Held] = field(default_factory=list)
    claimed: Claimed | None = None
    failures: list[tuple[str, str]] = field(default_factory=list)


class Jobs:
    """The jobs of one process, on the loop that calls :meth:`start`; ends with :meth:`drain`."""

    def __init__(self, office: Place, only: Collection[str] = NAMES) -> None:
        self._place = office
        self._only = only
        self._sender: Sender | None = None
        self._reader: Reader | None = None
        self._folder: Watch | None = None
        self._sign_ins: SignIns | None = None
        self._scheduler: AsyncIOScheduler | None = None
        self._clock_watch: asyncio.Task[None] | None = None
        self._running: set[asyncio.Task[None]] = set()
        self._closing = threading.Event()
        self._sent: deque[tuple[float, int]] = deque()
        self._problems: dict[str, str] = {}

    def start(self) -> None:
        """Begin to tick; what is due already is taken up at once."""
        from apscheduler.schedulers.asyncio import AsyncIOScheduler

        settings = self._place.settings
        self._scheduler = AsyncIOScheduler(
            timezone=UTC,
            job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
        )
        work: dict[str, tuple[Callable[[], Awaitable[None]], float]] = {
            SENDING: (self._send, settings.sending_interval),
            READING: (self._read, min(settings.reading_interval, _LOOK_SECONDS)),
            CHECKS: (self._check, _LOOK_SECONDS),
            INACTIVATION: (self._check_sign_ins, _SIGN_IN_SECONDS),
        }
        for name, (job, seconds) in work.items():
            if name in self._only:
                self._add(name, job, seconds)
        if SENDING in self._only and settings.documents_folder is not None:
            self._add(DOCUMENTS, self._dispatch, settings.sending_interval)
        self._add(HOUSEKEEPING, self._keep_house, settings.housekeeping_interval)
        self._add(RETENTION, self._forget, settings.housekeeping_interval)
        self._scheduler.start()
        self._clock_watch = asyncio.create_task(self._watch_clock(), name="clock watch")

    @property
    def activity(self) -> Activity:
        """What is going on at this moment."""
        since = time.monotonic() - _MINUTE
        while self._sent and self._sent[0][0] < since:
            self._sent.popleft()
        return Activity(
            sent_per_minute=sum(count for _at, count in self._sent),
            problem=next(iter(self._problems.values()), None),
        )

    async def drain(self, deadline: float) -> None:
        """Begin nothing new, let what runs end for up to ``deadline`` seconds, give claims back.

        What is cut then is taken up by another process, or at the next start.
        """
        if self._scheduler is None:
            return
        self._scheduler.pause()
        self._closing.set()
        if self._clock_watch is not None:
            self._clock_watch.cancel()
        closing = [self._end_the_rest(deadline)]
        if self._sender is not None:
            closing.append(self._sender.close())
        await asyncio.gather(*closing)
        self._scheduler.shutdown(wait=False)
        self._scheduler = None

    async def _end_the_rest(self, deadline: float) -> None:
        if self._sign_ins is not None:
            self._sign_ins.close()
        if self._folder is not None:
            self._folder.stop()
        running = {task for task in self._running if task.get_name() != SENDING}
        for task in running:
            if task.get_name() == INACTIVATION:
                # Nothing of it is lost, and Microsoft may be silent for long.
                task.cancel()
        if running:
            _ended, late = await asyncio.wait(running, timeout=deadline)
            # The file stays where it is, the document unlabelled: whoever finds it goes on.
            cut = {task for task in late if task.get_name() in (DOCUMENTS, CHECKS)}
            for task in cut:
                task.cancel()
            if cut:
                # What they hold is given back by the reader, which must not be closed before.
                await asyncio.wait(cut, timeout=_CUT_SECONDS)
        if self._reader is not None:
            await self._reader.close()
        if self._folder is not None:
            await self._folder.close()

    def _add(self, name: str, job: Callable[[], Awaitable[None]], seconds: float) -> None:
        assert self._scheduler is not None
        self._scheduler.add_job(
            self._tick, "interval", seconds=seconds, args=[name, job], id=name, next_run_time=now()
        )

    async def _tick(self, name: str, job: Callable[[], Awaitable[None]]) -> None:
        """One run; a failure is told once and the next tick tries again."""
        task = asyncio.current_task()
        assert task is not None
        task.set_name(name)
        self._running.add(task)
        try:
            await job()
        except CarteiroError as e:
            if self._problems.get(name) != e.message:
                log.warning("%s: %s", name, e.message)
            self._problems[name] = e.message
        except Exception:
            log.exception("%s broke", name)
            self._problems[name] = _("falha interna em {name}: veja o log").format(name=name)
        else:
            self._problems.pop(name, None)
        finally:
            self._running.discard(task)

    async def _send(self) -> None:
        count = await (await self._the_sender()).run_due()
        if count:
            self._sent.append((time.monotonic(), count))

    async def _read(self) -> None:
        summary = await (await self._the_reader()).run_due()
        for email, why in summary.failures:
            log.warning("%s was not read: %s", email, why)

    async def _dispatch(self) -> None:
        folder = self._place.settings.documents_folder
        assert folder is not None
        if self._folder is None:
            make = await asyncio.to_thread(_watch_class)
            self._folder = self._folder or make(self._place.store, folder)
        await self._folder.run_due()

    async def _check(self) -> None:
        reader = await self._the_reader() if READING in self._only else None
        trusted = self._place.settings.trusted_issuers_file
        await check_documents(self._place.store, trusted, reader=reader)

    async def _check_sign_ins(self) -> None:
        self._sign_ins = await asyncio.to_thread(lambda: self._place.sign_ins)
        await check_sign_ins(self._place.store, self._sign_ins)

    async def _forget(self) -> None:
        await asyncio.to_thread(forget_hourly, self._place.store, self._closing)

    async def _keep_house(self) -> None:
        await put_away(self._place.store)
        await warn_of_silence(self._place.store)
        if READING in self._only:
            await (await self._the_reader()).recover()

    async def _the_sender(self) -> Sender:
        if self._sender is None:
            make = await asyncio.to_thread(_sender_class)
            self._sender = self._sender or make(self._place.store, self._place.settings)
        return self._sender

    async def _the_reader(self) -> Reader:
        if self._reader is None:
            make = await asyncio.to_thread(_reader_class)
            self._reader = self._reader or make(self._place.store, self._place.settings)
        return self._reader

    async def _watch_clock(self) -> None:
        """The scheduler goes by the day's time: when that is set back, its next runs are far off."""
        ahead = time.time() - time.monotonic()
        while True:
            await asyncio.sleep(_CLOCK_LOOK_SECONDS)
            moved = time.time() - time.monotonic() - ahead
            if abs(moved) < _CLOCK_JUMP_SECONDS:
                continue
            ahead += moved
            log.warning("the clock was set by %+.0f s", moved)
            if self._scheduler is not None:
                for job in self._scheduler.get_jobs():
                    job.modify(next_run_time=now())


def _sender_class() -> type[Sender]:
    """Imported in a thread: it takes longer than a key press may wait."""
    from services.sending.tick import Sender

    return Sender


def _reader_class() -> type[Reader]:
    """Likewise."""
    from services.reading.tick import Reader

    return Reader


def _watch_class() -> type[Watch]:
    """Likewise."""
    from services.dispatch.watch import Watch

    return Watch


async def run_once(office: Place, only: Collection[str] = NAMES) -> Done:
    """Do what is due until nothing is, then end: ``worker --once``.

    Sending and reading go on side by side, and again while either found something to do; what
    lies in the watched folder is queued, and goes in the next round. Documents are checked beside.
    """
    from services.dispatch.watch import Handled, Watch
    from services.reading.tick import Reader
    from services.sending.tick import Sender

    done = Done()
    closing_soon = threading.Event()
    sender = Sender(office.store, office.settings) if SENDING in only else None
    reader = Reader(office.store, office.settings) if READING in only else None

    folder = office.settings.documents_folder
    watched = Watch(office.store, folder) if folder is not None and sender is not None else None

    async def dispatch() -> bool:
        try:
            handled = await watched.run_settled() if watched is not None else Handled()
        except CarteiroError as e:
            # Told once; what was queued before it goes all the same.
            told = (str(folder), e.message)
            new = told not in done.failures
            done.failures += [told] if new else []
            return new
        done.dispatched += handled.queued
        done.rejected += handled.rejected
        return handled.queued + handled.rejected > 0

    async def send() -> bool:
        count = await sender.run_due() if sender is not None else 0
        done.sent += count
        return count > 0

    async def read() -> bool:
        if reader is None:
            return False
        recovered = await reader.recover()
        summary = await reader.run_due()
        done.documents += recovered + summary.documents
        done.mailboxes += summary.mailboxes
        done.messages += summary.messages
        done.quarantined += summary.quarantined
        done.failures += summary.failures
        return recovered > 0 or summary.messages > 0

    async def rounds() -> None:
        while any(await asyncio.gather(dispatch(), send(), read())):
            pass

    try:
        if INACTIVATION in only:
            checked = await check_sign_ins(office.store, office.sign_ins)
            done.sign_ins, done.inactivated = checked.all, checked.inactivated
        work = asyncio.ensure_future(rounds())
        try:
            if CHECKS in only:
                trusted = office.settings.trusted_issuers_file
                done.checked = await check_beside(work, office.store, trusted, reader=reader)
            await work
        finally:
            work.cancel()
            await asyncio.wait([work])
        done.held = await reader.held() if reader is not None else []
        done.claimed = await sender.claimed() if sender is not None else None
        await put_away(office.store)
        await warn_of_silence(office.store)
        await asyncio.to_thread(forget_hourly, office.store, closing_soon)
    finally:
        closing_soon.set()
        closing = [each.close() for each in (sender, reader, watched) if each is not None]
        await asyncio.shield(asyncio.gather(*closing))
    return done
