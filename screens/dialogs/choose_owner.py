"""Which of several companies in a document the mailbox is to be read for (R39)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen

from screens.commands import Command, Commanded
from screens.widgets.columns import Cell, Column
from screens.widgets.foreign import Foreign
from screens.widgets.keyline import KeyLine
from screens.widgets.list import WindowList
from screens.widgets.list_keys import taking
from services.fiscal.cnpj import masked
from services.language import _, later
from services.reading.quarantine import QuarantineView


class _Owners:
    def __init__(self, view: QuarantineView) -> None:
        self._owners = view.owners

    async def ids(self, filter: str, sort: str | None, descending: bool) -> Sequence[int]:  # noqa: A002
        return [owner.company_id for owner in self._owners]

    async def rows(self, ids: Sequence[int]) -> Mapping[int, Sequence[Cell]]:
        return {
            owner.company_id: (
                owner.nickname,
                masked(owner.cnpj),
                _("já vinculada") if owner.linked else "",
            )
            for owner in self._owners
            if owner.company_id in ids
        }


class ChooseOwner(Commanded, ModalScreen[int | None]):
    """Enter chooses; gives the company's id."""

    DEFAULT_CSS = """
    ChooseOwner WindowList { height: 8; }
    """
    AUTO_FOCUS: ClassVar[str | None] = "WindowList"
    VERBS: ClassVar[tuple[Command, ...]] = (
        taking("choose_owner"),
        Command("choose_owner.leave", "escape,q", later("Voltar"), "dismiss(None)", order=2),
    )

    def __init__(self, view: QuarantineView) -> None:
        super().__init__()
        self._view = view
        self._list = WindowList(
            _Owners(view),
            (
                Column("nickname", _("Empresa"), 20, wide=True),
                Column("cnpj", "CNPJ", 18),
                Column("linked", "", 12),
            ),
        )

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Foreign(
                _("Vincular a {email} e importar").format(email=self._view.email or ""),
                classes="dialog-title",
            )
            yield Foreign(_("O documento cita estas empresas:"), classes="hint")
            yield self._list
        yield KeyLine()

    def action_take(self) -> None:
        """Choose the company under the cursor."""
        self._list.action_choose()

    def on_window_list_chosen(self, message: WindowList.Chosen) -> None:
        """Enter takes it."""
        self.dismiss(message.id)
