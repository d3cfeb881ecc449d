"""Foreign text on the screen: made safe once, never read as markup."""

from __future__ import annotations

from typing import Any, Literal, cast

from textual.app import App
from textual.content import Content
from textual.widgets import Static

from services.safe_text import safe, safe_block

_SEVERITIES = ("information", "warning", "error")


class Foreign(Static):
    """Shows text that came from outside. ``block`` keeps its line ends."""

    DEFAULT_CSS = """
    Foreign { width: 1fr; height: auto; }
    """

    def __init__(
        self,
        text: object = "",
        *,
        block: bool = False,
        id: str | None = None,  # noqa: A002 - the name that every widget uses
        classes: str | None = None,
    ) -> None:
        self._block = block
        super().__init__(self._inert(text), id=id, classes=classes, markup=False)

    def _inert(self, text: object) -> Content:
        return Content(safe_block(text) if self._block else safe(text))

    def show(self, text: object) -> None:
        """Put another foreign text in its place."""
        self.update(self._inert(text))


def notify_safe(
    app: App[Any], text: object, severity: str = "information", seconds: float | None = None
) -> None:
    """A toast with foreign words in it; an unknown severity counts as information."""
    known = severity if severity in _SEVERITIES else "information"
    app.notify(
        safe_block(text, 600),
        severity=cast(Literal["information", "warning", "error"], known),
        timeout=seconds,
        markup=False,
    )
