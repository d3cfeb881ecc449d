"""Usuários: the partner's people and those of its companies (R53, R54)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from screens.browse import BrowseScreen
from screens.commands import Command
from screens.desk import Desk
from screens.dialogs.confirm import Confirm
from screens.dialogs.user_form import UserForm, role_words
from screens.widgets.columns import Cell, Column
from screens.widgets.list import Source, WindowList
from screens.widgets.status import Tone, cell
from services.errors import NotFound
from services.language import _, ngettext
from services.registry import people
from services.registry.people import UserView
from services.store.models import Role


class UserSource:
    """The partner's users."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def ids(self, filter: str, sort: str | None, descending: bool) -> Sequence[int]:  # noqa: A002
        return await self._desk.ask(people.ids, filter=filter, sort=sort, descending=descending)

    async def rows(self, ids: Sequence[int]) -> Mapping[int, Sequence[Cell]]:
        return {i: _cells(v) for i, v in (await self._desk.ask(people.rows, ids)).items()}


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


class UsersScreen(BrowseScreen):
    """Enter edits."""

    key = "users"
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command("users.new", "n", _("Novo"), "new", order=1),
        Command("users.edit", "e", _("Editar"), "edit", order=2),
        Command("users.switch", "a", _("Ativar"), "switch", order=3),
        Command("users.delete", "x", _("Excluir"), "delete", order=4),
    )

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
        return UserSource(self.desk)

    def columns(self) -> Sequence[Column]:
        return (
            Column("nickname", _("Apelido"), 12, sortable=True),
            Column("name", _("Nome"), 14, sortable=True, wide=True),
            Column("role", _("Papel"), 9),
            Column("companies", _("Vê"), 13),
            Column("active", _("Situação"), 9),
            Column("os_account", _("Conta"), 12, min_terminal_width=120),
            Column("email", _("E-mail"), 20, min_terminal_width=140, wide=True),
        )

    def empty_words(self) -> str:
        return _("Nenhum usuário. Tecle n para cadastrar o primeiro.")

    def on_window_list_chosen(self, message: WindowList.Chosen) -> None:
        """Enter edits."""
        self.action_edit()

    def action_new(self) -> None:
        """Register a user."""
        self.run_worker(self._form(None), group="form", exclusive=True, exit_on_error=False)

    def action_edit(self) -> None:
        """Change the user under the cursor."""
        if self.list.current is not None:
            self.run_worker(
                self._form(self.list.current), group="form", exclusive=True, exit_on_error=False
            )

    async def _form(self, user_id: int | None) -> None:
        try:
            view = None if user_id is None else await self.desk.ask(people.view, user_id)
        except NotFound as e:
            self.refuse(e.message)
            return
        await self.app.push_screen_wait(UserForm(self.desk, view))
        await self.refresh_live()

    def action_switch(self) -> None:
        """Let the user in, or not any more."""
        if self.list.current is not None:
            self.attempt(lambda: self._switch(self.list.current), lambda _done: self.refresh_live())

    async def _switch(self, user_id: int | None) -> None:
        if user_id is not None:
            view = await self.desk.ask(people.view, user_id)
            await self.desk.do(
                people.edit_user, user_id, {"active": not view.active}, version=view.version
            )

    def action_delete(self) -> None:
        """Remove the user under the cursor, after a question."""
        self.run_worker(self._delete(), group="delete", exclusive=True, exit_on_error=False)

    async def _delete(self) -> None:
        if self.list.current is None:
            return
        view = (await self.desk.ask(people.rows, [self.list.current])).get(self.list.current)
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
