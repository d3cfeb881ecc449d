"""One line to type in: no border, and nothing that a terminal would act on."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType
from textual.widgets import Input

from services.safe_text import safe

LONGEST = 10_000


class LineInput(Input, inherit_bindings=False):
    """A compact input. What it holds is safe to show; a password is kept as it was typed."""

    DEFAULT_CSS = """
    LineInput, LineInput.-textual-compact {
        background: $foreground 7%; padding: 0 1; height: 1; border: none;
    }
    LineInput:focus { background: $primary 30%; background-tint: transparent; }
    LineInput:ansi { text-style: underline; }
    LineInput:ansi:focus { text-style: bold underline; }
    LineInput:nocolor { text-style: underline; }
    LineInput:ansi > .input--cursor {
        color: ansi_default; background: ansi_default; text-style: reverse;
    }
    LineInput:ansi > .input--selection { text-style: reverse; }
    """
    ALLOW_SELECT: ClassVar[bool] = False
    # Without those of a scrolling view: up and down are for whoever stands around it.
    BINDINGS: ClassVar[list[BindingType]] = Input.BINDINGS

    def __init__(
        self,
        value: str = "",
        *,
        placeholder: str = "",
        password: bool = False,
        kind: str = "text",
        id: str | None = None,  # noqa: A002 - the name that every widget uses
    ) -> None:
        super().__init__(
            value if password else safe(value, LONGEST),
            placeholder=safe(placeholder),
            password=password,
            restrict=r"-?[0-9]*" if kind == "integer" else None,
            compact=True,
            select_on_focus=True,
            id=id,
        )

    def begin_to_correct(self) -> None:
        """The next focus does not select all: of what was refused, a part is to be changed."""
        if not self.password and not self.has_focus:
            self.select_on_focus = False
            self.cursor_position = len(self.value)

    def on_blur(self) -> None:
        """Whoever comes back to type something else replaces what is there."""
        self.select_on_focus = True

    def validate_value(self, value: str) -> str:
        """Foreign text, pasted or set, is made safe before it is drawn."""
        return value if self.password else safe(value, LONGEST)
