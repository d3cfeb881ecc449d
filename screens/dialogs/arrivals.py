"""Chegadas: the documents that are usual for a company against those that came (R50)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen

from screens.commands import Command, Commanded
from screens.desk import Desk
from screens.widgets.columns import Cell, Column
from screens.widgets.foreign import Foreign
from screens.widgets.keyline import KeyLine
from screens.widgets.list import WindowList
from screens.widgets.listing import Listing
from screens.widgets.numbers import grouped
from screens.widgets.spark import spark
from screens.widgets.status import Tone
from services.health import activity
from services.health.activity import WEEKS, Arrivals
from services.language import _, later


class ArrivalsSource:
    """The companies with Document Import."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def ids(self, filter: str, sort: str | None, descending: bool) -> Sequence[int]:  # noqa: A002
        return await self._desk.ask(
            activity.company_ids, filter=filter, sort=sort, descending=descending
        )

    async def rows(self, ids: Sequence[int]) -> Mapping[int, Sequence[Cell]]:
        found = await self._desk.ask(activity.arrivals, ids)
        return {i: _cells(each) for i, each in found.items()}


class ArrivalsDialog(Commanded, ModalScreen[None]):
    """A row a company, those that lack most of what is usual first."""

    DEFAULT_CSS = """
    ArrivalsDialog .dialog { height: 96%; }
    ArrivalsDialog #words { height: auto; padding: 1 0 0 0; color: $foreground 75%; }
    """
    AUTO_FOCUS: ClassVar[str | None] = "WindowList"
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command("arrivals.leave", "escape,q", later("Voltar"), "dismiss(None)", order=9),
    )

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.list = WindowList(
            ArrivalsSource(desk),
            (
                Column("nickname", _("Empresa"), 14, sortable=True, wide=True),
                Column("state", _("Situação"), 17),
                Column("arrived", _("Recebidos"), 9, align="right"),
                Column("expected", _("Esperados"), 9, align="right"),
                Column("weeks", _("Semanas"), WEEKS),
            ),
            empty=_("Nenhuma empresa com Importação de Documentos."),
        )

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog wide"):
            yield Listing(self.list, title=_("Esperados e recebidos, por empresa"))
            yield Foreign(
                _(
                    "Recebidos: documentos dos últimos 7 dias. Esperados: a mediana das semanas "
                    "anteriores, quando há três ou mais."
                ),
                id="words",
            )
        yield KeyLine()


def _cells(each: Arrivals) -> Sequence[Cell]:
    state: Cell = (_("● como sempre"), Tone.GOOD)
    if each.expected is None:
        state = (_("○ sem histórico"), Tone.MUTED)
    elif each.low:
        state = (_("▲ abaixo do usual"), Tone.WARN)
    expected = "" if each.expected is None else grouped(each.expected)
    return each.nickname, state, grouped(each.arrived), expected, spark(each.weeks)
