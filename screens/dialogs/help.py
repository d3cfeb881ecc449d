"""All keys of the screen in front, its help, and the rule of the field that has the focus there."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from textwrap import wrap
from typing import ClassVar

from rich.cells import cell_len
from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen, Screen
from textual.widgets import Input, Static

from screens.commands import Command, Commanded, Entry, possible
from screens.dialogs.field_rules import rule
from screens.widgets.field_row import FieldRow
from screens.widgets.foreign import Foreign
from screens.widgets.keyline import KeyLine
from screens.widgets.line_input import LineInput
from services.folding import holds
from services.language import _, later
from services.safe_text import safe, safe_block

KEYS_WIDTH = 16
MOST_FOUND = 4
"""Places of the manual that are named under what was found here."""


class HelpDialog(Commanded, ModalScreen[None]):
    """Opened over a screen, it tells of that screen; typing searches it, and the manual."""

    DEFAULT_CSS = """
    HelpDialog { align: center middle; }
    HelpDialog > Vertical {
        width: 76; max-width: 96%; height: 90%;
        background: $surface; border: round $primary; padding: 0 2;
    }
    HelpDialog .title { text-style: bold; color: $text-primary; }
    HelpDialog VerticalScroll { height: 1fr; margin: 1 0 0 0; scrollbar-size-vertical: 1; }
    """
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command("help.close", "escape,f1", later("Fechar"), "close", order=1, palette=False),
        Command(
            "help.manual",
            "f6",
            later("Manual"),
            "manual",
            later("Abre o manual no que está sendo procurado"),
            order=2,
            palette=False,
        ),
        Command("help.up", "up", later("Linha acima"), "scroll(-1)", palette=False),
        Command("help.down", "down", later("Linha abaixo"), "scroll(1)", palette=False),
        Command("help.page_up", "pageup", later("Página acima"), "scroll(-10)", palette=False),
        Command("help.page_down", "pagedown", later("Página abaixo"), "scroll(10)", palette=False),
    )

    def __init__(self, title: str, text: str = "") -> None:
        super().__init__()
        self._title, self._text = title, text
        self._entries: list[Entry] = []
        self._field: list[str] = []
        self._told = Static(markup=False)

    def compose(self) -> ComposeResult:
        below = self._below()
        self._entries = sorted(possible(below), key=_rank)
        self._field = list(field_help(below))
        with Vertical():
            yield Foreign(_("Ajuda: {title}").format(title=self._title), classes="title")
            yield LineInput(placeholder=_("procurar na ajuda e no manual…"))
            with VerticalScroll(can_focus=False):
                yield self._told
        yield KeyLine()

    def on_mount(self) -> None:
        """Everything, before anything is searched."""
        self._show("")

    def _below(self) -> Screen[object]:
        stack = self.app.screen_stack
        return stack[stack.index(self) - 1] if self in stack else stack[-1]

    def on_input_changed(self, event: Input.Changed) -> None:
        """Search."""
        event.stop()
        self._show(event.value.strip())

    def _show(self, sought: str) -> None:
        room = max(min(76, self.app.size.width * 96 // 100) - 8, 32)
        field = [*_paragraphs(self._field[1:], sought, room)]
        if field:
            field[:0] = _paragraphs(self._field[:1], "", room, "bold $text-accent")
        parts = [
            field,
            [*_paragraphs(_pieces(safe_block(self._text), sought), sought, room)],
            [line for entry in self._entries for line in _key(entry, sought, room)],
            [*_in_manual(sought, room)] if sought else [],
        ]
        lines: list[Content] = []
        for part in parts:
            if part and lines:
                lines.append(Content(""))
            lines += part
        lines = lines or [Content(_("Nada encontrado"))]
        self._told.update(Content("\n").join(lines))
        self.query_one(VerticalScroll).scroll_home(animate=False)

    def action_close(self) -> None:
        """Back to the screen."""
        self.dismiss()

    def action_manual(self) -> None:
        """The manual, searched for the same words."""
        from screens.dialogs.manual import CHAPTER_OF, ManualDialog

        at = CHAPTER_OF.get(getattr(self._below(), "key", ""))
        self.app.push_screen(ManualDialog(self.query_one(LineInput).value, at))

    def action_scroll(self, lines: int) -> None:
        """Scroll while the search keeps the focus."""
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)


class Helped(Commanded):
    """Mixin for a dialog with fields that has no help of its own: F1 shows it."""

    VERBS: ClassVar[tuple[Command, ...]] = (
        Command("dialog.help", "f1", later("Ajuda"), "help", order=20, palette=False),
    )

    def title_words(self) -> str:
        """The dialog's title."""
        raise NotImplementedError

    def help_words(self) -> str:
        """What the dialog is for, where its fields do not tell it."""
        return ""

    def action_help(self) -> None:
        """All keys, and the rule of the field in hand."""
        self.app.push_screen(HelpDialog(self.title_words(), self.help_words()))


def field_help(screen: Screen[object]) -> Iterator[str]:
    """Of the field that has the focus: its label, what it is for and its rule; or nothing."""
    focused = screen.focused
    row = next((n for n in focused.ancestors if isinstance(n, FieldRow)), None) if focused else None
    if row is None:
        return
    spec = row.spec
    told = [text for text in (spec.help, rule(getattr(screen, "rules", ""), spec.name)) if text]
    if spec.required and spec.kind != "readonly":
        told.append(_("Preenchimento obrigatório."))
    if told:
        yield _("Neste campo: {label}").format(label=spec.label)
        yield from told


def _rank(entry: Entry) -> tuple[bool, bool]:
    """What moves the focus or the cursor stands last: everybody knows those keys."""
    command = entry.command
    return command.order == 0, not command.palette


def _pieces(text: str, sought: str) -> list[str]:
    """Paragraphs; sentences when something is looked for in them."""
    return re.split(r"(?<=[.:;]) |\n", text) if sought else text.splitlines()


def _paragraphs(texts: Iterable[str], sought: str, room: int, style: str = "") -> Iterator[Content]:
    for text in texts:
        if holds(text, sought):
            for line in wrap(text, room) or [""]:
                yield Content.styled(line, style)


def _key(entry: Entry, sought: str, room: int) -> Iterator[Content]:
    command = entry.command
    keys = safe(", ".join(entry.keys))
    if not holds(f"{keys} {entry.words} {command.help}", sought):
        return
    told = f"{entry.words}: {command.help}" if command.help else entry.words
    first, *more = wrap(safe(told), room - KEYS_WIDTH) or [""]
    pad = " " * max(KEYS_WIDTH - cell_len(keys), 1)
    yield Content.assemble((f"{keys}{pad}", "bold $text-accent"), first)
    for line in more:
        yield Content(" " * KEYS_WIDTH + line)


def _in_manual(sought: str, room: int) -> Iterator[Content]:
    from screens.manual.chapters import search

    found = search(sought)
    if found:
        yield Content.styled(_("No manual (F6 abre)"), "bold $text-primary")
    for hit in found[:MOST_FOUND]:
        yield Content(safe(f"• {hit.title}", room))
