"""The top line: partner and company, what the jobs do, and the bell in the right corner (R52)."""

from __future__ import annotations

import os

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.reactive import reactive
from textual.strip import Strip
from textual.widget import Widget

from screens.widgets.columns import fit
from services.language import _
from services.safe_text import safe

_BOLD = Style(bold=True)


class TopBar(Widget):
    """One line, drawn at once; it changes only when something that it shows changes."""

    DEFAULT_CSS = """
    TopBar { height: 1; dock: top; background: $primary 40%; color: $foreground; }
    """
    partner = reactive("")
    company = reactive("")
    activity = reactive("")
    unread = reactive(0)

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        bell = self._bell()
        room = width - cell_len(bell) - 1
        left = " " + " ▸ ".join(
            filter(None, (safe(self.partner, 60) or "Carteiro", safe(self.company, 60)))
        )
        activity = safe(self.activity, 60)
        space = room - cell_len(left) - cell_len(activity) - 2
        line = f"{left}{' ' * space}{activity}  " if activity and space >= 1 else left
        style = self.rich_style
        return Strip(
            [
                Segment(fit(line, room), style),
                Segment(bell + " ", style + _BOLD if self.unread else style),
            ],
            width,
        )

    def _bell(self) -> str:
        sign = _("sino") if os.environ.get("TERM") in ("linux", "dumb", "vt100") else "🔔"
        return f"{sign} {self.unread}" if self.unread < 1000 else f"{sign} 999+"

    async def on_click(self) -> None:
        """Open the feed."""
        await self.run_action("app.go('bell')")
