"""The list of all screens: drawn by line over a window, whatever the number of rows."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from typing import ClassVar, TypeAlias

from rich.style import Style
from textual import events
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from screens.commands import Command, Commanded
from screens.widgets import list_keys
from screens.widgets.asking import Asking, Source
from screens.widgets.columns import Column, Placed, column_at, lay_out
from screens.widgets.drawing import COMPONENTS, GUTTER, MARK, STYLES, Painter
from screens.widgets.fetching import Fetching
from screens.widgets.pages import Pages, nearest

HEADER = 1


class WindowList(Commanded, ScrollView, can_focus=True, inherit_bindings=False):
    """Rows by id; cursor and marks stay with their ids while the data changes."""

    ALLOW_SELECT = False
    COMPONENT_CLASSES: ClassVar[set[str]] = COMPONENTS
    DEFAULT_CSS = STYLES
    VERBS: ClassVar[tuple[Command, ...]] = list_keys.VERBS
    Highlighted: TypeAlias = list_keys.Highlighted
    Chosen: TypeAlias = list_keys.Chosen
    Counted: TypeAlias = list_keys.Counted

    def __init__(
        self,
        source: Source,
        columns: Sequence[Column],
        *,
        empty: str = "",
        sort: str | None = None,
        descending: bool = False,
        id: str | None = None,  # noqa: A002 - the name that every widget uses
        classes: str | None = None,
    ) -> None:
        """``empty`` says what to do first when there is nothing to list."""
        super().__init__(id=id, classes=classes)
        self.columns = tuple(columns)
        self.empty = empty
        self._asking = Asking(self, source, self._take, self._failed, sort, descending)
        self._ids: Sequence[int] = array("q")
        self._cursor = 0
        self._marks: set[int] = set()
        self._pages = Pages()
        self._fetching = Fetching(
            self,
            self._pages,
            self._window,
            lambda: self.source,
            self._show_changed,
            self._asking.failed,
        )
        self._laid: tuple[tuple[Column, ...], int, int] | None = None
        self._layout: tuple[Placed, ...] = ()
        self._painter = Painter(self._style)

    # What a host may ask.

    @property
    def source(self) -> Source:
        """Where the rows come from."""
        return self._asking.source

    @property
    def filter(self) -> str:
        """What all rows match."""
        return self._asking.filter

    @property
    def sort(self) -> str | None:
        """The column that the rows are ordered by."""
        return self._asking.sort

    @property
    def descending(self) -> bool:
        """Is it the other way round?"""
        return self._asking.descending

    @property
    def error(self) -> str:
        """Why the rows could not be read; "" when they were."""
        return self._asking.error

    @property
    def current(self) -> int | None:
        """The id of the row under the cursor."""
        return self._ids[self._cursor] if self._ids else None

    @property
    def ids(self) -> Sequence[int]:
        """The ids of all rows that match, in order."""
        return self._ids

    @property
    def marks(self) -> frozenset[int]:
        """The marked ids, those hidden by the filter included."""
        return frozenset(self._marks)

    @property
    def targets(self) -> tuple[int, ...]:
        """What an action is for: the marked rows, or else the one under the cursor."""
        if self._marks:
            return tuple(sorted(self._marks))
        return () if self.current is None else (self.current,)

    @property
    def row_count(self) -> int:
        """How many rows match."""
        return len(self._ids)

    async def matching(self) -> Sequence[int]:
        """The ids of all rows that match, once nothing is being asked any more."""
        await self._asking.settled()
        return self._ids

    async def go_to(self, row_id: int) -> bool:
        """Put the cursor on a row, once what is being asked is answered; False when it is not there."""
        found = await self.matching()
        if row_id not in found:
            return False
        self._move(found.index(row_id))
        return True

    def sign(self, row_id: int) -> tuple[str, str] | None:
        """What stands before a row and its style; a subclass may tell more than marks."""
        return (MARK, "mark") if row_id in self._marks else None

    @property
    def counts(self) -> str:
        """ "124 de 10.312", with the number of marks; words of the error when there is one."""
        return self._asking.counts(len(self._ids), len(self._marks))

    # What a host may tell.

    def set_filter(self, text: str) -> None:
        """Show only what matches; the newest filter wins, nobody waits for an older one."""
        if text != self.filter:
            self._asking.filter = text
            self._asking.ask()

    def set_sort(self, key: str | None, *, descending: bool = False) -> None:
        """Order by a column; the cursor stays on its row."""
        self._asking.sort, self._asking.descending = key, descending
        self.refresh(Region(0, 0, self.size.width, 1))
        self._asking.ask()

    def set_columns(self, columns: Sequence[Column]) -> None:
        """Other columns over the same cells."""
        if tuple(columns) != self.columns:
            self.columns = tuple(columns)
            self.on_resize()

    async def stand_as(self, before: WindowList) -> None:
        """Order, marks and cursor of another list of the same rows; its filter is the host's."""
        self._marks = set(before.marks)
        if (self.sort, self.descending) != (before.sort, before.descending):
            self.set_sort(before.sort, descending=before.descending)
        if before.current is not None:
            await self.go_to(before.current)

    def refresh_ids(self) -> None:
        """Something changed: ask again. The cursor stays on its row, or the nearest left."""
        self._asking.ask_again()

    def set_source(self, source: Source) -> None:
        """Another source: everything is forgotten, filter and order stay."""
        self._asking.begin(source)
        self._ids, self._cursor = array("q"), 0
        self._marks.clear()
        self._pages.forget()
        self._show_size()
        self.refresh()
        self._asking.ask()

    # What the source answers.

    def on_mount(self) -> None:
        """Ask for the first time."""
        super().on_mount()  # type: ignore[no-untyped-call]
        self._asking.ask()

    def _failed(self) -> None:
        self.refresh()
        self.post_message(self.Counted(self))

    def _take(self, ids: Sequence[int]) -> None:
        old, before, was = self._ids, self._cursor, self.current
        top, seen = self.scroll_offset.y, self._seen()
        self._ids = ids
        self._pages.age()
        if not self.filter and self._marks:
            self._marks.intersection_update(ids)
        self._cursor = nearest(old, before, ids)
        if len(old) != len(ids):
            self._show_size()
        # A list read from its top stays there; otherwise the row stays where the eye is.
        stay = top == 0 and self._cursor < self._visible
        self._scroll(0 if stay else self._cursor - (before - top))
        self._reveal()
        if not self._asking.answered or not ids or self._seen() != seen:
            self.refresh()
        self._fetching.need()
        self.post_message(self.Counted(self))
        if self.current != was:
            self.post_message(self.Highlighted(self, self.current))

    def _seen(self) -> tuple[int, int, list[int]]:
        top = self.scroll_offset.y
        return self._cursor, top, list(self._ids[top : top + self._visible])

    def _show_size(self) -> None:
        self.virtual_size = Size(self.scrollable_content_region.width, len(self._ids) + HEADER)

    # Rows.

    def _window(self) -> tuple[Sequence[int], int, int]:
        top = self.scroll_offset.y
        return self._ids, top, top + self._visible

    def _show_changed(self, changed: set[int]) -> None:
        top = self.scroll_offset.y
        for index, row_id in enumerate(self._ids[top : top + self._visible], top):
            if row_id in changed:
                self._refresh_row(index)

    # Cursor and keys.

    @property
    def _visible(self) -> int:
        return max(self.scrollable_content_region.height - HEADER, 1)

    def _scroll(self, top: int) -> None:
        last = max(len(self._ids) - self._visible, 0)
        self.scroll_to(y=min(max(top, 0), last), animate=False, force=True)

    def _reveal(self) -> None:
        """Bring the cursor into view; half a page at the edge, so that the next keys are cheap."""
        top = self.scroll_offset.y
        if not top <= self._cursor < top + self._visible:
            self._scroll(self._cursor - self._visible // 2)

    def _refresh_row(self, index: int) -> None:
        line = index - self.scroll_offset.y
        if 0 <= line < self._visible:
            self.refresh(Region(0, line + HEADER, self.scrollable_content_region.width, 1))

    def _move(self, to: int, *, scroll: int = 0) -> None:
        if not self._ids:
            return
        to = min(max(to, 0), len(self._ids) - 1)
        before, self._cursor = self._cursor, to
        if scroll:
            self._scroll(self.scroll_offset.y + scroll)
        self._reveal()
        if to != before:
            self._refresh_row(before)
            self._refresh_row(to)
            self.post_message(self.Highlighted(self, self._ids[to]))

    def action_step(self, lines: int) -> None:
        """One line up or down."""
        self._move(self._cursor + lines)

    def action_page(self, pages: int) -> None:
        """A screenful up or down; the cursor keeps its line."""
        self._move(self._cursor + pages * self._visible, scroll=pages * self._visible)

    def action_first(self) -> None:
        """To the first row."""
        self._move(0)

    def action_last(self) -> None:
        """To the last row."""
        self._move(len(self._ids) - 1)

    def action_choose(self) -> None:
        """Open the row under the cursor."""
        if self.current is not None:
            self.post_message(self.Chosen(self, self.current))

    def action_mark(self) -> None:
        """Mark or unmark the row, and go to the next."""
        if self.current is None:
            return
        self._marks ^= {self.current}
        self._refresh_row(self._cursor)
        self._move(self._cursor + 1)
        self._marks_changed()

    def action_unmark(self) -> None:
        """Unmark everything."""
        self._marks.clear()
        self.refresh()
        self._marks_changed()

    def _marks_changed(self) -> None:
        self.refresh_bindings()
        self.post_message(self.Counted(self))

    def action_sort_next(self) -> None:
        """Order by the next column that can be ordered by."""
        keys = [column.key for column in self.columns if column.sortable]
        at = keys.index(self.sort) + 1 if self.sort in keys else 0
        self._sort_by(keys[at % len(keys)])

    def action_invert(self) -> None:
        """The same order, the other way round."""
        if self.sort is not None:
            self.set_sort(self.sort, descending=not self._asking.descending)

    def _sort_by(self, key: str) -> None:
        self.set_sort(key, descending=self.sort == key and not self._asking.descending)
        self.refresh_bindings()

    def on_click(self, event: events.Click) -> None:
        """A click selects, a second one opens; on the header it sorts."""
        if event.y < HEADER:
            if (column := column_at(self._layout, event.x - GUTTER)) and column.sortable:
                self._sort_by(column.key)
            return
        index = self.scroll_offset.y + event.y - HEADER
        if index < len(self._ids):
            self._move(index)
            if event.chain == 2:
                self.action_choose()

    # Drawing.

    def _lay_out(self) -> bool:
        """Have the columns placed for the width that there is now; False when they were."""
        wanted = (self.columns, self.scrollable_content_region.width, self.app.size.width)
        if self._laid == wanted:
            return False
        self._laid = wanted
        self._layout = lay_out(wanted[0], wanted[1] - GUTTER, wanted[2])
        return True

    def render_lines(self, crop: Region) -> list[Strip]:
        """Draw for the width that there is now: at Resize the compositor may not know it yet.

        A list has no border, padding or opacity, so that its lines are ready as they are: what
        Textual does for such costs as much again as drawing them.
        """
        self._lay_out()
        strips = [self.render_line(line) for line in crop.line_range]
        background = self.background_colors[1]
        if not self.show_vertical_scrollbar:
            gutter = Style(bgcolor=background.rich_color)
            strips = [strip.adjust_cell_length(self.size.width, gutter) for strip in strips]
        for each in self.get_line_filters():
            strips = [strip.apply_filter(each, background) for strip in strips]
        if crop.column_span != (0, self.size.width):
            strips = [strip.crop(*crop.column_span) for strip in strips]
        return strips

    def on_resize(self) -> None:
        """Another width: what was drawn with the old one is drawn again."""
        self._show_size()
        if self._lay_out():
            self.refresh()
        self._reveal()
        self._fetching.need()

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Other rows in view: the header stays as it is."""
        if self.show_vertical_scrollbar:
            self._move_bar(new_value)
        if round(old_value) != round(new_value):
            self.refresh(Region(0, HEADER, self.scrollable_content_region.width, self._visible))
            self._fetching.need()

    def _move_bar(self, to: float) -> None:
        """The scroll bar goes by eighths of a line: what would look the same is not drawn again."""
        bar, step = self.vertical_scrollbar, max(len(self._ids) / (8 * self._visible), 1)
        exact = bar.grabbed or to >= self.max_scroll_y
        bar.position = to if exact else to // step * step

    def on_focus(self) -> None:
        """The cursor looks awake."""
        self._refresh_row(self._cursor)

    def on_blur(self) -> None:
        """The cursor looks asleep."""
        self._refresh_row(self._cursor)

    def notify_style_update(self) -> None:
        """Another theme: other colours."""
        self._painter.forget()
        super().notify_style_update()

    def _style(self, name: str) -> Style:
        return self.get_component_rich_style(f"window-list--{name}") if name else self.rich_style

    def render_line(self, y: int) -> Strip:
        """One line: header, a row, or the words for a list without rows."""
        draw, width = self._painter, self._laid[1] if self._laid else 0
        if y < HEADER:
            return draw.header(self._layout, width, self.sort, self._asking.descending)
        if not self._ids:
            words, style = self._asking.instead(self.empty)
            return draw.message(words, style, y - HEADER, width, self._visible)
        index = self.scroll_offset.y + y - HEADER
        if index >= len(self._ids):
            return draw.blank(width)
        row_id = self._ids[index]
        row, sign = self._pages.get(row_id), self.sign(row_id)
        if index == self._cursor:
            return draw.cursor(row, self._layout, width, sign, awake=self.has_focus)
        return draw.row(row, self._layout, width, sign)
