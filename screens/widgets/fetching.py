"""Fetching the rows of a list that are not at hand: those in view first, then their neighbours."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from textual.widget import Widget

from screens.background import run_beside
from screens.widgets.asking import ROWS, Source
from screens.widgets.pages import PAGE, Pages
from services.courtesy import person

Window = Callable[[], tuple[Sequence[int], int, int]]
"""The ids of all rows; the first index in view, and the one after the last."""


class Fetching:
    """Fills ``pages`` in a worker of ``host``, for as long as something near the view is missing.

    ``show`` gets the ids of rows that read otherwise now, ``fail`` why there are none.
    """

    def __init__(
        self,
        host: Widget,
        pages: Pages,
        window: Window,
        source: Callable[[], Source],
        show: Callable[[set[int]], None],
        fail: Callable[[Exception], None],
    ) -> None:
        self._host, self._pages = host, pages
        self._window, self._source = window, source
        self._show, self._fail = show, fail
        self._under_way = False

    def need(self) -> None:
        """Fetch the page in view if it is missing or old, then its neighbours."""
        if not self._under_way and self._host.is_attached and self._wanted() is not None:
            self._under_way = True
            run_beside(self._host, ROWS, self._fetch)

    def _wanted(self) -> int | None:
        return self._pages.wanted(*self._window())

    async def _next(self) -> int | None:
        """The page to fetch now; what is not in view yet waits for the key that is under way."""
        page = self._wanted()
        _ids, top, end = self._window()
        if page is not None and not top // PAGE <= page <= end // PAGE:
            await person.passed()
            page = self._wanted()
        return page

    async def _fetch(self) -> None:
        try:
            while (page := await self._next()) is not None:
                source, generation = self._source(), self._pages.generation
                ids = self._window()[0][page * PAGE : (page + 1) * PAGE]
                rows = await source.rows(ids)
                if source is self._source():
                    self._show(self._pages.keep(ids, rows, generation))
        except Exception as e:  # noqa: BLE001 - whatever it is, the list says so
            self._fail(e)
        finally:
            self._under_way = False
