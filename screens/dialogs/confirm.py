"""A question before something that cannot be undone by the next key."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Footer

from screens.commands import Command, Commanded
from screens.widgets.foreign import Foreign
from services.language import _


class Confirm(Commanded, ModalScreen[bool]):
    """Says what will happen; only ``s`` does it, Esc and Enter leave everything as it is."""

    DEFAULT_CSS = """
    Confirm { align: center middle; }
    Confirm .dialog { width: 64; max-width: 96%; height: auto; background: $surface; border: round $warning; padding: 0 1; }
    Confirm #text { padding: 1 0; }
    """
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command("confirm.yes", "s,y", _("Sim"), "answer(True)", order=1, palette=False),
        Command("confirm.no", "escape,n,enter", _("Não"), "answer(False)", order=2, palette=False),
    )

    def __init__(self, title: str, text: str = "") -> None:
        super().__init__()
        self._title = title
        self._text = text

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Foreign(self._title, classes="dialog-title")
            yield Foreign(self._text, block=True, id="text")
        yield Footer(compact=True, show_command_palette=False)

    def action_answer(self, yes: bool) -> None:
        """Close with the answer."""
        self.dismiss(yes)
