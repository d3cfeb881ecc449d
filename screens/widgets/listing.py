"""A list with its filter line above: what every list screen shows."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Static

from screens.commands import Command, Commanded
from screens.widgets.line_input import LineInput
from screens.widgets.list import WindowList
from services.language import _, later


class FilterLine(Commanded, LineInput):
    """The filter; Esc empties it and goes back to the list, Enter keeps it."""

    VERBS: ClassVar[tuple[Command, ...]] = (
        Command(
            "filter.leave", "escape", later("Limpar filtro"), "leave(True)", order=1, palette=False
        ),
        Command(
            "filter.keep", "enter,down", later("Ir à lista"), "leave(False)", order=2, palette=False
        ),
    )

    def action_leave(self, clear: bool) -> None:
        """Back to the list."""
        if clear:
            self.value = ""
        self.query_ancestor(Listing).list.focus()


class Listing(Commanded, Vertical):
    """Title, filter and counts in one line, the list below. ``/`` filters while typing."""

    DEFAULT_CSS = """
    Listing { height: 1fr; }
    Listing > .line { height: 1; }
    Listing .title { width: auto; max-width: 50%; padding: 0 2 0 0; text-style: bold; }
    Listing FilterLine { width: 1fr; max-width: 48; display: none; }
    Listing FilterLine:focus, Listing FilterLine.filled { display: block; }
    Listing .counts { width: 1fr; text-align: right; color: $foreground 65%; }
    Listing .counts.failed { color: $text-error; }
    """
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command(
            "list.filter",
            "slash",
            later("Filtrar"),
            "filter",
            later("Filtra enquanto você digita"),
            8,
        ),
        Command(
            "list.unfilter",
            "escape",
            later("Limpar filtro"),
            "unfilter",
            when=lambda w: bool(w.list.filter),
            palette=False,
        ),
    )

    def __init__(
        self,
        of: WindowList,
        *,
        title: str = "",
        id: str | None = None,  # noqa: A002 - the name that every widget uses
    ) -> None:
        super().__init__(id=id)
        self.list = of
        self._title = Static(title, classes="title", markup=False)
        self._title.display = bool(title)
        self._filter = FilterLine(placeholder=_("filtrar…"))
        self._counts = Static(classes="counts", markup=False)

    def compose(self) -> ComposeResult:
        with Horizontal(classes="line"):
            yield self._title
            yield self._filter
            yield self._counts
        yield self.list

    def set_title(self, words: str) -> None:
        """Other words before the filter; they must be safe text."""
        self._title.update(words)
        self._title.display = bool(words)

    def action_filter(self) -> None:
        """Type into the filter."""
        self._filter.add_class("filled")
        self._filter.focus()

    def action_unfilter(self) -> None:
        """Show everything again."""
        self._filter.value = ""

    def on_input_changed(self, event: Input.Changed) -> None:
        """Pass on what was typed; the list asks by itself."""
        event.stop()
        self._filter.set_class(bool(event.value) or self._filter.has_focus, "filled")
        self.list.set_filter(event.value.strip())
        self.refresh_bindings()

    def on_descendant_blur(self) -> None:
        """An empty filter gives its room back."""
        self._filter.set_class(bool(self._filter.value), "filled")

    def on_window_list_counted(self, event: WindowList.Counted) -> None:
        """The numbers at the right."""
        self._counts.set_class(bool(event.list.error), "failed")
        self._counts.update(event.list.counts)
