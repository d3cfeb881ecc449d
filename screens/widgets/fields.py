"""What a form asks, as data; and the controls for it, each one line high."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Literal

from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from screens.commands import Command, Commanded
from services.errors import Invalid
from services.language import _, later
from services.safe_text import has_control, safe

Kind = Literal["text", "password", "integer", "choice", "switch", "readonly"]
Value = str | int | bool | None
"""text, password, choice, readonly: str; integer: int, None when empty; switch: bool."""


@dataclass(frozen=True, slots=True)
class FieldSpec:
    """One field. ``validate`` gets the text and raises ``Invalid`` in words that help.

    ``choices`` are (value, words); ``visible_when`` and ``required_when`` get all values of the
    form.
    """

    name: str
    label: str
    kind: Kind = "text"
    help: str = ""
    required: bool = False
    advanced: bool = False
    validate: Callable[[str], object] | None = None
    choices: Sequence[tuple[str, str]] = ()
    placeholder: str = ""
    visible_when: Callable[[Mapping[str, Value]], bool] | None = None
    required_when: Callable[[Mapping[str, Value]], bool] | None = None

    def check(self, value: Value, values: Mapping[str, Value] | None = None) -> None:
        """Raise ``Invalid``, with this field's name, for a value that cannot be accepted.

        ``values`` are all of the form, for what is required only sometimes.
        """
        if self.kind in ("switch", "readonly"):
            return
        text = "" if value is None else str(value)
        if not text.strip():
            if self.required and self._asks_for_it(values):
                raise Invalid(_("Preencha este campo"), field=self.name)
            return
        if has_control(text):
            raise Invalid(_("Há um caractere de controle: digite de novo"), field=self.name)
        if self.kind == "integer" and not isinstance(value, int):
            raise Invalid(_("Use um número inteiro"), field=self.name)
        if self.validate is not None:
            try:
                self.validate(text)
            except Invalid as e:
                raise Invalid(e.message, field=self.name) from e

    def _asks_for_it(self, values: Mapping[str, Value] | None) -> bool:
        return self.required_when is None or values is None or self.required_when(values)


class Control(Commanded, Widget, can_focus=True):
    """A control of one line that is drawn whole."""

    DEFAULT_CSS = """
    Control { height: 1; padding: 0 1; background: $foreground 7%; }
    Control:focus { background: $primary 30%; text-style: bold; }
    Control:nocolor:focus, Control:ansi:focus { text-style: reverse; }
    """

    class Changed(Message):
        """The person chose another value."""

        def __init__(self, control: Control) -> None:
            super().__init__()
            self.field_control = control

        @property
        def control(self) -> Control:
            """The control, for ``@on`` selectors."""
            return self.field_control


class Switch(Control):
    """Yes or no, in words."""

    VERBS: ClassVar[tuple[Command, ...]] = (
        Command("field.toggle", "space,left,right", later("Sim/Não"), "turn", palette=False),
    )

    def __init__(self, value: bool) -> None:
        super().__init__()
        self.value = value

    def render(self) -> Content:
        return Content(f"[x] {_('Sim')}" if self.value else f"[ ] {_('Não')}")

    def put(self, value: bool) -> None:
        """Show another value."""
        self.value = value
        self.refresh()

    def action_turn(self) -> None:
        """The other one."""
        self.put(not self.value)
        self.post_message(self.Changed(self))

    def on_click(self) -> None:
        """The other one, by mouse."""
        self.action_turn()


class Choice(Control):
    """One of a few, gone through by arrow."""

    VERBS: ClassVar[tuple[Command, ...]] = (
        Command("field.next", "right,space", later("Próxima opção"), "turn(1)", palette=False),
        Command("field.previous", "left", later("Opção anterior"), "turn(-1)", palette=False),
    )

    def __init__(self, choices: Sequence[tuple[str, str]], value: str) -> None:
        super().__init__()
        self._choices = list(choices)
        self.value = value

    def render(self) -> Content:
        words = next((words for value, words in self._choices if value == self.value), self.value)
        return Content(f"‹ {safe(words)} ›")

    def put(self, value: str) -> None:
        """Show another value."""
        self.value = value
        self.refresh()

    def action_turn(self, steps: int) -> None:
        """The next or previous choice, round and round."""
        values = [value for value, _words in self._choices]
        if values:
            at = values.index(self.value) if self.value in values else -steps
            self.put(values[(at + steps) % len(values)])
            self.post_message(self.Changed(self))

    def on_click(self, event: events.Click) -> None:
        """The next one; the previous one at the left arrow."""
        self.action_turn(-1 if event.x <= 1 else 1)
