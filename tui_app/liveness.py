"""What was committed anywhere shows by itself: the screens in view, the bell and its toasts (R52)."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from textual.app import App
from textual.screen import Screen

from screens.desk import Desk
from screens.frame import FramedScreen
from screens.widgets.columns import fit
from screens.widgets.foreign import notify_safe
from screens.widgets.topbar import TopBar
from services.errors import CarteiroError
from services.safe_text import safe

if TYPE_CHECKING:
    from screens.dialogs.manners import Live
    from services.reading.under_way import UnderWay

log = logging.getLogger(__name__)
LIVE_SECONDS = 0.25
TOASTS_AT_ONCE = 3
TOAST_SECONDS = 4.0
TOAST_EDGES = 3
"""Columns of a toast beside its words."""


class Liveness:
    """Shows what is new, once for all that was committed within ``LIVE_SECONDS``."""

    def __init__(self, app: App[Any], desk: Desk) -> None:
        self._app, self._desk = app, desk
        self._dirty = asyncio.Event()
        self._newest: int | None = None
        self._toasted: list[float] = []
        self.unread = 0
        self.down = 0
        self._being_read: list[UnderWay] = []

    @property
    def reading(self) -> str:
        """Which mailboxes are being read at this moment, by any process; empty for none."""
        if not self._being_read:
            return ""
        from services.reading import under_way

        return under_way.words(self._being_read)

    def note(self) -> None:
        """Something was committed, here or elsewhere."""
        self._dirty.set()

    async def run(self) -> None:
        """Go on until the program ends."""
        while True:
            await self._dirty.wait()
            self._dirty.clear()
            try:
                await self._ring()
                for screen in _lively(self._app.screen_stack):
                    await self._refresh(screen)
            except CarteiroError as e:
                notify_safe(self._app, e.message, "warning")
            except Exception:
                log.exception("live refresh failed")
            await asyncio.sleep(LIVE_SECONDS)

    async def _refresh(self, screen: Live) -> None:
        """One that is left while it reads keeps none behind it from being shown."""
        try:
            await screen.refresh_live()
        except CarteiroError:
            raise
        except Exception:
            left: object = screen
            if any(each is left for each in self._app.screen_stack):
                log.exception("live refresh failed")

    async def _ring(self) -> None:
        """What comes again counts in the bell, but calls nobody a second time."""
        from services.health import overview
        from services.notifications import bell
        from services.reading import under_way

        self.unread = await self._desk.ask(bell.unread_count)
        self.down = await self._desk.ask(overview.down_count)
        self._being_read = await self._desk.ask(under_way.under_way)
        self._show_numbers()
        newest = await self._desk.ask(bell.feed, limit=TOASTS_AT_ONCE)
        top, before = newest[0].turn if newest else 0, self._newest
        framed = framed_of(self._app.screen_stack)
        if before is not None and top > before and (framed is None or framed.key != "bell"):
            fresh = [e for e in newest if e.turn > before and not e.repeated]
            for entry in reversed(fresh):
                self._toast(entry.title, entry.severity)
            if fresh and self._desk.settings.terminal_bell:
                self._app.bell()
        self._newest = top

    def _toast(self, title: str, severity: str) -> None:
        """One line of the top three at most: the bell has them all. Errors are told even so."""
        now = time.monotonic()
        self._toasted = [at for at in self._toasted if now - at < TOAST_SECONDS]
        if len(self._toasted) < TOASTS_AT_ONCE or severity == "error":
            self._toasted.append(now)
            room = self._app.size.width - self._beside_the_bell() - TOAST_EDGES
            notify_safe(self._app, fit(safe(title), room).rstrip(), severity, TOAST_SECONDS)

    def _beside_the_bell(self) -> int:
        """Have toasts end where the bell begins, whatever it counts; columns that it takes."""
        framed = framed_of(self._app.screen_stack)
        width = framed.query_one(TopBar).bell_width if framed is not None else 0
        for rack in self._app.screen.query("ToastRack"):
            rack.styles.padding = (0, width, 0, 0)
        return width

    def _show_numbers(self) -> None:
        for screen in self._app.screen_stack:
            for bar in screen.query(TopBar):
                bar.unread, bar.down = self.unread, self.down


def framed_of(screens: Sequence[Screen[Any]]) -> FramedScreen | None:
    """The screen in front, or the one under a dialog: it lives on there."""
    return next((s for s in reversed(screens) if isinstance(s, FramedScreen)), None)


def _lively(screens: Sequence[Screen[Any]]) -> list[Live]:
    """The screen in front or under the dialogs, and the dialogs that live on too."""
    from screens.dialogs.manners import Live

    found: list[Live] = []
    for screen in reversed(screens):
        if isinstance(screen, Live):
            found.append(screen)
        if isinstance(screen, FramedScreen):
            break
    return found
