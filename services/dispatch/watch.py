"""The watched folder, worked off: every document in it is queued once, or told why not (R31, R35)."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from services.dispatch import unattended
from services.dispatch.folder import STILL, Claimed, Folder
from services.dispatch.placing import Parcel
from services.dispatch.printing import Printer
from services.errors import CarteiroError, Conflict, Unavailable
from services.fiscal.danfe import Danfe
from services.language import _
from services.safe_text import safe
from services.store import leases, owner

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from services.store.engine import Store

T = TypeVar("T")
log = logging.getLogger(__name__)

_LEASE_SECONDS = 60.0
_RENEW_SECONDS = 10.0


class _Lost(Conflict):
    """Another process works off the folder now."""


@dataclass(slots=True)
class Handled:
    """How many files were queued (or found to be queued already), and how many put into Erros."""

    queued: int = 0
    rejected: int = 0


class Watch:
    """The folder of one process; end it by :meth:`close`.

    One process at a time works a folder off, under a lease. Killed anywhere, nothing is lost and
    nothing leaves twice: the file is still there, and the queue knows the document by its key.
    """

    def __init__(self, store: Store, root: Path, *, folder: Folder | None = None) -> None:
        self._store = store
        self._folder = folder or Folder(root)
        self._printer = Printer()
        self._name = f"documents {hashlib.sha256(str(root).encode()).hexdigest()[:32]}"
        self._owner = owner.name()
        self._fence = 0
        self._renewed = 0.0
        self._ending = False

    async def run_due(self) -> Handled:
        """Work off what has settled; another process's folder is left to it."""
        handled = Handled()
        await asyncio.to_thread(self._folder.prepare)
        if not await asyncio.to_thread(self._folder.settled):
            return handled
        try:
            if not await asyncio.to_thread(self._hold):
                return handled
            files = self._folder.next()
            while not self._ending:
                claimed = await asyncio.to_thread(next, files, None)
                if claimed is None or not await asyncio.to_thread(self._hold):
                    break
                await self._handle(claimed, handled)
        except _Lost:
            log.info("another process took the folder over")
        finally:
            with suppress(Unavailable):
                await asyncio.to_thread(self._give_back)
        return handled

    async def run_settled(self) -> Handled:
        """:meth:`run_due` once more for what has just come, when it has stood still (``--once``)."""
        first = await self.run_due()
        if not await asyncio.to_thread(self._folder.unsettled):
            return first
        await asyncio.sleep(STILL)
        second = await self.run_due()
        return Handled(first.queued + second.queued, first.rejected + second.rejected)

    def stop(self) -> None:
        """Take up no further file."""
        self._ending = True

    async def close(self) -> None:
        """End the child that prints."""
        self.stop()
        await self._printer.close()

    async def _handle(self, claimed: Claimed, handled: Handled) -> None:
        xml: bytes | None = None
        try:
            xml = await asyncio.to_thread(self._folder.read, claimed)
            if xml is None:
                return
            known = await asyncio.to_thread(self._ask, partial(unattended.queued_before, xml=xml))
            danfe = Danfe(why="unasked")
            if known is None:
                (danfe,) = await self._printer.print([xml])
            parcel = Parcel(claimed.name, xml, danfe)
            queued = await asyncio.to_thread(self._do, partial(unattended.send, parcel=parcel))
        except (Unavailable, _Lost):
            raise
        except CarteiroError as e:
            await self._reject(claimed, xml, e.message)
            handled.rejected += 1
        except Exception:
            log.exception("%s broke", safe(claimed.name))
            await self._reject(
                claimed, xml, _("Ocorreu uma falha interna; os detalhes estão no log")
            )
            handled.rejected += 1
        else:
            if queued.duplicate:
                log.info("%s was queued before as %s", safe(claimed.name), queued.id)
            await asyncio.to_thread(self._folder.finish, claimed)
            handled.queued += 1

    async def _reject(self, claimed: Claimed, xml: bytes | None, why: str) -> None:
        """The bell first: whoever is killed between the two tells it of the same claim again."""
        tell = partial(
            unattended.tell_rejected, name=claimed.name, xml=xml, why=why, claim=claimed.id
        )
        await asyncio.to_thread(self._do, tell)
        await asyncio.to_thread(self._folder.reject, claimed, why)

    def _hold(self) -> bool:
        """Take or keep the lease."""
        if self._fence and time.monotonic() - self._renewed < _RENEW_SECONDS:
            return True
        with self._store.writing() as session:
            fence = leases.take(session, self._name, self._owner, _LEASE_SECONDS)
        self._fence, self._renewed = fence or 0, time.monotonic()
        return fence is not None

    def _give_back(self) -> None:
        if self._fence:
            self._fence = 0
            with self._store.writing() as session:
                leases.give_back(session, self._name, self._owner)

    def _ask(self, question: Callable[[Session], T]) -> T:
        with self._store.reading() as session:
            return question(session)

    def _do(self, work: Callable[[Session], T]) -> T:
        """``work``, committed while the lease stands."""
        with self._store.writing() as session:
            if not leases.holds(session, self._name, self._owner, self._fence):
                raise _Lost(_("Outro processo assumiu a pasta de documentos"))
            return work(session)
