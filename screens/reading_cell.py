"""The mark of a mailbox that is being read now, in any list."""

from __future__ import annotations

from screens.desk import Desk
from screens.widgets.columns import Cell
from screens.widgets.status import cell
from services.reading.under_way import UnderWay, under_way


async def being_read(desk: Desk) -> dict[int, UnderWay]:
    """What is being read now, by server."""
    return {each.server_id: each for each in await desk.ask(under_way)}


def reading_cell(now: UnderWay) -> Cell:
    """In place of its state: that it is being read, and how far that is."""
    words, tone = cell("reading")
    return words if now.percent is None else f"{words} {now.percent}%", tone
