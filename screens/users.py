"""Usuários: the partner's people and those of its companies (R53, R54)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

from textual.screen import Screen

from screens.background import run_newest
from screens.browse import RecordsScreen
from screens.commands import Command
from screens.desk import Desk
from screens.dialogs.confirm import Confirm
from screens.dialogs.user_form import UserForm, role_words
from screens.turning import switching_words
from screens.widgets.asking import Source
from screens.widgets.columns import Cell, Column
from screens.widgets.status import Tone, cell
from services.errors import NotFound
from services.language import _, later, ngettext
from services.registry import people
from services.registry.people import UserView
from services.store.models import Role


class UserSource:
    """The partner's users; ``on_read`` hears of those that were read."""

    def __init__(self, desk: Desk, on_read: Callable[[Mapping[int, UserView]], None]) -> None:
        self._desk = desk
        self._on_read = on_read

    async def ids(self, filter: str, sort: str | None, descending: bool) -> Sequence[int]:  # noqa: A002
        return await self._desk.ask(people.ids, filter=filter, sort=sort, descending=descending)

    async def rows(self, ids: Sequence[int]) -> Mapping[int, Sequence[Cell]]:
        found = await self._desk.ask(people.rows, ids)
        self._on_read(found)
        return {i: _cells(view) for i, view in found.items()}


def _cells(view: UserView) -> Sequence[Cell]:
    if view.role == Role.PARTNER:
        sees = _("todas")
    else:
        sees = ngettext("{n} empresa", "{n} empresas", view.companies_count).format(
            n=view.companies_count
        )
    return (
        view.nickname,
        view.name,
        role_words(view.role),
        sees,
        cell("enabled" if view.active else "disabled"),
        view.os_account or (_("nenhuma"), Tone.MUTED),
        view.email or "",
    )


class UsersScreen(RecordsScreen[UserView]):
    """Enter edits."""

    key = "users"
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command(
            "users.switch",
            "a",
            later("Ativar"),
            "switch",
            later("Deixa o usuário entrar, ou não mais"),
            order=3,
            turned=lambda s: switching_words(s.switched),
        ),
        Command("users.delete", "x", later("Excluir"), "delete", order=4),
    )

    def __init__(self, desk: Desk) -> None:
        self._active: dict[int, bool] = {}
        super().__init__(desk)

    @classmethod
    def title_words(cls) -> str:
        return _("Usuários")

    def help_words(self) -> str:
        return _(
            "Usuários do parceiro veem todas as empresas e as telas do parceiro; usuários de "
            "empresa, só as suas empresas. Quem é quem vem da conta do sistema operacional, ou da "
            "chave SSH com comando fixo (carteiro --user APELIDO)."
        )

    def source(self) -> Source:
        return UserSource(self.desk, self._read)

    def columns(self) -> Sequence[Column]:
        return (
            Column("nickname", _("Apelido"), 12, sortable=True),
            Column("name", _("Nome"), 14, sortable=True, wide=True),
            Column("role", _("Papel"), 9),
            Column("companies", _("Vê"), 13),
            Column("active", _("Situação"), 10),
            Column("os_account", _("Conta"), 12, min_terminal_width=120),
            Column("email", _("E-mail"), 20, min_terminal_width=140, wide=True),
        )

    def empty_words(self) -> str:
        return _("Nenhum usuário. Tecle n para cadastrar o primeiro.")

    async def record(self, record_id: int) -> UserView | None:
        try:
            return await self.desk.ask(people.view, record_id)
        except NotFound:
            return None

    def form(self, record: UserView | None) -> Screen[Any]:
        return UserForm(self.desk, record)

    @property
    def switched(self) -> list[bool]:
        """Whether the user under the cursor may enter; empty while that was not read."""
        current = self.list.current
        return [self._active[current]] if current in self._active else []

    def _read(self, found: Mapping[int, UserView]) -> None:
        self._active.update({i: view.active for i, view in found.items()})
        self.refresh_bindings()

    def on_window_list_highlighted(self) -> None:
        """Another user: the key does other things."""
        self.refresh_bindings()

    def action_switch(self) -> None:
        """Let the user in, or not any more."""
        self.attempt(self._switch, lambda _done: self.refresh_live())

    async def _switch(self) -> None:
        view = await self.chosen()
        if view is not None:
            changes = {"active": not view.active}
            await self.desk.do(people.edit_user, view.id, changes, version=view.version)

    def action_delete(self) -> None:
        """Remove the user under the cursor, after a question."""
        run_newest(self, "delete", self._delete)

    async def _delete(self) -> None:
        view = await self.chosen()
        if view is None or not await self.app.push_screen_wait(
            Confirm(
                _("Excluir o usuário {name}?").format(name=view.nickname),
                _("{name} não entra mais; o que fez continua na auditoria.").format(
                    name=view.name or view.nickname
                ),
                danger=True,
            )
        ):
            return
        self.attempt(
            lambda: self.desk.do(people.remove_user, view.nickname),
            lambda _done: self.refresh_live(),
        )
