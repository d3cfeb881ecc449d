"""Choosing the company that the company screens speak of; registering a first one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen

from screens.commands import Command
from screens.desk import Desk
from screens.dialogs.company_form import CompanyForm
from screens.dialogs.filtered import Choosing
from screens.records import Records
from screens.widgets.columns import Cell, Column
from screens.widgets.foreign import Foreign
from screens.widgets.keyline import KeyLine
from screens.widgets.line_input import LineInput
from screens.widgets.list import WindowList
from services.fiscal.cnpj import masked
from services.language import _, later
from services.registry import companies
from services.registry.companies import CompanyView


class CompanySource:
    """The companies that this person may see."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def ids(self, filter: str, sort: str | None, descending: bool) -> Sequence[int]:  # noqa: A002
        return await self._desk.ask(companies.ids, filter=filter, sort=sort, descending=descending)

    async def rows(self, ids: Sequence[int]) -> Mapping[int, Sequence[Cell]]:
        views = await self._desk.ask(companies.rows, ids)
        return {i: (v.nickname, masked(v.cnpj), v.legal_name) for i, v in views.items()}


def columns() -> tuple[Column, ...]:
    """The columns that tell one company from another."""
    return (
        Column("nickname", _("Apelido"), 20, sortable=True),
        Column("cnpj", "CNPJ", 18, sortable=True),
        Column("legal_name", _("Razão social"), 20, wide=True, sortable=True),
    )


class ChooseCompany(Choosing, ModalScreen[CompanyView | None]):
    """Type to filter, Enter chooses."""

    DEFAULT_CSS = """
    ChooseCompany .dialog { height: 80%; }
    ChooseCompany WindowList { height: 1fr; }
    """
    AUTO_FOCUS: ClassVar[str | None] = "Input"
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command("choose_company.new", "f3", later("Nova empresa"), "new", order=1),
        Command("choose_company.edit", "f4", later("Editar"), "edit", order=2),
        Command("choose_company.down", "down", later("Ir para a lista"), "to_list", palette=False),
        Command("choose_company.leave", "escape", later("Voltar"), "dismiss(None)", order=4),
    )

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.list = WindowList(
            CompanySource(desk),
            columns(),
            empty=_("Nenhuma empresa. Tecle F3 para cadastrar a primeira."),
        )
        self._records = Records(
            self,
            self.list,
            self._read,
            lambda record: CompanyForm(desk, record),
            self._filled_in,
        )

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Foreign(_("Escolher empresa"), classes="dialog-title")
            yield LineInput(placeholder=_("apelido, CNPJ ou razão social"))
            yield self.list
        yield KeyLine()

    def action_new(self) -> None:
        """Register a company; it is the chosen one."""
        self._records.new()

    def action_edit(self) -> None:
        """Change the company under the cursor."""
        self._records.edit()

    async def _read(self, company_id: int) -> CompanyView | None:
        return (await self.desk.ask(companies.rows, [company_id])).get(company_id)

    async def _filled_in(self, given: CompanyView | None, new: bool) -> None:
        if new and given is not None:
            self.dismiss(given)
        else:
            self.list.refresh_ids()

    async def _take(self) -> None:
        company_id = self.list.current
        if company_id is None:
            return
        if chosen := await self._read(company_id):
            self.dismiss(chosen)
        else:
            # Somebody has removed it meanwhile.
            self.list.refresh_ids()
