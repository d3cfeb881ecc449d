"""What is in quarantine as its list reads and shows it (R39, R41)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from screens.dates import when
from screens.desk import Desk
from screens.widgets.columns import Cell, Column
from screens.widgets.status import Tone, cell
from services.fiscal.cnpj import masked
from services.language import _
from services.reading import quarantine
from services.reading.importing import FOREIGN, reason_words
from services.reading.quarantine import QuarantineView
from services.store.mail import QuarantineState

STATES = (
    QuarantineState.OPEN,
    QuarantineState.RESOLVED,
    QuarantineState.REJECTED,
    None,
)


def columns() -> tuple[Column, ...]:
    """The columns of the list."""
    return (
        Column("reason", _("Motivo"), 26, sortable=True, wide=True),
        Column("whose", _("De quem"), 18, wide=True),
        Column("subject", _("Assunto"), 14, sortable=True, wide=True),
        Column("email", _("Caixa"), 20, sortable=True, min_terminal_width=110),
        Column("state", _("Situação"), 11, min_terminal_width=150),
        Column("at", _("Quando"), 16, min_terminal_width=130),
    )


class QuarantineSource:
    """What the person may see of it, in one state or in all."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.state: QuarantineState | None = QuarantineState.OPEN

    async def ids(self, filter: str, sort: str | None, descending: bool) -> Sequence[int]:  # noqa: A002
        return await self._desk.ask(
            quarantine.ids,
            filter=filter,
            sort=sort,
            descending=True if sort is None else descending,
            state=self.state,
        )

    async def rows(self, ids: Sequence[int]) -> Mapping[int, Sequence[Cell]]:
        found = await self._desk.ask(quarantine.rows, ids)
        return {
            i: (
                short(view.reason),
                whose(view),
                view.subject,
                view.email or "",
                cell(_STATES.get(view.state, view.state)),
                when(view.created_at),
            )
            for i, view in found.items()
        }


_STATES: dict[str, str] = {
    QuarantineState.OPEN: "quarantined",
    QuarantineState.RESOLVED: "resolved",
    QuarantineState.REJECTED: "rejected",
}


def whose(view: QuarantineView) -> Cell:
    """The company that v would link; its CNPJ where none is registered under it."""
    if view.reason != FOREIGN:
        return ""
    if view.owners:
        return view.owners[0].nickname, Tone.STRONG
    return (masked(view.parties[0]), Tone.MUTED) if view.parties else ""


def short(reason: str) -> str:
    """The reason in a few words, for a line."""
    return _("De outra empresa") if reason == FOREIGN else reason_words(reason)
