"""What a table of companies would do, line by line, before it does anything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen

from screens.background import run_newest
from screens.commands import Command, Commanded
from screens.desk import Desk
from screens.dialogs.company_form import label_of
from screens.dialogs.confirm import Confirm
from screens.dialogs.details import Details, Facts
from screens.widgets.columns import Cell, Column
from screens.widgets.foreign import Foreign
from screens.widgets.keyline import KeyLine
from screens.widgets.list import WindowList
from screens.widgets.listing import Listing
from screens.widgets.numbers import grouped
from screens.widgets.status import Tone
from services.errors import CarteiroError
from services.fiscal import cnpj
from services.folding import holds
from services.language import _, later, ngettext
from services.registry import company_csv
from services.registry.company_csv import Line, Plan

_MANY = 200


class LineSource:
    """The lines of a plan, the wrong ones first."""

    def __init__(self, plan: Plan) -> None:
        order = {"error": 0, "edit": 1, "add": 2, "same": 3}
        self.lines = {line.number: line for line in plan.lines}
        self._order = sorted(self.lines, key=lambda n: (order[self.lines[n].action], n))

    async def ids(self, filter: str, sort: str | None, descending: bool) -> Sequence[int]:  # noqa: A002
        named = {n: f"{line.cnpj} {line.nickname}" for n, line in self.lines.items()}
        return [n for n in self._order if holds(named[n], filter)]

    async def rows(self, ids: Sequence[int]) -> Mapping[int, Sequence[Cell]]:
        return {n: _cells(self.lines[n]) for n in ids}


def _cells(line: Line) -> Sequence[Cell]:
    words, tone = _actions()[line.action]
    told = "; ".join(message for _field, message in line.errors) or ", ".join(
        f"{label_of(name)}: {_value(after)}" for name, (_before, after) in line.changes.items()
    )
    return str(line.number), (words, tone), _number(line), line.nickname, told


def _number(line: Line) -> str:
    """The CNPJ with its mask; one that is none, as it was typed."""
    return cnpj.masked(line.cnpj) if cnpj.is_valid(line.cnpj) else line.cnpj


def _actions() -> dict[str, tuple[str, Tone]]:
    return {
        "error": (f"▲ {_('erro')}", Tone.BAD),
        "edit": (f"≠ {_('altera')}", Tone.BUSY),
        "add": (f"+ {_('nova')}", Tone.GOOD),
        "same": (f"= {_('igual')}", Tone.MUTED),
    }


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return _("sim") if value else _("não")
    return str(value or "—")


class CsvPlan(Commanded, ModalScreen[Sequence[Line] | None]):
    """Gives the lines to apply, or None."""

    DEFAULT_CSS = """
    CsvPlan .dialog { height: 94%; }
    CsvPlan #sum { height: auto; }
    """
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command(
            "csv_plan.apply",
            "f2,ctrl+s",
            later("Importar"),
            "apply",
            order=1,
            when=lambda d: d.useful,
        ),
        Command("csv_plan.leave", "escape", later("Voltar"), "dismiss(None)", order=9),
    )

    def __init__(self, desk: Desk, data: bytes) -> None:
        super().__init__()
        self.desk = desk
        self._data = data
        self._plan: Plan | None = None
        self._gone = (0, 0)

    @property
    def useful(self) -> bool:
        """True when some line is new or changes something."""
        plan = self._plan
        return plan is not None and bool(plan.counts["add"] or plan.counts["edit"])

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog wide"):
            yield Foreign(_("Importar empresas: conferência"), classes="dialog-title")
            yield Foreign(_("Conferindo as linhas… nada muda ainda."), id="sum")
        yield KeyLine()

    def on_mount(self) -> None:
        self.set_interval(0.2, self._show_gone)
        run_newest(self, "plan", self._look)

    def _show_gone(self) -> None:
        done, total = self._gone
        if self._plan is None and total:
            self.query_one("#sum", Foreign).show(
                _("Conferindo as linhas: {n} de {total}…").format(
                    n=grouped(done), total=grouped(total)
                )
            )

    async def _look(self) -> None:
        said = self.query_one("#sum", Foreign)

        def progress(done: int, total: int) -> None:
            self._gone = done, total

        try:
            plan = await self.desk.ask(company_csv.plan, self._data, progress=progress)
        except CarteiroError as e:
            self._gone = (0, 0)
            said.add_class("error")
            said.show(f"▲ {e.message}")
            return
        self._plan = plan
        said.show(_sum(plan))
        lines = WindowList(
            LineSource(plan),
            (
                Column("number", _("Linha"), 5, "right"),
                Column("action", _("O que faz"), 12),
                Column("cnpj", "CNPJ", 18),
                Column("nickname", _("Apelido"), 14, min_terminal_width=110),
                Column("told", _("Detalhe"), 20, wide=True),
            ),
            empty=_("A planilha não tem nenhuma linha além do cabeçalho."),
        )
        await self.query_one(".dialog").mount(Listing(lines))
        lines.focus()
        self.refresh_bindings()

    def on_window_list_chosen(self, message: WindowList.Chosen) -> None:
        """Enter tells all of a line."""
        assert self._plan is not None
        line = next(line for line in self._plan.lines if line.number == message.id)

        async def facts() -> Facts:
            told = [(_("CNPJ"), _number(line)), (_("Apelido"), line.nickname)]
            told += [(label_of(name or ""), why) for name, why in line.errors]
            told += [
                (label_of(name), f"{_value(before)} → {_value(after)}")
                for name, (before, after) in line.changes.items()
            ]
            return Facts(told)

        self.app.push_screen(Details(_("Linha {n}").format(n=line.number), facts))

    def action_apply(self) -> None:
        """Import, after a question where lines are left out or many companies change."""
        run_newest(self, "apply", self._apply)

    async def _apply(self) -> None:
        plan = self._plan
        assert plan is not None
        wrong = plan.counts["error"]
        if wrong and not await self.app.push_screen_wait(
            Confirm(
                ngettext(
                    "Importar sem a linha com erro?",
                    "Importar sem as {n} linhas com erro?",
                    wrong,
                ).format(n=grouped(wrong)),
                ngettext(
                    "Ela fica de fora. Corrija-a na planilha e importe de novo quando quiser.",
                    "Elas ficam de fora. Corrija-as na planilha e importe de novo quando quiser.",
                    wrong,
                ),
                danger=True,
            )
        ):
            return
        lines = [
            line for some in company_csv.chunks(plan, skip_errors=True, size=_MANY) for line in some
        ]
        self.dismiss(lines)


def _sum(plan: Plan) -> str:
    """ "120 novas · 3 alteradas · 40 iguais · 2 com erro"."""
    counts = plan.counts
    told = [
        ngettext("{n} nova", "{n} novas", counts["add"]).format(n=grouped(counts["add"])),
        ngettext("{n} alterada", "{n} alteradas", counts["edit"]).format(n=grouped(counts["edit"])),
        ngettext("{n} igual", "{n} iguais", counts["same"]).format(n=grouped(counts["same"])),
    ]
    if errors := counts["error"]:
        told.append(ngettext("{n} com erro", "{n} com erro", errors).format(n=grouped(errors)))
    return " · ".join(told)
