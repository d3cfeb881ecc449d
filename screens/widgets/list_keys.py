"""What a list answers to, and what it says to its host."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from textual.message import Message

from screens.commands import Command
from services.language import later

if TYPE_CHECKING:
    from screens.widgets.list import WindowList


def taking(place: str, *, when: Callable[[Any], bool] | None = None) -> Command:
    """Enter of a dialog that chooses: filter and list have one of their own, of which no line of
    keys would tell. Its action is the host's ``action_take``."""
    return Command(
        f"{place}.take",
        "enter",
        later("Escolher"),
        "take",
        order=1,
        when=when,
        palette=False,
        priority=True,
    )


VERBS = (
    Command("list.up", "up,k", later("Linha acima"), "step(-1)", palette=False),
    Command("list.down", "down,j", later("Linha abaixo"), "step(1)", palette=False),
    Command("list.page_up", "pageup", later("Página acima"), "page(-1)", palette=False),
    Command("list.page_down", "pagedown", later("Página abaixo"), "page(1)", palette=False),
    Command("list.first", "home,g", later("Primeira linha"), "first", palette=False),
    Command("list.last", "end,G", later("Última linha"), "last", palette=False),
    Command("list.choose", "enter", later("Abrir"), "choose", palette=False),
    Command(
        "list.mark",
        "space",
        later("Marcar"),
        "mark",
        later("Marca ou desmarca a linha para ações em conjunto"),
    ),
    Command("list.unmark", "u", later("Desmarcar tudo"), "unmark", when=lambda w: bool(w.marks)),
    Command(
        "list.sort",
        "o",
        later("Ordenar"),
        "sort_next",
        later("Ordena pela próxima coluna"),
        when=lambda w: any(c.sortable for c in w.columns),
    ),
    Command(
        "list.invert",
        "O",
        later("Inverter a ordem"),
        "invert",
        when=lambda w: w.sort is not None,
    ),
)


class ListMessage(Message):
    """From a list; ``@on(WindowList.Chosen, "#id")`` and ``on_window_list_chosen`` get it."""

    def __init__(self, of: WindowList) -> None:
        super().__init__()
        self.list = of

    @property
    def control(self) -> WindowList:
        """The list, for ``@on`` selectors."""
        return self.list


class Highlighted(ListMessage, namespace="window_list"):
    """The cursor stands on another row (``None``: the list is empty)."""

    def __init__(self, of: WindowList, row_id: int | None) -> None:
        super().__init__(of)
        self.id = row_id


class Chosen(ListMessage, namespace="window_list"):
    """Enter or a double click on a row."""

    def __init__(self, of: WindowList, row_id: int) -> None:
        super().__init__(of)
        self.id = row_id


class Counted(ListMessage, namespace="window_list"):
    """``counts`` reads otherwise now: rows, marks, or an error came or went."""
