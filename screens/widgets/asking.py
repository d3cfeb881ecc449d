"""Where a list's rows come from, and asking for them: the newest question wins."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

from textual.widget import Widget

from screens.background import run_newest
from screens.widgets.columns import Cell
from screens.widgets.numbers import grouped
from services.errors import CarteiroError
from services.language import _, ngettext
from services.safe_text import safe

log = logging.getLogger(__name__)
QUERY = "query"
ROWS = "rows"
"""The groups of the workers in which lists are asked for their ids, and for rows of them."""


class Source(Protocol):
    """Where a list's rows come from. Both may take long: the list never waits for them."""

    async def ids(self, filter: str, sort: str | None, descending: bool) -> Sequence[int]:  # noqa: A002
        """The ids of all rows that match, in order; best an ``array('q')``."""

    async def rows(self, ids: Sequence[int]) -> Mapping[int, Sequence[Cell]]:
        """The cells of a page of rows, one for each column; a row that is gone is left out."""


class Asking:
    """Which rows there are, under a filter and in an order, asked in workers of ``host``.

    ``take`` gets the ids; ``fail`` is called when ``error`` says why there are none.
    """

    def __init__(
        self,
        host: Widget,
        source: Source,
        take: Callable[[Sequence[int]], None],
        fail: Callable[[], None],
        sort: str | None,
        descending: bool,
    ) -> None:
        self.source = source
        self.filter = ""
        self.sort, self.descending = sort, descending
        self.total: int | None = None
        self.error = ""
        self.answered = False
        self._host, self._take, self._fail = host, take, fail
        self._running = False
        self._again = False
        self._settled = asyncio.Event()

    def ask(self, *, recount: bool = False) -> None:
        """Ask now; nobody waits for an older question."""
        if not self._host.is_attached:
            return
        self._running, self._again = True, False
        self._settled.clear()
        run_newest(self._host, QUERY, self._query, recount or self.total is None)

    def ask_again(self) -> None:
        """Something changed: ask once more, after what is being asked."""
        if self._running:
            self._again = True
        else:
            self.ask(recount=True)

    def begin(self, source: Source) -> None:
        """Another source, of which nothing is known; filter and order stay."""
        self.source, self.total = source, None
        self.answered, self.error = False, ""

    async def settled(self) -> None:
        """Wait until nothing is being asked any more."""
        while self._running and self._host.is_attached:
            await self._settled.wait()

    def failed(self, why: Exception) -> None:
        """What was asked was not answered; what is no word for the person goes to the log."""
        if isinstance(why, CarteiroError):
            message = why.message
        else:
            log.error("a list could not be read", exc_info=why)
            message = _("a lista não pôde ser lida; os detalhes estão no log")
        self.error, self.answered = safe(message, 300), True
        self._fail()

    async def _query(self, recount: bool) -> None:
        await self._answer(recount)
        while self._again:
            self._again = False
            await self._answer(recount=True)
        self._running = False
        self._settled.set()

    async def _answer(self, recount: bool) -> None:
        words = self.filter
        try:
            ids = await self.source.ids(words, self.sort, self.descending)
            if not words:
                self.total = len(ids)
            elif recount:
                self.total = len(await self.source.ids("", None, False))
        except Exception as e:  # noqa: BLE001 - whatever it is, the list says so
            self.failed(e)
        else:
            self.error = ""
            self._take(ids)
            self.answered = True

    # In words.

    def counts(self, shown: int, marks: int) -> str:
        """ "124 de 10.312", with the number of marks; words of the error when there is one."""
        if self.error:
            return f"▲ {self.error}"
        if not self.answered:
            return _("carregando…")
        words = grouped(shown)
        if self.filter and self.total is not None:
            words = _("{shown} de {total}").format(shown=words, total=grouped(self.total))
        if marks:
            told = ngettext("{n} marcada", "{n} marcadas", marks).format(n=grouped(marks))
            words = f"{told} · {words}"
        return words

    def instead(self, empty: str) -> tuple[str, str]:
        """What stands where there are no rows, and its style; ``empty`` when all is well."""
        if self.error:
            return f"▲ {self.error}", "bad"
        if not self.answered:
            return _("carregando…"), "message"
        if self.filter:
            return nothing_is(self.filter), "message"
        return empty or _("Nada aqui ainda"), "message"


def nothing_is(narrowed: str) -> str:
    """That no row is as ``narrowed`` to, as typed or as a title has it; nothing where it is not."""
    words = safe(narrowed, 60).strip(" ·")
    return _("Nada corresponde a “{filter}”").format(filter=words) if words else ""
