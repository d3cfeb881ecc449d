"""The reading job: every due mailbox is read once, none waits for another's slow server (R36)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Coroutine
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field
from functools import partial
from typing import TypeVar

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from services.errors import CarteiroError
from services.failure import Failure, WireError
from services.health.conditions import reason_of
from services.health.tokens import SignIns
from services.language import _
from services.reading import due
from services.reading.desk import Claim, Desk, Lost, Target
from services.reading.mailbox import Tally, read_mailbox
from services.reading.recovery import recover_server
from services.reading.taking_apart.extractor import Extractor
from services.reading.writer import Writer
from services.settings import Settings
from services.store.engine import Store
from services.wire.presets import preset_of_host
from services.wire.replies import pauses_mailbox

T = TypeVar("T")
_log = logging.getLogger(__name__)
LEASE_SECONDS = 45.0
_PAUSE_SECONDS = 300.0


@dataclass(slots=True)
class ReadSummary:
    """What a run did: mailboxes read to their end, new messages and documents, what was held.

    ``failures`` are (e-mail address, why), for mailboxes that could not be read.
    """

    mailboxes: int = 0
    messages: int = 0
    documents: int = 0
    quarantined: int = 0
    failures: list[tuple[str, str]] = field(default_factory=list)


class Reader:
    """Reads mailboxes by POP and imports what they hold.

    Belongs to one event loop; :meth:`close` ends it. Any number of readers, in any number of
    processes, may run on one database: a lease keeps each mailbox to one of them.
    """

    def __init__(
        self, store: Store, settings: Settings, *, lease_seconds: float = LEASE_SECONDS
    ) -> None:
        self._settings = settings
        self._lease = lease_seconds
        extractor = Extractor(trusted_file=settings.trusted_issuers_file)
        self._desk = Desk(store, settings, Writer(store), extractor, SignIns(store, settings))
        self._connections = asyncio.Semaphore(settings.reading_connections)
        self._per_host = max(1, min(10, settings.reading_connections // 2))
        self._hosts: dict[str, asyncio.Semaphore] = {}
        self._working: dict[int, asyncio.Task[None]] = {}

    @property
    def extractor(self) -> Extractor:
        """The child of this reader, for the checks of what it imports: one process does both."""
        return self._desk.extractor

    async def write(self, work: Callable[[Session], T]) -> T:
        """The result of ``work``, committed together with what is being read."""
        return await self._desk.writer.do(work)

    async def run_due(
        self,
        *,
        mailbox_id: int | None = None,
        server_ids: Collection[int] | None = None,
    ) -> ReadSummary:
        """Read what is due now, or the named mailboxes whether due or not, and say what was done.

        While a slow mailbox is still being read, others whose time comes meanwhile are started
        too. One that another process reads is skipped. Raises ``Unavailable`` when the database
        cannot be asked at all.
        """
        summary = ReadSummary()
        interval = self._settings.reading_interval
        question = partial(due.due, mailbox_id=mailbox_id, server_ids=server_ids, interval=interval)
        mine = self._start(await self._desk.ask(question), summary)
        named = mailbox_id is not None or server_ids is not None
        try:
            while mine:
                patience = None if named else interval
                _done, mine = await asyncio.wait(mine, timeout=patience)
                if mine and not named:
                    mine |= self._start(await self._desk.ask(question), summary)
        except BaseException:
            for task in mine:
                task.cancel()
            await asyncio.gather(*mine, return_exceptions=True)
            raise
        return summary

    async def held(self) -> list[due.Held]:
        """What is to be read and was not, for another process has it."""
        return await self._desk.ask(due.held)

    async def recover(self) -> int:
        """Import what a killed reader stored and did not import; the number of new documents."""
        documents = 0
        for target in await self._desk.ask(due.with_leftovers):
            claim = await self._claim(target)
            if claim is None:
                continue
            tally = Tally()
            recovering = recover_server(self._desk, target, claim)
            try:
                # Whoever took it over goes on with it.
                with suppress(Lost):
                    tally.imported.add(await self._while_held(claim, recovering))
            finally:
                await self._finish(target, claim, tally, None, next_at=False)
            documents += sum(tally.imported.documents.values())
        return documents

    async def close(self) -> None:
        """Cut what is being read (the servers delete nothing of it), give claims back, end."""
        tasks = list(self._working.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._desk.close()

    def _start(self, targets: list[Target], summary: ReadSummary) -> set[asyncio.Task[None]]:
        started = set()
        for target in targets:
            if target.server_id not in self._working:
                task = asyncio.create_task(
                    self._read(target, summary), name=f"read:{target.server_id}"
                )
                self._working[target.server_id] = task
                task.add_done_callback(partial(self._ended, target.server_id))
                started.add(task)
        return started

    def _ended(self, server_id: int, task: asyncio.Task[None]) -> None:
        self._working.pop(server_id, None)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("reading of server %d broke", server_id, exc_info=error)

    async def _read(self, target: Target, summary: ReadSummary) -> None:
        host = self._hosts.setdefault(target.host.lower(), asyncio.Semaphore(self._per_host))
        async with AsyncExitStack() as turn:
            # The host's first: its waiting mailboxes take no connection from other hosts.
            await turn.enter_async_context(host)
            await turn.enter_async_context(self._connections)
            claim = await self._claim(target)
            if claim is None:
                return
            tally = Tally()
            failure: Failure | None = None
            worked = False
            next_at = True
            try:
                await self._while_held(claim, read_mailbox(self._desk, target, claim, tally))
                worked = True
                summary.mailboxes += 1
            except WireError as e:
                failure = e.failure
                summary.failures.append((target.email, reason_of(failure)))
            except Lost:
                next_at = False
            except CarteiroError as e:
                summary.failures.append((target.email, e.message))
            except asyncio.CancelledError:
                next_at = False
                raise
            except Exception:  # noqa: BLE001 - one mailbox must not stop the others
                _log.exception("reading of server %d broke", target.server_id)
                why = _("Ocorreu uma falha interna; os detalhes estão no log")
                summary.failures.append((target.email, why))
            finally:
                # Over with the connection: whoever is next claims in the same commit.
                await turn.aclose()
                summary.messages += tally.messages
                summary.documents += sum(tally.imported.documents.values())
                summary.quarantined += tally.imported.quarantined
                # A database that is gone cannot be told; the claim runs out by itself.
                with suppress(CarteiroError, DBAPIError):
                    await self._finish(
                        target, claim, tally, failure, worked=worked, next_at=next_at
                    )

    async def _while_held(self, claim: Claim, work: Coroutine[None, None, T]) -> T:
        """The result of ``work``, done while the claim is renewed; when it is lost that is cut."""
        reading = asyncio.create_task(work)
        try:
            while not (await asyncio.wait({reading}, timeout=self._lease / 3))[0]:
                renewal = partial(due.renew, held=claim, seconds=self._lease)
                if not await self._desk.writer.do(renewal) and not reading.done():
                    raise Lost(_("Outro processo assumiu a leitura desta caixa"))
            return reading.result()
        finally:
            if not reading.done():
                reading.cancel()
                await asyncio.gather(reading, return_exceptions=True)

    async def _claim(self, target: Target) -> Claim | None:
        """Take the mailbox; who is cut meanwhile leaves it to the next reading, not to the lease."""
        work = partial(due.claim, target=target, seconds=self._lease)
        claiming = asyncio.ensure_future(self._desk.writer.do(work))
        try:
            return await asyncio.shield(claiming)
        except asyncio.CancelledError:
            with suppress(CarteiroError, DBAPIError):
                if (claim := await claiming) is not None:
                    await self._desk.writer.do(partial(due.give_back, held=claim))
            raise

    async def _finish(
        self,
        target: Target,
        claim: Claim,
        tally: Tally,
        failure: Failure | None,
        *,
        worked: bool = False,
        next_at: bool,
    ) -> None:
        preset = preset_of_host(target.host)
        least = (preset and preset.min_poll_seconds) or 0
        asked = float(max(tally.login_delay, least))
        if failure is not None and pauses_mailbox(failure.kind):
            asked = max(asked, _PAUSE_SECONDS)
        await self._desk.writer.do(
            partial(
                due.finish,
                target=target,
                held=claim,
                messages=tally.messages,
                imported=tally.imported,
                deleted=tally.deleted,
                returned=tally.returned,
                failure=failure,
                worked=worked,
                next_at=due.after(self._settings.reading_interval, asked) if next_at else None,
            )
        )
