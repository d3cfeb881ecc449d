"""All keys of the screen in front, searchable, and its help in plain words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Footer, Input

from screens.commands import Command, Commanded, Entry
from screens.widgets.foreign import Foreign
from services.language import _


class HelpDialog(Commanded, ModalScreen[None]):
    """Type to search; Esc closes."""

    DEFAULT_CSS = """
    HelpDialog { align: center middle; }
    HelpDialog .dialog { width: 76; max-width: 96%; height: 90%; background: $surface; border: round $primary; padding: 0 1; }
    HelpDialog Input { border: none; height: 1; background: $boost; }
    HelpDialog #words { padding: 0 0 1 0; }
    """
    AUTO_FOCUS: ClassVar[str | None] = "Input"
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command("help.close", "escape,f1", _("Fechar"), "dismiss(None)", order=1, palette=False),
        Command("help.down", "down,pagedown", _("Rolar"), "roll(1)", palette=False),
        Command("help.up", "up,pageup", _("Rolar para cima"), "roll(-1)", palette=False),
    )

    def __init__(self, title: str, words: str, entries: Sequence[Entry]) -> None:
        super().__init__()
        self._title = title
        self._words = words
        self._lines = [
            ("  ".join(entry.keys), entry.command.words, entry.command.help)
            for entry in entries
            if entry.command.words
        ]

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Foreign(_("Ajuda · {title}").format(title=self._title), classes="dialog-title")
            yield Foreign(self._words, block=True, id="words")
            yield Input(placeholder=_("procurar…"), compact=True)
            with VerticalScroll(can_focus=False):
                yield Foreign(self._found(""), block=True, id="keys")
        yield Footer(compact=True, show_command_palette=False)

    def _found(self, wanted: str) -> str:
        wanted = wanted.casefold()
        lines = [line for line in self._lines if wanted in " ".join(line).casefold()]
        if not lines:
            return _("Nada encontrado.")
        width = max(len(keys) for keys, _words, _help in self._lines)
        return "\n".join(
            f"{keys.ljust(width)}  {words}{': ' + more if more else ''}"
            for keys, words, more in lines
        )

    def on_input_changed(self, message: Input.Changed) -> None:
        """Show what matches."""
        self.query_one("#keys", Foreign).show(self._found(message.value))

    def action_roll(self, step: int) -> None:
        """Scroll half a page."""
        view = self.query_one(VerticalScroll)
        view.scroll_relative(y=step * max(1, view.size.height // 2), animate=False)
