"""Choosing one of the partner's users who have an address (R24)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen

from screens.commands import Command
from screens.desk import Desk
from screens.dialogs.filtered import Choosing
from screens.widgets.columns import Cell, Column
from screens.widgets.foreign import Foreign
from screens.widgets.keyline import KeyLine
from screens.widgets.line_input import LineInput
from screens.widgets.list import WindowList
from screens.widgets.list_keys import taking
from services.language import _, later
from services.registry import people
from services.registry.people import UserView


class _WithAddress:
    """The users who can be told by e-mail."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def ids(self, filter: str, sort: str | None, descending: bool) -> Sequence[int]:  # noqa: A002
        return await self._desk.ask(
            people.ids,
            filter=filter,
            sort=sort,
            descending=descending,
            active=True,
            with_email=True,
        )

    async def rows(self, ids: Sequence[int]) -> Mapping[int, Sequence[Cell]]:
        found = await self._desk.ask(people.rows, ids)
        return {i: (v.nickname, v.name, v.email or "") for i, v in found.items()}


class ChooseUser(Choosing, ModalScreen[UserView | None]):
    """Type to filter, Enter chooses."""

    DEFAULT_CSS = """
    ChooseUser .dialog { height: 80%; }
    ChooseUser WindowList { height: 1fr; }
    """
    AUTO_FOCUS: ClassVar[str | None] = "Input"
    VERBS: ClassVar[tuple[Command, ...]] = (
        taking("choose_user"),
        Command("choose_user.down", "down", later("Ir para a lista"), "to_list", palette=False),
        Command("choose_user.leave", "escape", later("Voltar"), "dismiss(None)", order=2),
    )

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.list = WindowList(
            _WithAddress(desk),
            (
                Column("nickname", _("Apelido"), 14, sortable=True),
                Column("name", _("Nome"), 16, sortable=True, wide=True),
                Column("email", _("E-mail"), 26, sortable=True, wide=True),
            ),
            empty=_("Nenhum usuário tem e-mail no cadastro: preencha-o em Usuários."),
        )

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Foreign(_("Usuário que recebe"), classes="dialog-title")
            yield LineInput(placeholder=_("apelido, nome ou e-mail"))
            yield self.list
        yield KeyLine()

    async def refresh_live(self) -> None:
        """Others changed users."""
        self.list.refresh_ids()

    async def _take(self) -> None:
        found = await self.list.matching()
        chosen = self.list.current
        if chosen is None or not found:
            return
        view = (await self.desk.ask(people.rows, [chosen])).get(chosen)
        if view is not None:
            self.dismiss(view)
        else:
            self.list.refresh_ids()
