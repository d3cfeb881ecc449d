"""The top line: where one is, what the jobs do, and the bell in the corner (R52)."""

from __future__ import annotations

import locale
import os

from rich.cells import cell_len, set_cell_size
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from screens.widgets.columns import fit
from screens.widgets.numbers import grouped
from services.language import _, ngettext
from services.safe_text import safe

BELL = "🔔"
PLAIN_BELL = "[!]"
LEAST = 80, 24
"""Columns and lines for which every screen and dialog is made."""


def can_draw_bell() -> bool:
    """False on terminals that have no picture of a bell: the Linux console, other encodings."""
    encoding = locale.getpreferredencoding(False).lower().replace("-", "")
    return encoding == "utf8" and os.environ.get("TERM", "") not in (
        "linux",
        "dumb",
        "vt100",
        "vt220",
    )


class TopBar(Widget):
    """Partner ▸ company at the left; activity; what is down; the bell in the right corner."""

    DEFAULT_CSS = """
    TopBar { height: 1; background: $panel; color: $foreground; }
    TopBar:ansi, TopBar:nocolor { text-style: reverse; }
    """
    ALLOW_SELECT = False

    partner: reactive[str] = reactive("")
    company: reactive[str] = reactive("")
    activity: reactive[str] = reactive("")
    unread: reactive[int] = reactive(0)
    down: reactive[int] = reactive(0)

    class BellClicked(Message):
        """Somebody clicked on the bell."""

    class DownClicked(Message):
        """Somebody clicked on the number of mailboxes that are down."""

    def __init__(self, *, mark: str = "", plain: bool | None = None) -> None:
        """``mark`` stands before all else.

        ``plain`` writes the bell in ASCII; by default only where the terminal needs it.
        """
        super().__init__()
        self.mark = f" {safe(mark, 20)} " if mark else ""
        self.plain = not can_draw_bell() if plain is None else plain

    @property
    def bell_width(self) -> int:
        """Columns at the right that the bell and its count take."""
        return cell_len(self._bell)

    @property
    def _bell(self) -> str:
        count = "9.999+" if self.unread > 9_999 else grouped(self.unread)
        return f" {PLAIN_BELL if self.plain else BELL} {count} "

    @property
    def _down(self) -> str:
        if not self.down:
            return ""
        words = ngettext("{n} caixa parada", "{n} caixas paradas", self.down)
        return f" ▲ {words.format(n=grouped(self.down))} "

    def render(self) -> Content:
        width, size = self.size.width, self.screen.size
        bell, down = self._bell, self._down
        if size.width < LEAST[0] or size.height < LEAST[1]:
            least = _("{w}×{h}: aumente para {x}×{y}")
            words = least.format(w=size.width, h=size.height, x=LEAST[0], y=LEAST[1])
            return Content.assemble(
                (
                    set_cell_size(f" ▲ {words}", max(width - cell_len(bell), 0)),
                    "bold $text-warning",
                ),
                (bell, "bold"),
            )
        room = max(width - cell_len(self.mark) - cell_len(bell) - cell_len(down), 0)
        left = "".join(self._names)
        activity = safe(self.activity, 80)
        if activity:
            activity = f"{activity}  "
            # The activity gives way to the names, and both to the bell.
            spare = room - cell_len(left) - 2
            activity = (
                set_cell_size(activity, spare) if cell_len(activity) > spare > 8 else activity
            )
            activity = activity if cell_len(activity) <= spare else ""
        left = self._named(max(room - cell_len(activity), 0))
        return Content.assemble(
            (self.mark, "bold reverse $text-warning"),
            (left, "bold"),
            (activity, "$text-muted"),
            (down, "bold $text-error"),
            (bell, "bold $text-accent" if self.unread else "$text-muted"),
        )

    @property
    def _names(self) -> tuple[str, str]:
        partner, company = safe(self.partner, 80), safe(self.company, 80)
        chosen = company or (_("todas as empresas") if partner else "")
        return f" {partner or 'Carteiro'}", f" ▸ {chosen}" if chosen else ""

    def _named(self, room: int) -> str:
        """Both names in ``room`` cells: a long partner's gives way, so that the company is seen."""
        partner, chosen = self._names
        if cell_len(partner) + cell_len(chosen) <= room:
            return set_cell_size(partner + chosen, room)
        width = min(cell_len(partner), max(room // 3, room - cell_len(chosen)))
        return fit(partner, width) + fit(chosen, room - width)

    def on_click(self, event: object) -> None:
        """The bell opens the feed, the number before it what is down (R50, R52)."""
        x, bell = getattr(event, "x", 0), self.size.width - self.bell_width
        if x >= bell:
            self.post_message(self.BellClicked())
        elif x >= bell - cell_len(self._down):
            self.post_message(self.DownClicked())
