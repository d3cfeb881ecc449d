"""DANFEs of documents on their way out: never on the event loop, never without an end (R31)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from services.errors import Unavailable
from services.fiscal.danfe import Danfe, is_installed
from services.reading.taking_apart.extractor import Extractor

log = logging.getLogger(__name__)

SECONDS = 30.0
"""How long one may take: hundreds of items take minutes, and the XML does not wait for them."""


class Printer:
    """A child process that prints, started at the first document; end it by :meth:`close`."""

    def __init__(self, seconds: float = SECONDS) -> None:
        self._child = Extractor(deadline=seconds)

    async def print(self, xmls: Sequence[bytes]) -> list[Danfe]:
        """The DANFE of each document, in order, or why there is none; raises nothing."""
        if not is_installed():
            return [Danfe(why="missing") for _xml in xmls]
        try:
            return await self._child.print_many(xmls)
        except Unavailable:
            log.exception("no process to print DANFEs in")
            return [Danfe(why="failed") for _xml in xmls]

    async def close(self) -> None:
        """End the child."""
        await asyncio.shield(self._child.close())


async def print_once(xmls: Sequence[bytes]) -> list[Danfe]:
    """:meth:`Printer.print` by a child of its own, which ends with it."""
    printer = Printer()
    try:
        return await printer.print(xmls)
    finally:
        await printer.close()
