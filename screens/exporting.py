"""Exporting documents from their list: the marked ones, or all that is filtered (decision 19)."""

from __future__ import annotations

from collections.abc import Sequence

from screens.bulk import Left
from screens.desk import Desk
from screens.dialogs.confirm import Confirm
from screens.dialogs.progress import run_in_chunks
from screens.frame import FramedScreen
from screens.widgets.foreign import notify_safe
from screens.widgets.numbers import grouped
from services import clock
from services.language import _, ngettext
from services.reading import exporting
from services.store import exchange


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
    goal = exporting.goal(path)
    kept = False

    async def work(some: Sequence[int]) -> Sequence[Left]:
        nonlocal kept
        await desk.ask(exporting.put, goal, some)
        if some[-1] == ids[-1]:
            goal.keep()
            kept = True
        return []

    outcome = await run_in_chunks(
        screen.app, _("Exportando documentos"), ids, exporting.AT_ONCE, work
    )
    if outcome.behind:
        return
    if not kept:
        goal.drop()
        return
    done = ngettext("{n} documento em {path}", "{n} documentos em {path}", outcome.done)
    notify_safe(screen.app, done.format(n=grouped(outcome.done), path=path))
