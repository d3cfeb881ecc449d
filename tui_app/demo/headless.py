"""The demonstration without a screen: what happens is told as it does, and counted at the end."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass

from services.health import email_test, linking, overview, signing_in, testable
from services.jobs.runner import Jobs
from services.notifications import bell
from services.notifications.bell import BellView
from services.outbox.views import counts
from services.reading.documents import total_count
from services.registry import microsoft
from services.store.models import Kind
from tui_app.demo.demo import Demo
from tui_app.demo.world import DYING, FULL, World

_LOOK_SECONDS = 0.25
_DRAIN_SECONDS = 2.0

Tell = Callable[[float, BellView], None]


@dataclass(slots=True)
class Seen:
    """What happened since the beginning; ``complete`` when all of it did that should."""

    documents: int = 0
    sent: int = 0
    notifications: int = 0
    refused_recipients: int = 0
    quota_pauses: int = 0
    inactivated: int = 0
    recovered: int = 0

    @property
    def complete(self) -> bool:
        """Everything was seen at least once."""
        return all(getattr(self, name) > 0 for name in Seen.__dataclass_fields__)


async def watch(demo: Demo, seconds: float, tell: Tell, *, until_complete: bool = False) -> Seen:
    """Let the jobs work for so long; the dead mailbox is signed in again as soon as it is dead.

    ``until_complete`` ends it as soon as everything was seen.

    ``tell`` gets every entry of the bell, with the seconds since the beginning.
    """
    jobs = Jobs(demo.world.office)
    story = _Story(demo, tell)
    await story.begin()
    jobs.start()
    try:
        async with asyncio.timeout(seconds):
            await story.go_on(until_complete)
    except TimeoutError:
        pass
    finally:
        await story.end()
        await jobs.drain(_DRAIN_SECONDS)
    await story.look()
    return story.seen


class _Story:
    def __init__(self, demo: Demo, tell: Tell) -> None:
        self._demo = demo
        self._world: World = demo.world
        self._tell = tell
        self._began = time.monotonic()
        self._last = 0
        self._documents = self._sent = 0
        self._again: asyncio.Task[None] | None = None
        self.seen = Seen()

    async def begin(self) -> None:
        """Whatever is there now does not count."""
        office, actor = self._world.office, self._world.actor
        newest = await office.ask(bell.feed, actor, limit=1)
        self._last = newest[0].turn if newest else 0
        self._documents = await office.ask(total_count, actor)
        self._sent = (await office.ask(counts, actor)).get("sent", 0)

    async def go_on(self, until_complete: bool) -> None:
        """Look, until cut or until there is nothing more to wait for."""
        while not (until_complete and self.seen.complete):
            await self.look()
            if self.seen.inactivated and self._again is None:
                self._again = asyncio.create_task(self._sign_in_again())
            await asyncio.sleep(_LOOK_SECONDS)

    async def end(self) -> None:
        """Nobody signs in any more."""
        if self._again is not None:
            self._again.cancel()
            await asyncio.gather(self._again, return_exceptions=True)

    async def look(self) -> None:
        """Take note of what is new."""
        office, actor, seen = self._world.office, self._world.actor, self.seen
        for entry in await office.ask(bell.feed, actor, after=self._last):
            self._last = entry.turn
            self._tell(time.monotonic() - self._began, entry)
            seen.inactivated += entry.type == "mailbox_inactivated"
            seen.recovered += entry.type == "mailbox_recovered"
            seen.refused_recipients += (
                entry.type == "sending_failed" and entry.cause_kind == "outbox"
            )
            seen.notifications += entry.type == "document_authorized"
        seen.documents = await office.ask(total_count, actor) - self._documents
        seen.sent = (await office.ask(counts, actor)).get("sent", 0) - self._sent
        if not seen.quota_pauses:
            troubles = await office.ask(overview.down, actor)
            seen.quota_pauses = sum(t.email == FULL and t.state == "paused" for t in troubles)

    async def _sign_in_again(self) -> None:
        """What a person does in the console: a code, the sign-in, the test that passes (R49)."""
        office, actor, settings = self._world.office, self._world.actor, self._demo.settings
        server_id = self._world.server_ids[DYING]
        plan = await office.ask(microsoft.plan_again, actor, server_id)
        asked = await signing_in.ask_code(settings, plan)
        self._demo.servers.microsoft.accept(plan.signs_in)
        signed = await signing_in.wait(settings, asked)
        await office.do(linking.relink, actor, plan, signed, settings)
        (account,) = await office.ask(testable.of_registrations, actor, [server_id], settings)
        steps = await email_test.run_test(
            account, Kind.BOTH, sign_ins=office.sign_ins, hostname=settings.hostname
        )
        if all(step.ok for step in steps):
            await office.do(testable.registration_passed, actor, server_id)
