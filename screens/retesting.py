"""Testing many mailboxes again as one work that can be watched, left behind and stopped (R49, R50)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from screens.bulk import Bulk, Left
from screens.desk import Desk
from services.health import retest
from services.health.accounts import Account
from services.health.retest import Retested
from services.health.troubles import Trouble
from services.language import _


class Retesting(Bulk[Trouble]):
    """Tests run side by side: stopping ends those under way instead of a chunk."""

    def __init__(self, desk: Desk, troubles: Sequence[Trouble]) -> None:
        super().__init__(_("Testar de novo"), troubles, len(troubles), self._test)
        self._desk = desk
        self._tests: asyncio.Future[Sequence[Left]] | None = None

    async def go_through(self, items: Sequence[Trouble]) -> None:
        """Until each has its result, or somebody says stop."""
        self._tests = asyncio.ensure_future(self._test(items))
        try:
            await self._tests
        except asyncio.CancelledError:
            if not self.stopping:
                raise

    def stop(self) -> None:
        """End the tests that are under way; what passed is in use again."""
        super().stop()
        if self._tests is not None:
            self._tests.cancel()

    async def _test(self, troubles: Sequence[Trouble]) -> Sequence[Left]:
        """All of them; how each went is told as soon as it is known."""
        await retest.retest(
            troubles,
            self._account,
            self._passed,
            self._told,
            sign_ins=self._desk.office.sign_ins,
            hostname=self._desk.settings.hostname,
        )
        return ()

    async def _account(self, trouble: Trouble) -> Account:
        return await self._desk.ask(retest.account, trouble, self._desk.settings)

    async def _passed(self, trouble: Trouble) -> bool:
        return await self._desk.do(retest.passed, trouble)

    def _told(self, result: Retested) -> None:
        self.gone += 1
        if not result.back:
            self.left.append(Left(result.trouble.email, result.why))
