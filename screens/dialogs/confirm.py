"""A question with what will happen, before it happens."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button

from screens.commands import Command, Commanded
from screens.widgets.foreign import Foreign
from screens.widgets.keyline import KeyLine
from services.language import _, later
from services.safe_text import safe


class _Answer(Button, inherit_bindings=False):
    """Enter is the question's own key: its line names it."""


class Confirm(Commanded, ModalScreen[bool]):
    """True when the person agrees. A ``danger`` begins on "no"."""

    DEFAULT_CSS = """
    Confirm { align: center middle; }
    Confirm > Vertical {
        width: 66; max-width: 95%; height: auto; max-height: 90%;
        background: $surface; border: round $primary; padding: 0 2;
    }
    Confirm.danger > Vertical { border: round $error; }
    Confirm .title { text-style: bold; padding: 0 0 1 0; }
    Confirm VerticalScroll { height: auto; max-height: 14; }
    Confirm .happens { padding: 0 0 0 2; }
    Confirm Horizontal { height: 1; margin: 1 0 0 0; align-horizontal: right; }
    Confirm Button { margin: 0 0 0 2; min-width: 12; }
    Confirm Button:focus { background: $primary; color: $background; text-style: bold; }
    Confirm.danger #yes:focus { background: $error; }
    Confirm Button:nocolor:focus, Confirm Button:ansi:focus { text-style: reverse; }
    """
    AUTO_FOCUS = ".harmless"
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command("confirm.choose", "enter", later("Escolher"), "choose", order=1, palette=False),
        Command("confirm.no", "escape", later("Não"), "answer(False)", order=3, palette=False),
        Command(
            "confirm.move", "left,right", later("Outra resposta"), "other", order=2, palette=False
        ),
    )

    def __init__(
        self,
        title: str,
        text: str = "",
        happens: Sequence[str] = (),
        *,
        yes: str = "",
        no: str = "",
        danger: bool = False,
        leaving: bool = False,
    ) -> None:
        """``happens`` lists the consequences, each in one sentence.

        ``leaving`` marks a question about leaving: one of them at a time is enough.
        """
        super().__init__(classes="danger" if danger else None)
        self._title, self._text, self._happens = title, text, tuple(happens)
        self._yes = _Answer(
            Content(safe(yes or _("Sim"))),
            id="yes",
            variant="error" if danger else "primary",
            compact=True,
        )
        self._no = _Answer(Content(safe(no or _("Não"))), id="no", compact=True)
        (self._no if danger else self._yes).add_class("harmless")
        self.leaving = leaving

    def compose(self) -> ComposeResult:
        with Vertical():
            yield Foreign(self._title, classes="title")
            with VerticalScroll(can_focus=False):
                if self._text:
                    yield Foreign(self._text, block=True)
                if self._happens:
                    yield Foreign(
                        "\n".join(f"• {line}" for line in self._happens),
                        block=True,
                        classes="happens",
                    )
            with Horizontal():
                yield self._yes
                yield self._no
        yield KeyLine()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """The answer."""
        self.dismiss(event.button is self._yes)

    def action_answer(self, agreed: bool) -> None:
        """The answer by key."""
        self.dismiss(agreed)

    def action_choose(self) -> None:
        """The answer that one stands on."""
        self.dismiss(self._yes.has_focus)

    def action_other(self) -> None:
        """Go to the other button."""
        (self._no if self._yes.has_focus else self._yes).focus()
