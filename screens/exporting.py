"""Exporting documents from their list: the marked ones, or all that is filtered (decision 19)."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from screens.bulk import Bulk, Left
from screens.desk import Desk
from screens.dialogs.confirm import Confirm
from screens.dialogs.progress import run_watched
from screens.frame import FramedScreen
from screens.widgets.foreign import notify_safe
from screens.widgets.numbers import grouped
from services import clock
from services.language import _, ngettext
from services.reading import exporting
from services.reading.exporting import Goal
from services.store import exchange


class Exporting(Bulk[int]):
    """Writes documents by chunks; however it ends, nothing half-made is left where they go."""

    def __init__(self, desk: Desk, goal: Goal, ids: Sequence[int]) -> None:
        super().__init__(_("Exportando documentos"), ids, exporting.AT_ONCE, self._put)
        self._desk, self._goal = desk, goal

    async def go_through(self, items: Sequence[int]) -> None:
        """Chunk by chunk, then all appears; or none, where it was stopped or broke off."""
        try:
            await super().go_through(items)
        finally:
            if self.gone < self.total:
                self._goal.drop()
        if self.gone == self.total:
            # The disk takes its time for what is large.
            await asyncio.to_thread(self._goal.keep)

    async def _put(self, some: Sequence[int]) -> Sequence[Left]:
        await self._desk.ask(exporting.put, self._goal, some)
        return []


async def export(screen: FramedScreen, desk: Desk, ids: Sequence[int], *, whole: bool) -> None:
    """Write ``ids`` into the exchange folder, as one zip or (not ``whole``) a folder of files.

    A question first; then progress, which can be stopped or left in the background. Call it from
    a worker of ``screen``.
    """
    count = len(ids)
    at = clock.now().astimezone()
    name = _("documentos-{at}").format(at=f"{at:%Y%m%d-%H%M%S}")
    path = exchange.place(desk.settings, f"{name}.zip" if whole else name)
    title = ngettext("Exportar {n} documento?", "Exportar {n} documentos?", count)
    words = _("Um arquivo zip: {path}") if whole else _("Uma pasta de arquivos: {path}")
    question = Confirm(title.format(n=grouped(count)), words.format(path=path))
    if not count or not await screen.app.push_screen_wait(question):
        return
    work = Exporting(desk, exporting.goal(path), ids)
    outcome = await run_watched(screen.app, work)
    if outcome.behind or outcome.stopped or outcome.error:
        return
    done = ngettext("{n} documento em {path}", "{n} documentos em {path}", outcome.done)
    notify_safe(screen.app, done.format(n=grouped(outcome.done), path=path))
