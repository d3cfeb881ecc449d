"""The bulk works of this console: those in front, and those let go on in the background."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from screens.bulk import Bulk
from services.language import _


class Works:
    """Knows every work until it is over and has told what it had to tell."""

    def __init__(self, tell: Callable[[str, str], None]) -> None:
        """``tell`` gets the words of a work that ended in the background, and their severity."""
        self._bulks: list[Bulk[Any]] = []
        self._tell = tell

    async def watch(self, bulk: Bulk[Any]) -> None:
        """Know ``bulk`` until it is over."""
        self._bulks.append(bulk)
        await bulk.over.wait()
        whole = bulk.outcome.whole
        if bulk.behind and whole:
            self._tell(_("{title}: pronto").format(title=bulk.title), "information")
        elif bulk.behind:
            words = _("{title}: {end} Tecle w para ver.")
            self._tell(words.format(title=bulk.title, end=bulk.end), "warning")
        if whole or not bulk.behind:
            self._bulks.remove(bulk)

    @property
    def running(self) -> list[Bulk[Any]]:
        """Those that are not over."""
        return [bulk for bulk in self._bulks if not bulk.over.is_set()]

    @property
    def behind(self) -> list[Bulk[Any]]:
        """Those in the background, the ended ones that were not looked at included."""
        return [bulk for bulk in self._bulks if bulk.behind]

    @property
    def words(self) -> str:
        """What goes on in the background, for the top bar."""
        return " · ".join(f"{b.title} {b.share:.0%}" for b in self.running if b.behind)

    def fetch(self) -> Bulk[Any]:
        """The newest in the background, to be shown again."""
        bulk = self.behind[-1]
        bulk.behind = False
        if bulk.over.is_set():
            self._bulks.remove(bulk)
        return bulk

    async def stop(self) -> None:
        """Let every work end the chunk that is under way, and no more."""
        for bulk in self.running:
            bulk.stop()
            await bulk.over.wait()
