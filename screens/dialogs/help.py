"""All keys of the screen in front, its help, and that of the focused field."""

from __future__ import annotations

from textwrap import wrap
from typing import ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widgets import Input, Static

from screens.commands import Command, Commanded, Entry, possible
from screens.widgets.foreign import Foreign
from screens.widgets.line_input import LineInput
from services.language import _
from services.safe_text import safe

KEYS_WIDTH = 16


class HelpDialog(Commanded, ModalScreen[None]):
    """Opened over a screen, it tells of that screen; typing searches."""

    DEFAULT_CSS = """
    HelpDialog { align: center middle; }
    HelpDialog > Vertical {
        width: 76; max-width: 96%; height: 90%;
        background: $surface; border: round $primary; padding: 0 2;
    }
    HelpDialog .title { text-style: bold; color: $text-primary; }
    HelpDialog VerticalScroll { height: 1fr; margin: 1 0 0 0; scrollbar-size-vertical: 1; }
    HelpDialog .words { padding: 0 0 1 0; }
    HelpDialog .field { padding: 0 0 1 0; color: $text-accent; }
    HelpDialog .hint { height: 1; color: $foreground 60%; }
    """
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command("help.close", "escape,f1", _("Fechar"), "close", order=1, palette=False),
        Command("help.up", "up", _("Linha acima"), "scroll(-1)", palette=False),
        Command("help.down", "down", _("Linha abaixo"), "scroll(1)", palette=False),
        Command("help.page_up", "pageup", _("Página acima"), "scroll(-10)", palette=False),
        Command("help.page_down", "pagedown", _("Página abaixo"), "scroll(10)", palette=False),
    )

    def __init__(self, title: str, text: str = "") -> None:
        super().__init__()
        self._title, self._text = title, text
        self._entries: list[Entry] = []
        self._keys = Static(markup=False)

    def compose(self) -> ComposeResult:
        below = self._below()
        self._entries = list(possible(below))
        with Vertical():
            yield Foreign(_("Ajuda: {title}").format(title=self._title), classes="title")
            yield LineInput(placeholder=_("procurar uma tecla ou ação…"))
            with VerticalScroll(can_focus=False):
                if self._text:
                    yield Foreign(self._text, block=True, classes="words")
                if field := _field_help(below):
                    yield Foreign(field, block=True, classes="field")
                yield self._keys
            yield Static(_("↑↓ rola · Esc fecha"), classes="hint", markup=False)

    def on_mount(self) -> None:
        """Everything, before anything is searched."""
        self._show("")

    def _below(self) -> Screen[object]:
        stack = self.app.screen_stack
        return stack[stack.index(self) - 1] if self in stack else stack[-1]

    def on_input_changed(self, event: Input.Changed) -> None:
        """Search."""
        event.stop()
        self._show(event.value.strip().casefold())

    def _show(self, sought: str) -> None:
        room = max(min(76, self.app.size.width * 96 // 100) - KEYS_WIDTH - 8, 16)
        lines = []
        for entry in self._entries:
            command = entry.command
            keys = safe(", ".join(entry.keys))
            if sought not in f"{keys} {command.words} {command.help}".casefold():
                continue
            told = f"{command.words}: {command.help}" if command.help else command.words
            first, *more = wrap(safe(told), room) or [""]
            pad = " " * max(KEYS_WIDTH - cell_len(keys), 1)
            lines.append(Content.assemble((f"{keys}{pad}", "bold $text-accent"), first))
            lines.extend(Content(" " * KEYS_WIDTH + line) for line in more)
        self._keys.update(Content("\n").join(lines) if lines else Content(_("Nada encontrado")))

    def action_close(self) -> None:
        """Back to the screen."""
        self.dismiss()

    def action_scroll(self, lines: int) -> None:
        """Scroll while the search keeps the focus."""
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)


def _field_help(screen: Screen[object]) -> str:
    focused = screen.focused
    for node in (focused, *focused.ancestors) if focused is not None else ():
        told = getattr(node, "help_of_field", None)
        if told is not None:
            return str(told())
    return ""
