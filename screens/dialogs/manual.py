"""The manual: its chapters, a search over all of them, and the one that is being read."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any, ClassVar

from textual.app import App, ComposeResult, SystemCommand
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static

from screens.commands import Command, Commanded
from screens.dialogs.guidance import GuidanceDialog
from screens.manual import chapters as manual
from screens.manual.chapters import Block, Chapter, Found
from screens.widgets.foreign import Foreign
from screens.widgets.keyline import KeyLine
from screens.widgets.line_input import LineInput
from services.language import _, later
from services.safe_text import safe

CHAPTER_OF = {
    "home": "start",
    "mailboxes": "register",
    "companies": "register",
    "servers": "servers",
    "notification_emails": "notifications",
    "bell": "notifications",
    "outbox": "sending",
    "documents": "reading",
    "quarantine": "reading",
    "health": "microsoft",
    "users": "people",
    "audit": "people",
}
"""The chapter that speaks of a screen, by the screen's key."""

_STYLES = {"code": "bold $text-accent", "strong": "bold"}


class ManualDialog(Commanded, ModalScreen[None]):
    """Opens at the list of chapters, searched for ``words``, with the cursor on the chapter ``at``.

    With ``reading`` that chapter is opened. Esc goes back to the list, and from there away.
    """

    DEFAULT_CSS = """
    ManualDialog > Vertical {
        width: 92; max-width: 96%; height: 92%;
        background: $surface; border: round $primary; padding: 0 1;
    }
    ManualDialog OptionList {
        height: 1fr; margin: 1 0 0 0; border: none; padding: 0; background: $surface;
        scrollbar-size-vertical: 1;
    }
    ManualDialog VerticalScroll {
        height: 1fr; margin: 1 0 0 0; scrollbar-size-vertical: 1; scrollbar-gutter: stable;
    }
    ManualDialog.-reading LineInput, ManualDialog.-reading OptionList { display: none; }
    ManualDialog VerticalScroll { display: none; }
    ManualDialog.-reading VerticalScroll { display: block; }
    """
    AUTO_FOCUS: ClassVar[str | None] = "Input"
    VERBS: ClassVar[tuple[Command, ...]] = (
        # Before the search field sees them, which has no use for them.
        Command("manual.down", "down", later("Abaixo"), "move(1)", palette=False, priority=True),
        Command("manual.up", "up", later("Acima"), "move(-1)", palette=False, priority=True),
        Command(
            "manual.page_down",
            "pagedown",
            later("Página abaixo"),
            "page(1)",
            palette=False,
            priority=True,
        ),
        Command(
            "manual.page_up",
            "pageup",
            later("Página acima"),
            "page(-1)",
            palette=False,
            priority=True,
        ),
        Command(
            "manual.read",
            "enter",
            later("Ler"),
            "read",
            order=1,
            palette=False,
            priority=True,
            when=lambda d: not d.reading and d.hit is not None,
        ),
        Command(
            "manual.next",
            "right,n",
            later("Próximo capítulo"),
            "turn(1)",
            order=2,
            when=lambda d: d.reading is not None,
        ),
        Command(
            "manual.previous",
            "left,p",
            later("Capítulo anterior"),
            "turn(-1)",
            order=3,
            when=lambda d: d.reading is not None,
        ),
        Command("manual.guidance", "f7", later("Orientações dos provedores"), "guidance", order=5),
        Command("manual.back", "escape,f6", later("Voltar"), "back", order=4, palette=False),
    )

    def __init__(self, words: str = "", at: str | None = None, *, reading: bool = False) -> None:
        super().__init__()
        self._words = words
        self._at = at
        self._begins_reading = reading
        self._found: tuple[Found, ...] = ()
        self._sections: list[int] = []
        self._list = OptionList(markup=False)
        self._text = Static(markup=False)
        self.reading: Chapter | None = None

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Foreign(_("Manual"), classes="dialog-title")
            yield LineInput(self._words, placeholder=_("procurar em todos os capítulos…"))
            yield self._list
            with VerticalScroll():
                yield self._text
        yield KeyLine()

    def on_mount(self) -> None:
        self._fill(self._words)
        for place, hit in enumerate(self._found):
            if hit.chapter.key == self._at:
                self._list.highlighted = place
                if self._begins_reading:
                    self.call_after_refresh(self.action_read)
                break

    @property
    def hit(self) -> Found | None:
        """The place under the cursor of the list."""
        at = self._list.highlighted
        return self._found[at] if at is not None and at < len(self._found) else None

    def on_input_changed(self, event: Input.Changed) -> None:
        """Search as one types."""
        event.stop()
        self._fill(event.value)

    def _fill(self, words: str) -> None:
        self._found = manual.search(words)
        # The list is not laid out yet when it is filled first.
        room = max(min(92, self.app.size.width * 96 // 100) - 8, 24)
        self._list.set_options(
            [
                Content.assemble(
                    (safe(hit.title, room), "bold"),
                    "\n",
                    (f"  {safe(hit.words, room)}", "$foreground 60%"),
                )
                for hit in self._found
            ]
            or [Content(_("Nada encontrado: apague a busca ou tente outra palavra."))]
        )
        self._list.highlighted = 0 if self._found else None
        self.refresh_bindings()

    def on_option_list_option_selected(self) -> None:
        """A click."""
        self.action_read()

    def on_resize(self) -> None:
        """Wrap the chapter to the room there is."""
        if self.reading is not None:
            self.call_after_refresh(self._show, self.reading)

    def action_read(self) -> None:
        """Open the chapter under the cursor at the place that was found."""
        if self.hit is not None:
            self._open(self.hit.chapter, self.hit.section)

    def _open(self, chapter: Chapter, section: int = 0) -> None:
        self.reading = chapter
        self.add_class("-reading")
        self.query_one(".dialog-title", Foreign).show(chapter.title)
        self.query_one(VerticalScroll).focus()
        # The room is known once the chapter has taken the list's place.
        self.call_after_refresh(self._show, chapter, section)
        self.refresh_bindings()

    def _show(self, chapter: Chapter, section: int | None = None) -> None:
        scroll = self.query_one(VerticalScroll)
        lines, self._sections = drawn(chapter, max(scroll.content_size.width - 1, 24))
        self._text.update(Content("\n").join(lines))
        if section is not None:
            self.call_after_refresh(
                scroll.scroll_to, y=self._sections[section], animate=False, force=True
            )

    def action_move(self, steps: int) -> None:
        """Another place of the list, or a line of the chapter."""
        if self.reading is not None:
            self.query_one(VerticalScroll).scroll_relative(y=steps, animate=False)
        elif self._list.highlighted is not None:
            last = len(self._found) - 1
            self._list.highlighted = min(max(self._list.highlighted + steps, 0), last)

    def action_page(self, pages: int) -> None:
        """A page of either."""
        if self.reading is None:
            self.action_move(pages * max(self._list.size.height // 2, 1))
        else:
            scroll = self.query_one(VerticalScroll)
            scroll.scroll_relative(y=pages * max(scroll.size.height - 2, 1), animate=False)

    def action_turn(self, chapters: int) -> None:
        """The next or previous chapter."""
        every = manual.chapters()
        assert self.reading is not None
        self._open(every[(every.index(self.reading) + chapters) % len(every)])

    def action_guidance(self) -> None:
        """What the providers ask (R51)."""
        self.app.push_screen(GuidanceDialog())

    def action_back(self) -> None:
        """From a chapter to the list, and from there to where one came from."""
        if self.reading is None:
            self.dismiss(None)
            return
        self.reading = None
        self.remove_class("-reading")
        self.query_one(".dialog-title", Foreign).show(_("Manual"))
        self.query_one(LineInput).focus()
        self.refresh_bindings()


def palette_entries(app: App[Any]) -> Iterable[SystemCommand]:
    """Every chapter for the palette."""
    for chapter in manual.chapters():
        yield SystemCommand(
            _("Manual: {title}").format(title=chapter.title),
            chapter.sections[0].blocks[0].whole,
            partial(_read, app, chapter.key),
        )


def _read(app: App[Any], key: str) -> None:
    app.push_screen(ManualDialog(at=key, reading=True))


def drawn(chapter: Chapter, room: int) -> tuple[list[Content], list[int]]:
    """The lines of a chapter, ``room`` cells wide, and at which of them each section begins."""
    lines: list[Content] = []
    begins = []
    for section in chapter.sections:
        begins.append(len(lines))
        if section.title:
            lines += [Content.styled(section.title, "bold $text-primary"), Content("")]
        for number, block in enumerate(section.blocks):
            lines += _block(block, room)
            after = section.blocks[number + 1 : number + 2]
            if block.kind != "item" or not after or after[0].kind != "item":
                lines.append(Content(""))
    return lines, begins


def _block(block: Block, room: int) -> Iterable[Content]:
    left = max((len(name) for name, _words in block.rows), default=0) + 2
    for name, words in block.rows:
        first = Content.styled(name.ljust(left), "bold $text-accent")
        yield from _hanging(first, Content(words), room)
    if block.text:
        text = Content.assemble(
            *((run, _STYLES.get(what, "")) for run, what in manual.pieces(block.text))
        )
        marker = {"": "", "-": "• "}.get(block.marker, f"{block.marker} ")
        yield from _hanging(Content(marker), text, room)


def _hanging(first: Content, words: Content, room: int) -> Iterable[Content]:
    width = first.cell_length
    for number, line in enumerate(words.wrap(max(room - width, 16))):
        yield (first if number == 0 else Content(" " * width)) + line
