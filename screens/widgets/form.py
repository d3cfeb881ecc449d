"""A form from data: one line a field, advanced ones folded, errors beside their fields."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.message import Message
from textual.widget import AwaitMount, Widget
from textual.widgets import Input, Static

from screens.commands import Command, Commanded
from screens.widgets.field_row import FieldRow, text_of
from screens.widgets.fields import Control, FieldSpec, Value
from screens.widgets.foreign import Foreign
from screens.widgets.line_input import LONGEST, LineInput
from services.errors import Invalid, InvalidFields
from services.language import _, later
from services.safe_text import safe


class Form(Commanded, VerticalScroll, can_focus=False, inherit_bindings=False):
    """Asks for ``specs``, beginning with ``values``.

    ``made_by_hand`` names the values that somebody has chosen already (all of a saved record):
    :meth:`set_value` does not overwrite them unless told so (R18). Saving is the host's:
    ``if form.check(): await save(form.values())``, and :meth:`show_errors` for what it refuses.
    """

    DEFAULT_CSS = """
    Form { height: 1fr; scrollbar-size-vertical: 1; scrollbar-gutter: stable; }
    Form > .fold { height: 1; margin: 1 0 0 0; padding: 0 0 0 2; color: $text-primary; }
    Form > .general { display: none; color: $text-error; padding: 0 0 1 2; }
    Form > .general.-shown { display: block; }
    """
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command(
            "form.advanced",
            "f4",
            later("Opções avançadas"),
            "advanced",
            later("Mostra ou esconde as opções avançadas"),
            when=lambda form: form.has_advanced,
        ),
        Command("form.next", "down,enter", later("Próximo campo"), "go(1)", palette=False),
        Command("form.previous", "up", later("Campo anterior"), "go(-1)", palette=False),
        Command("form.page_up", "pageup", later("Página acima"), "page(-1)", palette=False),
        Command("form.page_down", "pagedown", later("Página abaixo"), "page(1)", palette=False),
    )

    class Changed(Message):
        """The person gave a field another value, or :meth:`Form.set_value` did."""

        def __init__(self, form: Form, name: str, value: Value) -> None:
            super().__init__()
            self.form = form
            self.name = name
            self.value = value

        @property
        def control(self) -> Form:
            """The form, for ``@on`` selectors."""
            return self.form

    class Entered(Message):
        """Another field has the focus; its help may be shown."""

        def __init__(self, form: Form, spec: FieldSpec) -> None:
            super().__init__()
            self.form = form
            self.spec = spec

        @property
        def control(self) -> Form:
            """The form, for ``@on`` selectors."""
            return self.form

    def __init__(
        self,
        specs: Sequence[FieldSpec],
        values: Mapping[str, Value] | None = None,
        *,
        made_by_hand: Iterable[str] = (),
        id: str | None = None,  # noqa: A002 - the name that every widget uses
    ) -> None:
        super().__init__(id=id)
        self.specs = tuple(specs)
        told = values or {}
        self._values: dict[str, Value] = {s.name: _blank(s, told.get(s.name)) for s in self.specs}
        self._first = dict(self._values)
        self._by_hand = set(made_by_hand)
        self._rows: dict[str, FieldRow] = {}
        self._general = Foreign(classes="general")
        self._fold = Static(classes="fold", markup=False)
        self.unfolded = False

    def compose(self) -> ComposeResult:
        yield self._general
        yield from self._build(advanced=False)
        if self.has_advanced:
            self._fold.update(self._fold_words())
            yield self._fold

    def _build(self, *, advanced: bool) -> list[FieldRow]:
        built = []
        for spec in self.specs:
            if spec.advanced is advanced:
                row = FieldRow(spec, self._values[spec.name])
                row.display = self._visible(spec)
                self._rows[spec.name] = row
                built.append(row)
        return built

    # What a host may ask.

    def values(self) -> dict[str, Value]:
        """All values by name, the folded and hidden ones included."""
        return dict(self._values)

    @property
    def changed(self) -> bool:
        """True when a value differs from what the form began with."""
        return self._values != self._first

    @property
    def typed(self) -> bool:
        """True when something that a person put in would be lost; what was prefilled is not."""
        touched = {name for name, row in self._rows.items() if row.touched} | self._by_hand
        return any(self._values[n] != first for n, first in self._first.items() if n in touched)

    @property
    def has_advanced(self) -> bool:
        """True when some field is advanced."""
        return any(spec.advanced for spec in self.specs)

    def has(self, name: str) -> bool:
        """True when the form asks for this field."""
        return name in self._values

    def is_by_hand(self, name: str) -> bool:
        """True when a person chose this value: it is not to be prefilled."""
        return name in self._by_hand

    # What a host may tell.

    def set_value(self, name: str, value: Value, by_hand: bool = False) -> bool:
        """Put a value in; a prefilled one never takes the place of one made by hand (R18).

        Gives whether it was put in.
        """
        if name in self._by_hand and not by_hand:
            return False
        if by_hand:
            self._by_hand.add(name)
        self._values[name] = _blank(self._spec(name), value)
        if name in self._rows:
            self._rows[name].put(value)
            self._rows[name].show_error("")
        self._after_change(name)
        return True

    def load(self, values: Mapping[str, Value], *, made_by_hand: Iterable[str] = ()) -> None:
        """Begin anew with ``values``: after a save, or when somebody else changed the record."""
        self._by_hand = set(made_by_hand)
        for spec in self.specs:
            self._values[spec.name] = _blank(spec, values.get(spec.name))
            if row := self._rows.get(spec.name):
                row.touched = False
                row.put(self._values[spec.name])
                row.show_error("")
        self._first = dict(self._values)
        self._show_visible()

    def rebase(self, theirs: Mapping[str, Value]) -> tuple[list[str], list[str]]:
        """Go on from the values that somebody else saved meanwhile; nothing typed is lost.

        A field that this person has not touched shows theirs; one that both changed keeps what was
        typed. Gives the names of the first and of the second.
        """
        taken, contested = [], []
        for spec in self.specs:
            name, mine, first = spec.name, self._values[spec.name], self._first[spec.name]
            new = _blank(spec, theirs.get(name, first))
            if new == first:
                continue
            self._first[name] = new
            if mine == first:
                self.set_value(name, new, by_hand=True)
                taken.append(name)
            elif mine != new:
                contested.append(name)
        return taken, contested

    def label(self, name: str) -> str:
        """The field's label."""
        return self._spec(name).label

    def words_of(self, name: str, value: Value) -> str:
        """A value of the field as a person reads it."""
        spec = self._spec(name)
        if spec.kind == "switch":
            return _("Sim") if value else _("Não")
        return next((words for v, words in spec.choices if v == value), text_of(value))

    def check(self) -> bool:
        """Validate every visible field; show all errors at once and go to the first."""
        errors = []
        for spec in self.specs:
            if self._visible(spec):
                try:
                    spec.check(self._values[spec.name], self._values)
                except Invalid as e:
                    errors.append(e)
        self.show_errors(errors)
        return not errors

    def show_errors(self, errors: Iterable[Invalid]) -> None:
        """Show what was refused beside the fields; what names no field goes on top."""
        flat = [
            e for err in errors for e in (err.errors if isinstance(err, InvalidFields) else [err])
        ]
        by_field = {e.field: e.message for e in reversed(flat) if e.field in self._values}
        if any(spec.advanced and spec.name in by_field for spec in self.specs):
            self.unfold()
        for name, row in self._rows.items():
            row.show_error(by_field.get(name, ""))
        general = [e.message for e in flat if e.field not in self._values]
        self._general.set_class(bool(general), "-shown")
        self._general.show("▲ " + " · ".join(general) if general else "")
        first = next((spec.name for spec in self.specs if spec.name in by_field), None)
        if first is not None:
            control = self._rows[first].control
            if isinstance(control, LineInput):
                control.begin_to_correct()
            self.focus_field(first)

    def focus_field(self, name: str) -> None:
        """Go to a field, unfolding it when it is advanced (R19: the field to mend)."""
        if self._spec(name).advanced:
            self.unfold()
        control = self._rows[name].control
        if control.is_mounted:
            # What is typed next is typed there, before anything is drawn.
            self.screen.set_focus(control, scroll_visible=False)
            self.call_after_refresh(self._bring_into_view, control)
        else:
            self.call_after_refresh(control.focus)

    def _bring_into_view(self, control: Widget) -> None:
        if control.has_focus and not self.screen.can_view_entire(control):
            self.screen.scroll_to_center(control, origin_visible=True)

    # Folding and visibility.

    def unfold(self) -> AwaitMount | None:
        """Show the advanced fields, built when first asked for: then what to wait for."""
        if self.unfolded or not self.has_advanced:
            return None
        self.unfolded = True
        self._fold.update(self._fold_words())
        with self.app.batch_update():
            if not any(s.advanced and s.name in self._rows for s in self.specs):
                return self.mount_all(self._build(advanced=True))
            self._show_visible()
        return None

    async def action_advanced(self) -> None:
        """Fold the advanced fields, or unfold them and go to the first before the next key."""
        if not self.unfolded:
            if (built := self.unfold()) is not None:
                await built
            shown = (spec.name for spec in self.specs if spec.advanced and self._visible(spec))
            if (first := next(shown, None)) is not None:
                self.screen.set_focus(self._rows[first].control)
            return
        self.unfolded = False
        self._fold.update(self._fold_words())
        with self.app.batch_update():
            focused = self.screen.focused
            self._show_visible()
            if focused is not None and not focused.display:
                self.focus_field(self.specs[0].name)

    async def on_click(self, event: events.Click) -> None:
        """A click on the fold's line."""
        if event.widget is self._fold:
            await self.action_advanced()

    def _fold_words(self) -> str:
        arrow = "▾" if self.unfolded else "▸"
        return _("{arrow} Opções avançadas").format(arrow=arrow) + "  F4"

    def _visible(self, spec: FieldSpec) -> bool:
        return spec.visible_when is None or spec.visible_when(self._values)

    def _show_visible(self) -> None:
        for name, row in self._rows.items():
            spec = self._spec(name)
            row.display = self._visible(spec) and (self.unfolded or not spec.advanced)

    # What the person does.

    def on_input_changed(self, event: Input.Changed) -> None:
        """Typing."""
        event.stop()
        self._chosen(event.input)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter goes on; saving has a key of its own."""
        event.stop()
        self.action_go(1)

    def on_control_changed(self, event: Control.Changed) -> None:
        """A switch or a choice."""
        event.stop()
        self._chosen(event.control)

    def _chosen(self, control: Widget) -> None:
        row = control.query_ancestor(FieldRow)
        name, value = row.spec.name, row.typed
        first = self._first[name]
        # What was only made safe to be shown stays what it was.
        if isinstance(first, str) and row.spec.kind == "text" and value == safe(first, LONGEST):
            value = first
        if value == self._values[name]:
            return
        row.touched = True
        self._values[name] = value
        # An emptied field may be prefilled again.
        if value in ("", None):
            self._by_hand.discard(name)
        else:
            self._by_hand.add(name)
        self._after_change(name)

    def _after_change(self, name: str) -> None:
        if any(spec.visible_when is not None for spec in self.specs):
            self._show_visible()
        self.post_message(self.Changed(self, name, self._values[name]))

    def on_descendant_focus(self, event: events.DescendantFocus) -> None:
        """Tell the host whose help to show."""
        if row := _row_of(event.widget):
            self.post_message(self.Entered(self, row.spec))

    def on_descendant_blur(self, event: events.DescendantBlur) -> None:
        """Validate a field that was changed and left."""
        row = _row_of(event.widget)
        if row is None:
            return
        # Tab may leave a field before the field has told of its last letters.
        if isinstance(row.control, LineInput):
            self._chosen(row.control)
        if not (row.touched or row.has_class("-wrong")):
            return
        try:
            row.spec.check(self._values[row.spec.name], self._values)
        except Invalid as e:
            row.show_error(e.message)
        else:
            row.show_error("")

    def action_go(self, steps: int) -> None:
        """The next or previous field."""
        shown = [row.control for row in self._asking()]
        focused = self.screen.focused
        if shown and focused in shown:
            shown[(shown.index(focused) + steps) % len(shown)].focus()

    def action_page(self, pages: int) -> None:
        """A page down or up; what is typed next is typed in view."""
        asking, high = self._asking(), self.scrollable_content_region.height
        if not asking:
            return
        before = self.scroll_offset.y
        top = min(max(before + pages * max(high - 1, 1), 0), self.max_scroll_y)
        self.scroll_to(y=top, animate=False, immediate=True)
        onward = asking if pages > 0 else asking[::-1]
        seen = [
            row
            for row in onward
            if top <= row.virtual_region.y and row.virtual_region.bottom <= top + high
        ]
        if top == before:
            seen = onward[-1:]
        if seen and not any(row.control.has_focus for row in seen):
            self.screen.set_focus(seen[0].control, scroll_visible=False)

    def _asking(self) -> list[FieldRow]:
        """The rows in which something can be typed or chosen now, from the top."""
        rows = [self._rows[s.name] for s in self.specs if s.name in self._rows]
        return [row for row in rows if row.display and row.spec.kind != "readonly"]

    def _spec(self, name: str) -> FieldSpec:
        return next(spec for spec in self.specs if spec.name == name)


def _row_of(widget: Widget) -> FieldRow | None:
    return next((n for n in widget.ancestors if isinstance(n, FieldRow)), None)


def _blank(spec: FieldSpec, value: Value) -> Value:
    if spec.kind == "switch":
        return bool(value)
    if spec.kind == "integer":
        return value if value != "" else None
    if spec.kind == "choice" and value is None and spec.choices:
        return spec.choices[0][0]
    return text_of(value)
