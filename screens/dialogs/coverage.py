"""Cobertura: which company and type nobody hears of by e-mail, and why (R28, R30)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen

from screens.background import run_newest
from screens.commands import Command, Commanded
from screens.desk import Desk
from screens.dialogs.who_receives import WhoReceives
from screens.type_words import short, titles
from screens.widgets.columns import Cell, Column
from screens.widgets.foreign import Foreign
from screens.widgets.keyline import KeyLine
from screens.widgets.list import WindowList
from screens.widgets.listing import Listing
from screens.widgets.numbers import grouped
from screens.widgets.status import Tone
from services.language import _, later
from services.notifications import coverage, types
from services.notifications.coverage import Gap
from services.notifications.types import NotificationType
from services.registry import companies

_KEPT = 400
"""Gaps that are kept besides the page that is read."""


class GapSource:
    """The companies with a gap; ``gaps`` are those that were read last, and ``on_read`` hears it."""

    def __init__(self, desk: Desk, on_read: Callable[[], None]) -> None:
        self._desk = desk
        self._on_read = on_read
        self.gaps: dict[int, Gap] = {}
        self.types: dict[str, NotificationType] = {}

    async def ids(self, filter: str, sort: str | None, descending: bool) -> Sequence[int]:  # noqa: A002
        return await self._desk.ask(coverage.ids, filter=filter, sort=sort, descending=descending)

    async def rows(self, ids: Sequence[int]) -> Mapping[int, Sequence[Cell]]:
        known = await self._desk.ask(types.list_types)
        self.types = {each.key: each for each in known}
        found = await self._desk.ask(coverage.rows, ids)
        self.gaps = {**dict([*self.gaps.items()][-_KEPT:]), **found}
        self._on_read()
        return {i: self._cells(gap) for i, gap in found.items()}

    def _cells(self, gap: Gap) -> Sequence[Cell]:
        by_email = sum(each.by_email for each in self.types.values())
        route: Cell = (_("▲ não sai"), Tone.BAD) if gap.why_none else (_("● sai"), Tone.GOOD)
        nobody: Cell = ""
        if gap.types and len(gap.types) == by_email:
            nobody = (_("todos os tipos"), Tone.WARN)
        elif gap.types:
            words = ", ".join(short(self.types[key]) for key in gap.types if key in self.types)
            nobody = (f"{grouped(len(gap.types))}: {words}", Tone.WARN)
        return gap.nickname, route, nobody


class Coverage(Commanded, ModalScreen[None]):
    """The list of gaps; what is under the cursor stands in full below, Enter asks who receives."""

    DEFAULT_CSS = """
    Coverage .dialog { height: 96%; }
    Coverage #why { height: auto; min-height: 4; max-height: 8; padding: 1 0 0 0; }
    """
    AUTO_FOCUS: ClassVar[str | None] = "WindowList"
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command("coverage.who", "d", later("Quem recebe?"), "who", order=1),
        Command("coverage.leave", "escape,q", later("Voltar"), "dismiss(None)", order=9),
    )

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self._source = GapSource(desk, self._explain)
        self.list = WindowList(
            self._source,
            (
                Column("nickname", _("Empresa"), 22, sortable=True, wide=True),
                Column("route", _("E-mail"), 16),
                Column("types", _("Ninguém recebe"), 24, wide=True),
            ),
            empty=_("Nada falta: todo tipo de toda empresa tem quem o receba, e por onde sair."),
        )

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog wide"):
            yield Listing(self.list, title=_("Cobertura"))
            yield Foreign(id="why", block=True)
        yield KeyLine()

    async def refresh_live(self) -> None:
        """Somebody filled a gap, or tore one."""
        self.list.refresh_ids()

    def on_window_list_highlighted(self) -> None:
        """Another company."""
        self._explain()

    def on_window_list_counted(self) -> None:
        """The list was read again."""
        self._explain()

    def _explain(self) -> None:
        gap = None if self.list.current is None else self._source.gaps.get(self.list.current)
        lines = []
        if gap is not None and gap.why_none:
            lines.append(_("Nenhum e-mail sai: {why}").format(why=gap.why_none))
        if gap is not None and gap.types:
            lines.append(
                _("Ninguém recebe: {types}").format(types=titles(gap.types, self._source.types))
            )
        self.query_one("#why", Foreign).show("\n".join(lines))

    def on_window_list_chosen(self) -> None:
        """Enter in the list."""
        self.action_who()

    def action_who(self) -> None:
        """Quem recebe?, of the company under the cursor."""
        run_newest(self, "who", self._who)

    async def _who(self) -> None:
        gap = None if self.list.current is None else self._source.gaps.get(self.list.current)
        if gap is None:
            return
        company = (await self.desk.ask(companies.rows, [gap.company_id])).get(gap.company_id)
        if company is not None:
            type_key = gap.types[0] if gap.types else None
            self.app.push_screen(WhoReceives(self.desk, company, type_key))
