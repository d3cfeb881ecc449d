"""How far a bulk work is, with what is left of the time; and what was refused, at the end."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, TypeVar

from textual.app import App, ComposeResult
from textual.containers import Vertical
from textual.message import Message
from textual.screen import ModalScreen
from textual.widget import Widget

from screens.background import run_beside
from screens.bulk import Bulk, Left, Outcome, Work
from screens.commands import Command, Commanded
from screens.widgets.columns import Cell, Column
from screens.widgets.foreign import Foreign
from screens.widgets.keyline import KeyLine
from screens.widgets.list import WindowList
from services.language import _, later

T = TypeVar("T")
BEAT = 0.1
HIDDEN_SECONDS = 0.3
"""What is over sooner shows no dialog: nothing flashes."""


async def run_in_chunks(
    app: App[Any], title: str, items: Sequence[T], chunk: int, work: Work[T]
) -> Outcome:
    """Do ``work`` for ``items``, ``chunk`` at a time, while a dialog shows how far it is.

    Esc ends it between two chunks; ``s`` lets it go on in the background: this returns at once
    then, with ``behind`` set. What was refused is listed with its reasons before this returns.
    Call it from a worker of a screen (it waits for the dialog).
    """
    return await run_watched(app, Bulk(title, items, chunk, work))


async def run_watched(app: App[Any], bulk: Bulk[Any]) -> Outcome:
    """The same for a work that is there already."""
    return await app.push_screen_wait(Progress(bulk))


class Bar(Widget):
    """A share of one, drawn in one line with its percentage."""

    DEFAULT_CSS = """
    Bar { height: 1; color: $text-primary; }
    Bar.failed { color: $text-error; }
    """

    def __init__(self) -> None:
        super().__init__()
        self.share = 0.0

    def put(self, share: float) -> None:
        """Show another share."""
        if share != self.share:
            self.share = share
            self.refresh()

    def render(self) -> str:
        room = max(self.size.width - 6, 1)
        full = int(room * self.share)
        return f"{'█' * full}{'░' * (room - full)} {int(self.share * 100):3} %"


class _Refused:
    """What was refused, as a list reads it."""

    def __init__(self, bulk: Bulk[Any]) -> None:
        self._bulk = bulk

    @property
    def _left(self) -> list[Left]:
        return self._bulk.left

    async def ids(self, filter: str, sort: str | None, descending: bool) -> Sequence[int]:  # noqa: A002
        return range(len(self._left))

    async def rows(self, ids: Sequence[int]) -> Mapping[int, Sequence[Cell]]:
        return {i: (self._left[i].what, self._left[i].why) for i in ids}


class Progress(Commanded, ModalScreen[Outcome]):
    """Shows ``bulk``, starting it if it does not run yet; closes by itself when all was done."""

    DEFAULT_CSS = """
    Progress.early { background: transparent; }
    Progress.early .dialog, Progress.early KeyLine { display: none; }
    Progress .dialog { height: auto; max-height: 90%; }
    Progress #words { margin: 0 0 1 0; }
    Progress #end { display: none; color: $text-warning; }
    Progress.over #end { display: block; }
    Progress WindowList { display: none; height: 12; }
    Progress #why { display: none; height: auto; min-height: 2; max-height: 4; color: $text-muted; }
    Progress.refused WindowList, Progress.refused #why { display: block; }
    """
    AUTO_FOCUS: ClassVar[str | None] = ""
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command(
            "progress.stop",
            "escape",
            later("Parar"),
            "stop",
            later("Termina o lote em andamento e para; o que foi feito fica feito"),
            order=1,
            when=lambda d: d.stoppable,
        ),
        Command(
            "progress.behind",
            "s",
            later("Continuar em segundo plano"),
            "behind",
            order=2,
            when=lambda d: d.stoppable,
        ),
        Command(
            "progress.close",
            "escape,enter,q",
            later("Fechar"),
            "close",
            order=1,
            when=lambda d: d.bulk.over.is_set(),
        ),
    )

    class Started(Message):
        """A work began: whoever closes the program must know."""

        def __init__(self, bulk: Bulk[Any]) -> None:
            super().__init__()
            self.bulk = bulk

    def __init__(self, bulk: Bulk[Any], *, running: bool = False) -> None:
        """``running``: ``bulk`` was started before, and is shown again."""
        super().__init__(classes="" if running else "early")
        self.bulk = bulk
        self._begun = running
        self._bar = Bar()
        self._words = Foreign(id="words")
        self._list = WindowList(
            _Refused(bulk),
            (Column("what", _("Item"), 24, wide=True), Column("why", _("Motivo"), 30, wide=True)),
        )

    @property
    def stoppable(self) -> bool:
        """True while it runs, can be seen, and nobody has said stop."""
        return not (self.bulk.over.is_set() or self.bulk.stopping or self.has_class("early"))

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Foreign(self.bulk.title, classes="dialog-title")
            yield self._bar
            yield self._words
            yield Foreign(id="end", block=True)
            yield self._list
            yield Foreign(id="why", block=True)
        yield KeyLine()

    def on_mount(self) -> None:
        """Start, and look ten times a second; the work itself outlives this dialog."""
        if not self._begun:
            run_beside(self.app, "bulk", self.bulk.run)
            self.app.post_message(self.Started(self.bulk))
        self.set_timer(HIDDEN_SECONDS, self._appear)
        self.set_interval(BEAT, self._show)
        run_beside(self, "work", self._wait)

    def _appear(self) -> None:
        self.remove_class("early")
        self._show()
        self.refresh_bindings()

    def _show(self) -> None:
        self._bar.put(self.bulk.share)
        self._words.show(self.bulk.words)

    async def _wait(self) -> None:
        await self.bulk.over.wait()
        if self.bulk.outcome.whole:
            self.dismiss(self.bulk.outcome)
            return
        self._appear()
        self._bar.set_class(bool(self.bulk.error), "failed")
        self.add_class("over")
        self.set_class(bool(self.bulk.left), "refused")
        self.query_one(".dialog").set_class(bool(self.bulk.left), "wide")
        self.query_one("#end", Foreign).show(self.bulk.end)
        self._list.refresh_ids()
        if self.bulk.left:
            self._list.focus()

    def on_window_list_highlighted(self, message: WindowList.Highlighted) -> None:
        """The reason under the cursor, in full."""
        if message.id is not None:
            left = self.bulk.left[message.id]
            self.query_one("#why", Foreign).show(f"{left.what}: {left.why}")

    def on_window_list_chosen(self) -> None:
        """Enter closes, in the list too."""
        self.action_close()

    def action_stop(self) -> None:
        """End between two chunks."""
        self.bulk.stop()
        self._show()
        self.refresh_bindings()

    def action_behind(self) -> None:
        """Go on without this dialog."""
        self.bulk.behind = True
        self.dismiss(self.bulk.outcome)

    def action_close(self) -> None:
        """Close: what it had to tell is told."""
        self.bulk.behind = False
        self.dismiss(self.bulk.outcome)
