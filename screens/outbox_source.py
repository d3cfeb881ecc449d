"""The queue as a list reads and shows it, under its filters."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from screens.desk import Desk
from screens.outbox_words import short_words, when_words
from screens.widgets.columns import Cell, Column
from screens.widgets.status import cell, word
from services.folding import fold
from services.language import _
from services.outbox import views
from services.outbox.views import OutboxView
from services.store.mail import OutboxState

WAITING = (OutboxState.QUEUED, OutboxState.SENDING, OutboxState.DEFERRED)
TURNS: tuple[tuple[OutboxState, ...] | None, ...] = (
    None,
    WAITING,
    (OutboxState.FAILED, OutboxState.UNCERTAIN),
    (OutboxState.SENT,),
)
"""What one key shows in turn: everything, what waits, what failed, what was sent."""
_KEPT = 400


class OutboxSource:
    """The outbox of all companies that the person may see.

    ``views`` are those that were read last; ``on_read`` hears when others were.
    """

    def __init__(self, desk: Desk, on_read: Callable[[], None]) -> None:
        self._desk = desk
        self._on_read = on_read
        self.filters: Mapping[str, str] = {}
        self.states: tuple[OutboxState, ...] | None = None
        self.views: dict[int, OutboxView] = {}

    async def ids(self, filter: str, sort: str | None, descending: bool) -> Sequence[int]:  # noqa: A002
        asked = self.filters if filter else {}
        states = self.states
        if "state" in asked:
            named = states_named(asked["state"])
            states = tuple(s for s in named if states is None or s in states)
        return await self._desk.ask(
            views.ids,
            filter=asked.get("text", ""),
            sort=sort,
            descending=descending if sort is not None else True,
            states=states,
            company=asked.get("company", ""),
            mailbox=asked.get("mailbox", ""),
        )

    async def rows(self, ids: Sequence[int]) -> Mapping[int, Sequence[Cell]]:
        found = await self._desk.ask(views.rows, ids)
        self.views = {**dict([*self.views.items()][-_KEPT:]), **found}
        self._on_read()
        return {i: _cells(view) for i, view in found.items()}


def states_named(words: str) -> tuple[OutboxState, ...]:
    """The states whose word, or key, begins with one of ``words``."""
    typed = fold(words).split()
    return tuple(
        state
        for state in OutboxState
        if any(fold(word(state)).startswith(w) or state.startswith(w) for w in typed)
    )


def _cells(view: OutboxView) -> Sequence[Cell]:
    return (
        cell(view.state),
        view.company_nickname,
        view.subject,
        when_words(view),
        short_words(view),
        str(view.attempts),
    )


def columns() -> tuple[Column, ...]:
    """The columns of the list."""
    return (
        Column("state", _("Situação"), 12, sortable=True),
        Column("company", _("Empresa"), 14, sortable=True),
        Column("subject", _("Assunto"), 16, wide=True, sortable=True),
        Column("next_attempt_at", _("Enviado/próxima"), 19, sortable=True),
        Column("why", _("Por quê"), 20, wide=True, min_terminal_width=115),
        Column("attempts", _("Tent."), 5, min_terminal_width=130),
    )
