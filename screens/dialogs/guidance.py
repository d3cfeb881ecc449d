"""The providers' guidance: a topic for each thing that they ask, found while typing (R51)."""

from __future__ import annotations

from textwrap import wrap
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, OptionList, Static

from screens.commands import Command, Commanded
from screens.widgets.foreign import Foreign, notify_safe
from screens.widgets.keyline import KeyLine
from screens.widgets.line_input import LineInput
from services.folding import holds
from services.language import _, later
from services.safe_text import safe
from services.wire import guidance
from services.wire.guidance_terms import Guidance


class GuidanceDialog(Commanded, ModalScreen[None]):
    """Opens at the topic ``at``, or at the first; typing searches, the arrows choose."""

    DEFAULT_CSS = """
    GuidanceDialog > Vertical {
        width: 110; max-width: 96%; height: 92%;
        background: $surface; border: round $primary; padding: 0 1;
    }
    GuidanceDialog Horizontal { height: 1fr; margin: 1 0 0 0; }
    GuidanceDialog OptionList {
        width: 32; height: 1fr; border: none; padding: 0; background: $surface;
        scrollbar-size-vertical: 1;
    }
    GuidanceDialog VerticalScroll {
        width: 1fr; padding: 0 0 0 1; border-left: solid $primary 50%; scrollbar-size-vertical: 1;
        scrollbar-gutter: stable;
    }
    """
    AUTO_FOCUS: ClassVar[str | None] = "Input"
    VERBS: ClassVar[tuple[Command, ...]] = (
        # Before the search field sees them, which has no use for them.
        Command(
            "guidance.down",
            "down",
            later("Outro assunto"),
            "move(1)",
            order=1,
            palette=False,
            priority=True,
        ),
        Command(
            "guidance.up", "up", later("Assunto acima"), "move(-1)", palette=False, priority=True
        ),
        Command(
            "guidance.page_down",
            "pagedown",
            later("Rolar"),
            "page(1)",
            order=2,
            palette=False,
            priority=True,
        ),
        Command(
            "guidance.page_up",
            "pageup",
            later("Rolar para cima"),
            "page(-1)",
            palette=False,
            priority=True,
        ),
        Command(
            "guidance.copy",
            "f8",
            later("Copiar endereço"),
            "copy",
            later("Copia o endereço do passo para a área de transferência do seu terminal"),
            order=3,
            when=lambda screen: bool(screen.address),
        ),
        Command("guidance.close", "escape,f7", later("Fechar"), "close", order=4, palette=False),
    )

    def __init__(self, at: str | None = None) -> None:
        super().__init__()
        self._at = at
        self._found: tuple[Guidance, ...] = guidance.topics()
        self._list = OptionList(compact=True)
        self._list.can_focus = False
        self._steps = Static(markup=False)

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Foreign(_("Orientações dos provedores"), classes="dialog-title")
            yield LineInput(placeholder=_("provedor, assunto ou nome antigo da opção…"))
            with Horizontal():
                yield self._list
                with VerticalScroll(can_focus=False):
                    yield self._steps
        yield KeyLine()

    def on_mount(self) -> None:
        keys = [topic.key for topic in self._found]
        self._fill(keys.index(self._at) if self._at in keys else 0)

    @property
    def shown(self) -> Guidance | None:
        """The topic under the cursor."""
        at = self._list.highlighted
        return self._found[at] if at is not None and at < len(self._found) else None

    @property
    def address(self) -> str:
        """The address that can be copied."""
        return self.shown.address if self.shown is not None else ""

    def on_input_changed(self, event: Input.Changed) -> None:
        """Search as one types."""
        event.stop()
        self._found = guidance.search(event.value)
        self._fill(0)

    def _fill(self, at: int) -> None:
        self._list.set_options([Content(safe(topic.title, 40)) for topic in self._found])
        self._list.highlighted = at if self._found else None
        self._show()

    def on_option_list_option_highlighted(self) -> None:
        """The cursor moved, by key or by mouse."""
        self._show()

    def on_resize(self) -> None:
        """Wrap the steps to the room there is."""
        self.call_after_refresh(self._show)

    def _show(self) -> None:
        self._steps.update(
            _draw(self.shown, self._room(), self.query_one(LineInput).value)
            if self.shown is not None
            else Content(_("Nada encontrado: apague a busca ou tente outra palavra."))
        )
        self.query_one(VerticalScroll).scroll_home(animate=False)
        self.refresh_bindings()

    def _room(self) -> int:
        scroll = self.query_one(VerticalScroll)
        return max(scroll.content_size.width - scroll.scrollbar_size_vertical, 24)

    def action_move(self, steps: int) -> None:
        """Choose another topic while the search keeps the focus."""
        at = self._list.highlighted
        if at is not None:
            self._list.highlighted = min(max(at + steps, 0), len(self._found) - 1)

    def action_page(self, pages: int) -> None:
        """Scroll the steps."""
        scroll = self.query_one(VerticalScroll)
        scroll.scroll_relative(y=pages * max(scroll.size.height - 2, 1), animate=False)

    def action_copy(self) -> None:
        """Copy the address, which is our own text, by OSC 52."""
        if self.address:
            self.app.copy_to_clipboard(self.address)
            notify_safe(self.app, _("Copiado: {address}").format(address=self.address))

    def action_close(self) -> None:
        """Back to where one came from."""
        self.dismiss(None)


def _draw(topic: Guidance, room: int, words: str) -> Content:
    """Steps with their numbers hanging, addresses on lines of their own, old names below.

    An old name that ``words`` look for stands on top: what became of it is the answer.
    """
    asked: list[str] = []
    others: list[str] = []
    for line in topic.renamed():
        (asked if words and holds(line, words) else others).append(line)
    lines = [Content.styled(safe(topic.title), "bold $text-primary"), Content("")]
    if asked:
        lines += [*_wrapped(asked, room, "$text-warning"), Content("")]
    for number, step in enumerate(topic.steps, 1):
        first, *more = wrap(step.text, room - 3) or [""]
        lines.append(Content(f"{number}. {first}"))
        lines.extend(Content(f"   {line}") for line in more)
        if step.address:
            lines.append(Content.styled(f"   {step.typed}", "$text-accent"))
    if others:
        lines += [Content(""), Content.styled(_("Nomes antigos"), "bold $text-muted")]
        lines += _wrapped(others, room, "$text-muted")
    return Content("\n").join(lines)


def _wrapped(texts: list[str], room: int, style: str) -> list[Content]:
    return [
        Content.styled(line, style)
        for text in texts
        for line in wrap(text, room, subsequent_indent="  ")
    ]
