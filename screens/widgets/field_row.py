"""One field of a form on the screen: its label, its control, and what is wrong with it."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widget import Widget
from textual.widgets import Input, Static

from screens.widgets.fields import Choice, FieldSpec, Switch, Value
from screens.widgets.foreign import Foreign
from screens.widgets.line_input import LineInput

MARK_REQUIRED = "*"


class FieldRow(Vertical):
    """Label and control in one line; under it the error, when there is one."""

    DEFAULT_CSS = """
    FieldRow { height: auto; }
    FieldRow > Horizontal { height: 1; }
    FieldRow .label { width: 27; padding: 0 1 0 0; text-align: right; color: $foreground 80%; }
    /* One rule of its own, or Textual does not look at it when the focus moves. */
    FieldRow:focus-within { height: auto; }
    FieldRow:focus-within .label { color: $foreground; text-style: bold; }
    FieldRow:ansi:focus-within .label { text-style: bold reverse; }
    FieldRow .control { width: 1fr; max-width: 60; }
    FieldRow .error { display: none; padding: 0 0 0 27; color: $text-error; }
    FieldRow.-wrong .error { display: block; }
    """

    def __init__(self, spec: FieldSpec, value: Value) -> None:
        super().__init__()
        self.spec = spec
        self.touched = False
        label = f"{spec.label} {MARK_REQUIRED}" if spec.required else spec.label
        self._label = Static(label, classes="label", markup=False)
        self.control = control_for(spec, value)
        self.control.add_class("control")
        self._error = Foreign(classes="error")

    def compose(self) -> ComposeResult:
        with Horizontal():
            yield self._label
            yield self.control
        yield self._error

    def show_error(self, message: str) -> None:
        """Show what is wrong, or with "" that nothing is; the label stands beside it already."""
        bare = message.removeprefix(f"{self.spec.label}: ")
        # An address that it begins with stays as it is written.
        if bare != message and bare.partition(" ")[0].isalpha():
            bare = bare[:1].upper() + bare[1:]
        self.set_class(bool(message), "-wrong")
        self._error.show(f"▲ {bare}" if message else "")

    def put(self, value: Value) -> None:
        """Show another value; nobody typed it."""
        with self.prevent(Input.Changed):
            if isinstance(self.control, Switch):
                self.control.put(bool(value))
            elif isinstance(self.control, Choice):
                self.control.put(text_of(value))
            elif isinstance(self.control, LineInput):
                self.control.value = text_of(value)
            elif isinstance(self.control, Foreign):
                self.control.show(text_of(value))

    @property
    def typed(self) -> Value:
        """What the control holds."""
        if isinstance(self.control, (Switch, Choice)):
            return self.control.value
        text = self.control.value if isinstance(self.control, LineInput) else ""
        if self.spec.kind != "integer":
            return text
        try:
            return int(text) if text.strip() else None
        except ValueError:
            return text


def text_of(value: Value) -> str:
    """A value as it is typed."""
    return "" if value is None else str(value)


def control_for(spec: FieldSpec, value: Value) -> Widget:
    """The control of a field's kind."""
    if spec.kind == "switch":
        return Switch(bool(value))
    if spec.kind == "choice":
        return Choice(spec.choices, text_of(value))
    if spec.kind == "readonly":
        return Foreign(text_of(value))
    return LineInput(
        text_of(value),
        placeholder=spec.placeholder,
        password=spec.kind == "password",
        kind=spec.kind,
    )
