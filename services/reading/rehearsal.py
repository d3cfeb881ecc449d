"""Dry run: what a reading would do, message by message, doing none of it (R42)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing, suppress
from functools import partial
from typing import TypeVar

from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from services.courtesy import person
from services.errors import CarteiroError, Conflict
from services.failure import WireError
from services.health.accounts import Account, account_of
from services.health.tokens import SignIns
from services.language import _
from services.reading import due
from services.reading.arrivals import digests_of
from services.reading.desk import Claim
from services.reading.foresight import Foreseen, Foresight, Stage, stage
from services.reading.intake import ASKING_SECONDS, MAX_MESSAGE
from services.reading.mailbox import SESSION_MESSAGES, entered
from services.reading.memory import Plan, Wanted
from services.reading.taking_apart.extractor import Extractor
from services.registry.access import Actor
from services.settings import Settings
from services.store.engine import Store
from services.store.models import Function
from services.wire.pop3 import Pop3Session, Retrieved, TooLarge

T = TypeVar("T")
LEASE_SECONDS = 45.0
_BATCH_MESSAGES = 16
_BATCH_BYTES = 3 * 2**20


class Rehearsal:
    """One dry run of one mailbox; belongs to one event loop.

    ``total`` is how many messages the server listed, None until it did. Messages are fetched and
    taken apart by the same child and under the same caps as when they are read. Sessions end
    without QUIT, so that a server which deletes or hides what was fetched does neither; no
    receipt, UIDL, document or health changes. The mailbox is claimed meanwhile: a reading job
    passes it by rather than meet a mailbox that is in use.
    """

    def __init__(
        self, store: Store, settings: Settings, sign_ins: SignIns, actor: Actor, mailbox_id: int
    ) -> None:
        self._store, self._settings, self._sign_ins = store, settings, sign_ins
        self._actor = actor
        self._mailbox_id = mailbox_id
        self.total: int | None = None

    async def run(self) -> AsyncGenerator[Foreseen, None]:
        """What would happen to each message, those that are known already first.

        Raises ``NotFound`` and ``Refused`` for a mailbox that this person cannot have read,
        ``Conflict`` while another process reads it, ``WireError`` for what server or network did.
        """
        setting = await self._ask(partial(stage, actor=self._actor, mailbox_id=self._mailbox_id))
        claim = await self._do(partial(due.claim, target=setting.target, seconds=LEASE_SECONDS))
        if claim is None:
            raise Conflict(_("A caixa está sendo lida agora; tente de novo em instantes"))
        renewing = asyncio.create_task(self._renew(claim))
        extractor = Extractor()
        try:
            async with aclosing(self._sessions(setting, extractor)) as items:
                async for item in items:
                    yield item
        finally:
            renewing.cancel()
            await asyncio.gather(renewing, extractor.close(), return_exceptions=True)
            # A database that is gone cannot be told; the claim runs out by itself.
            with suppress(CarteiroError, DBAPIError):
                await asyncio.shield(self._do(partial(due.give_back, held=claim)))

    async def _sessions(
        self, setting: Stage, extractor: Extractor
    ) -> AsyncGenerator[Foreseen, None]:
        server_id = setting.target.server_id
        account = await self._ask(lambda session: account_of(session, server_id, self._settings))
        foresight = Foresight(setting)
        seen: set[tuple[int, str]] = set()
        first = True
        while account.pop is not None and account.login is not None:
            pop = await self._entered(account)
            try:
                listed = await pop.list_messages()
                known, plan = await self._ask(partial(foresight.plan, listed=listed))
                if first:
                    self.total = len(listed)
                    for item in known:
                        yield item
                first = False
                todo = _next(plan, seen)
                if not todo:
                    return
                async with aclosing(self._fetched(pop, todo, extractor, foresight)) as items:
                    async for item in items:
                        seen.add((item.number, item.uidl))
                        yield item
            finally:
                pop.abort()
            if not any((place.number, place.uidl) in seen for place in todo):
                return

    async def _fetched(
        self, pop: Pop3Session, todo: Sequence[Wanted], extractor: Extractor, foresight: Foresight
    ) -> AsyncGenerator[Foreseen, None]:
        places = {place.number: place for place in todo}
        expected = [place for place in todo if place.size <= MAX_MESSAGE]
        answered = 0
        batch: list[tuple[Wanted, bytes]] = []
        size = 0
        items = pop.retrieve(
            [place.number for place in todo],
            [place.size for place in todo],
            max_bytes=MAX_MESSAGE,
            asking_seconds=ASKING_SECONDS,
        )
        try:
            async with aclosing(items):
                async for item in items:
                    await person.passed()
                    place = places[item.number]
                    answered += place.size <= MAX_MESSAGE
                    if isinstance(item, Retrieved):
                        batch.append((place, item.data))
                        size += len(item.data)
                    elif isinstance(item, TooLarge):
                        yield foresight.too_large(place, item.size)
                    else:
                        yield foresight.not_sent(place)
                    if len(batch) >= _BATCH_MESSAGES or size >= _BATCH_BYTES:
                        for told in await self._told(batch, extractor, foresight):
                            yield told
                        batch, size = [], 0
        except WireError as e:
            if e.failure.kind != "size" or answered >= len(expected):
                raise
            # A message without an end: the next session gets past it.
            yield foresight.too_large(expected[answered], MAX_MESSAGE + 1)
        for told in await self._told(batch, extractor, foresight):
            yield told

    async def _told(
        self, batch: list[tuple[Wanted, bytes]], extractor: Extractor, foresight: Foresight
    ) -> list[Foreseen]:
        if not batch:
            return []
        raws = [raw for _place, raw in batch]
        digests = await asyncio.to_thread(digests_of, raws)
        extracted = await extractor.extract_many(raws)
        arrivals = [
            (place, digest, what)
            for (place, _raw), digest, what in zip(batch, digests, extracted, strict=True)
        ]
        return await self._ask(partial(foresight.of, arrivals=arrivals))

    async def _entered(self, account: Account) -> Pop3Session:
        assert account.pop is not None
        return await self._sign_ins.through(account, Function.READ, partial(entered, account.pop))

    async def _renew(self, claim: Claim) -> None:
        while True:
            await asyncio.sleep(LEASE_SECONDS / 3)
            await self._do(partial(due.renew, held=claim, seconds=LEASE_SECONDS))

    async def _ask(self, question: Callable[[Session], T]) -> T:
        def asked() -> T:
            with self._store.reading() as session:
                return question(session)

        return await asyncio.to_thread(asked)

    async def _do(self, work: Callable[[Session], T]) -> T:
        def done() -> T:
            with self._store.writing() as session:
                return work(session)

        return await asyncio.to_thread(done)


def _next(plan: Plan, seen: set[tuple[int, str]]) -> list[Wanted]:
    left = [place for place in plan.fetch if (place.number, place.uidl) not in seen]
    return left[:SESSION_MESSAGES]
