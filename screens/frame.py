"""The frame round every screen: top bar, Painel de Controle at the left, keys at the bottom."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any, ClassVar, Self, TypeVar

from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.screen import Screen
from textual.widget import Widget

from screens.background import run_beside, run_newest
from screens.commands import Commanded
from screens.desk import Desk
from screens.widgets.foreign import notify_safe
from screens.widgets.keyline import KeyLine
from screens.widgets.panel import Panel
from screens.widgets.topbar import TopBar

T = TypeVar("T")
FOLD_BELOW = 100


class FramedScreen(Commanded, Screen[None]):
    """A screen of the house. A subclass gives its ``title_words``, ``help_words`` and ``body``."""

    DEFAULT_CSS = """
    FramedScreen { layout: vertical; }
    FramedScreen > #middle { height: 1fr; }
    FramedScreen.company-user .partner-only { display: none; }
    FramedScreen #body { width: 1fr; height: 1fr; padding: 0 1; }
    """
    AUTO_FOCUS: ClassVar[str | None] = "WindowList"
    key: ClassVar[str] = ""
    needs_company: ClassVar[bool] = False
    fold_below: ClassVar[int] = FOLD_BELOW

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk

    @classmethod
    def title_words(cls) -> str:
        """The screen's name."""
        raise NotImplementedError

    def help_words(self) -> str:
        """The screen's help: what it is for, in plain words."""
        return ""

    def body(self) -> Iterable[Widget]:
        """The widgets between panel and footer."""
        raise NotImplementedError

    def compose(self) -> ComposeResult:
        self.seat()
        yield TopBar(mark=self.desk.mark)
        with Horizontal(id="middle"):
            yield Panel(self.key)
            with Vertical(id="body"):
                yield from self.body()
        yield KeyLine()

    def seat(self) -> None:
        """Show what this person has; the partner's places are not a company user's (R53)."""
        self.set_class(self.desk.ready.is_set() and not self.desk.actor.is_partner, "company-user")

    def on_resize(self, event: events.Resize) -> None:
        """Fold the panel away where room is scarce; the top line tells where it is too scarce."""
        self.query_one(Panel).display = event.size.width >= self.fold_below
        self.query_one(TopBar).refresh()

    async def refresh_live(self) -> None:
        """Something was committed, here or elsewhere: show it. Called at most four times a second."""

    async def company_changed(self) -> None:
        """Another company was chosen."""
        await self.refresh_live()

    async def narrow_as(self, before: Self) -> None:
        """List what ``before`` listed: this very screen, in another language."""

    def refuse(self, message: str) -> None:
        """Tell the person why something cannot be."""
        notify_safe(self.app, message, "error")

    def attempt(
        self,
        work: Callable[[], Awaitable[T]],
        then: Callable[[T], Any] | None = None,
        *,
        group: str = "work",
    ) -> None:
        """Run ``work`` off the key press; a refusal becomes a message, the result goes to ``then``.

        Newer work of one ``group`` takes the place of older work that only read.
        """

        async def run() -> None:
            result = await work()
            if then is not None and self.is_attached:
                answer = then(result)
                if isinstance(answer, Awaitable):
                    await answer

        if group == "work":
            run_beside(self, group, run)
        else:
            run_newest(self, group, run)
