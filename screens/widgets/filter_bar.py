"""Several filters side by side above a list, together and apart (R16)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar, Protocol, runtime_checkable

from textual import events
from textual.app import ComposeResult
from textual.containers import Grid, Horizontal
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Input, Static

from screens.commands import Command, Commanded
from screens.widgets.asking import Source
from screens.widgets.line_input import LineInput
from screens.widgets.list import WindowList
from screens.widgets.listing import Listing
from services.language import later

ONE_LINE = 88
"""Cells from which on all fields stand in one line."""
PAUSE = 0.1
"""Seconds without a key until the list asks: nobody waits for what a longer word would find."""


@dataclass(frozen=True, slots=True)
class FilterField:
    """One field of the bar."""

    name: str
    label: str
    placeholder: str = ""


@runtime_checkable
class FilteredSource(Source, Protocol):
    """A source that looks at ``filters``, by field name, whenever its filter is not empty."""

    filters: Mapping[str, str]


class BarLine(Commanded, LineInput):
    """One line of the bar."""

    VERBS: ClassVar[tuple[Command, ...]] = (
        Command("filters.keep", "enter,down", later("Ir à lista"), "keep", order=1, palette=False),
        Command(
            "filters.clear", "escape", later("Limpar filtros"), "clear", order=2, palette=False
        ),
    )

    def action_keep(self) -> None:
        """Back to the list, filtered."""
        self.query_ancestor(FilterBar).leave()

    def action_clear(self) -> None:
        """Back to the list, whole."""
        self.query_ancestor(FilterBar).leave(clear=True)


class FilterBar(Grid):
    """Tab goes on, Enter keeps and Esc clears; hidden while it is empty and left."""

    DEFAULT_CSS = """
    FilterBar {
        display: none; height: 2; grid-size: 2; grid-rows: 1; grid-gutter: 0 2;
    }
    FilterBar.open { display: block; }
    FilterBar.wide { height: 1; grid-size: 4; }
    FilterBar Horizontal { height: 1; }
    FilterBar .label { width: 9; color: $foreground 80%; }
    FilterBar Horizontal:focus-within { height: 1; }
    FilterBar Horizontal:focus-within .label { text-style: bold; color: $foreground; }
    FilterBar LineInput { width: 1fr; }
    """

    class Changed(Message):
        """Other filters; told once the typing pauses."""

        def __init__(self, bar: FilterBar) -> None:
            super().__init__()
            self.bar = bar

    class Left(Message):
        """The person goes back to the list."""

    def __init__(self, fields: Sequence[FilterField]) -> None:
        super().__init__()
        self.fields = tuple(fields)
        self._lines = {
            field.name: BarLine(placeholder=field.placeholder, id=f"filter-{field.name}")
            for field in fields
        }
        self._pause: Timer | None = None
        self._told: dict[str, str] = {}

    def compose(self) -> ComposeResult:
        for field in self.fields:
            with Horizontal():
                yield Static(field.label, classes="label", markup=False)
                yield self._lines[field.name]

    @property
    def values(self) -> dict[str, str]:
        """What is typed, by field; the empty ones left out."""
        typed = {name: line.value.strip() for name, line in self._lines.items()}
        return {name: text for name, text in typed.items() if text}

    @property
    def words(self) -> str:
        """What is filtered by, in words: "CNPJ: 11222 · E-mail: gmail"."""
        values = self.values
        return " · ".join(f"{f.label} {values[f.name]}" for f in self.fields if f.name in values)

    def open(self) -> None:
        """Show the bar and type into the field that was typed into last, or the first."""
        # What is hidden has no size of its own yet.
        self._lay_out(self.query_ancestor(Listing).size.width)
        self.add_class("open")
        first = next(iter(self.values), self.fields[0].name)
        self._lines[first].focus()

    def clear(self) -> None:
        """Filter by nothing."""
        for line in self._lines.values():
            line.value = ""
        self._tell()
        self._fold()

    def on_resize(self, event: events.Resize) -> None:
        """One line where there is room for it."""
        self._lay_out(event.size.width)

    def _lay_out(self, room: int) -> None:
        self.set_class(room >= ONE_LINE, "wide")

    def on_input_changed(self, event: Input.Changed) -> None:
        """Typing; the list is told when it pauses."""
        event.stop()
        if self._pause is not None:
            self._pause.stop()
        self._pause = self.set_timer(PAUSE, self._tell)

    def _tell(self) -> None:
        if self._pause is not None:
            self._pause.stop()
            self._pause = None
        if self.values != self._told:
            self._told = self.values
            self.post_message(self.Changed(self))

    def on_descendant_blur(self) -> None:
        """An empty bar gives its room back."""
        self._fold()

    def _fold(self) -> None:
        inside = self.screen.focused in self._lines.values()
        self.set_class(bool(self.values) or inside, "open")

    def leave(self, *, clear: bool = False) -> None:
        """Back to the list."""
        if clear:
            self.clear()
        self._tell()
        self.post_message(self.Left())


class FilteredListing(Listing):
    """A list under a bar of filters instead of the one filter line."""

    def __init__(self, of: WindowList, bar: FilterBar, *, title: str = "") -> None:
        """The source of ``of`` is a :class:`FilteredSource`."""
        super().__init__(of, title=title)
        self._bar = bar

    def compose(self) -> ComposeResult:
        with Horizontal(classes="line"):
            yield self._title
            yield self._counts
        yield self._bar
        yield self.list

    def action_filter(self) -> None:
        """Type into the filters."""
        self._bar.open()

    def action_unfilter(self) -> None:
        """Show everything again."""
        self._bar.clear()

    def on_filter_bar_changed(self, event: FilterBar.Changed) -> None:
        """Pass on what was typed."""
        source = self.list.source
        assert isinstance(source, FilteredSource)
        source.filters = event.bar.values
        self.list.set_filter(event.bar.words)
        self.refresh_bindings()

    def on_filter_bar_left(self) -> None:
        """Back to the list."""
        self.list.focus()
