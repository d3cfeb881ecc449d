"""Opening the form of a record: of the one under a list's cursor, or of a new one."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar

from textual.screen import Screen

from screens.background import run_newest
from screens.widgets.list import WindowList

R = TypeVar("R")
_GROUP = "form"


class Records(Generic[R]):
    """For a screen or dialog with a list of records.

    ``read`` gives the record as it is now, None when somebody has removed it meanwhile; ``form``
    the dialog that changes a record, or registers a new one and gives it; ``then`` hears what it
    gave, and whether that is new.
    """

    def __init__(
        self,
        screen: Screen[Any],
        rows: WindowList,
        read: Callable[[int], Awaitable[R | None]],
        form: Callable[[R | None], Screen[Any]],
        then: Callable[[R | None, bool], Awaitable[None]],
    ) -> None:
        self._screen, self._rows = screen, rows
        self._read, self._form, self._then = read, form, then

    async def chosen(self) -> R | None:
        """The record under the cursor."""
        return None if self._rows.current is None else await self._read(self._rows.current)

    def new(self) -> None:
        """Register one."""
        run_newest(self._screen, _GROUP, self._fill_in, None)

    def edit(self) -> None:
        """Change the one under the cursor."""
        run_newest(self._screen, _GROUP, self._change)

    async def _change(self) -> None:
        record = await self.chosen()
        if record is not None:
            await self._fill_in(record)

    async def _fill_in(self, record: R | None) -> None:
        given = await self._screen.app.push_screen_wait(self._form(record))
        await self._then(given, record is None)
