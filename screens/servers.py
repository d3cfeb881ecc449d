"""Servidores de E-mail: every mail account of the partner and the companies that use it (R15–R22)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from textual.widget import Widget

from screens.bulk import Left
from screens.commands import Command
from screens.desk import Desk
from screens.dialogs.confirm import Confirm
from screens.dialogs.email_test import EmailTest
from screens.dialogs.link_companies import link_companies
from screens.dialogs.progress import run_in_chunks
from screens.dialogs.server_form import ServerForm
from screens.frame import FramedScreen
from screens.widgets.columns import Cell, Column
from screens.widgets.filter_bar import FilterBar, FilteredListing, FilterField
from screens.widgets.foreign import notify_safe
from screens.widgets.list import WindowList
from screens.widgets.numbers import grouped
from screens.widgets.status import cell
from services import clock
from services.errors import CarteiroError
from services.health import testable
from services.language import _, ngettext
from services.registry import server_views, servers
from services.registry.server_views import Filters, ServerView
from services.store.models import Function, Health, Kind

CHUNK = 20
STATUSES = (None, "active", "inactive")


def kind_words(kind: str) -> str:
    """What a server serves, in a word (R17)."""
    words = {Kind.SEND: _("Envio"), Kind.READ: _("Leitura"), Kind.BOTH: _("Ambos")}
    return words.get(Kind(kind), kind)


class ServerSource:
    """The partner's servers under the four filters of R16, as a list reads them."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.filters: Mapping[str, str] = {}
        self.status: str | None = None

    async def ids(self, filter: str, sort: str | None, descending: bool) -> Sequence[int]:  # noqa: A002
        return await self._desk.ask(
            server_views.ids,
            filters=Filters(**self.filters) if filter else Filters(),
            status=self.status,
            sort=sort,
            descending=descending,
        )

    async def rows(self, ids: Sequence[int]) -> Mapping[int, Sequence[Cell]]:
        found = await self._desk.ask(server_views.rows, ids)
        return {i: _cells(view) for i, view in found.items()}


def _cells(view: ServerView) -> Sequence[Cell]:
    host = view.pop_host if view.kind == Kind.READ else view.smtp_host
    return (
        view.nickname,
        view.email,
        kind_words(view.kind),
        cell(_state(view)),
        grouped(view.companies_count),
        host or "",
        view.created_by or "",
    )


def _state(view: ServerView) -> str:
    if not view.active:
        return "inactive"
    if view.paused_until is not None and view.paused_until > clock.now():
        return "paused"
    if view.kind == Kind.BOTH and len(view.failing) == 1:
        return "not_sending" if view.failing == (Function.SEND,) else "not_reading"
    return view.health if view.health in (Health.FAILING, Health.DOWN) else "active"


class ServersScreen(FramedScreen):
    """The list with its filters; everything else about a server is a key away."""

    key = "servers"
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command("servers.new", "n", _("Novo"), "new", order=1),
        Command("servers.edit", "e", _("Editar"), "edit", order=2),
        Command("servers.test", "t", _("Testar"), "test", order=3),
        Command("servers.link", "v", _("Vincular"), "link", order=4),
        Command("servers.switch", "a", _("Ativar"), "switch", order=5),
        Command("servers.delete", "x", _("Excluir"), "delete", order=6),
        Command("servers.status", "s", _("Situação"), "status", order=9),
        Command("servers.reload", "r", _("Atualizar"), "reload", palette=False),
        Command("servers.back", "escape,q", _("Voltar"), "app.go('home')", palette=False),
    )

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._source = ServerSource(desk)
        self.list = WindowList(
            self._source,
            (
                Column("nickname", _("Apelido"), 15, sortable=True),
                Column("email", _("E-mail"), 21, wide=True, sortable=True),
                Column("kind", _("Tipo"), 7, sortable=True),
                Column("status", _("Situação"), 13, sortable=True),
                Column("companies", _("Empresas"), 10, align="right", sortable=True),
                Column("host", _("Servidor"), 22, min_terminal_width=130),
                Column("created_by", _("Cadastrou"), 12, min_terminal_width=130),
            ),
            empty=_("Nenhum servidor de e-mail. Tecle n para cadastrar o primeiro."),
        )
        self._listing = FilteredListing(
            self.list,
            FilterBar(
                (
                    FilterField("cnpj", "CNPJ:", _("com ou sem máscara")),
                    FilterField("company", _("Empresa:"), _("apelido")),
                    FilterField("email", _("E-mail:"), _("endereço")),
                    FilterField("user", _("Usuário:"), _("apelido")),
                )
            ),
            title=self.title_words(),
        )

    @classmethod
    def title_words(cls) -> str:
        return _("Servidores de E-mail")

    def help_words(self) -> str:
        return _(
            "Todas as contas de e-mail do parceiro e quantas empresas usam cada uma. '/' filtra "
            "por CNPJ, empresa, e-mail e usuário, juntos ou um só; 'v' vincula empresas, que veem "
            "a caixa na hora. Espaço marca linhas: 'a' e 'x' valem então para todas as marcadas. "
            "Um servidor vinculado não pode ser excluído."
        )

    def body(self) -> Iterable[Widget]:
        yield self._listing

    async def refresh_live(self) -> None:
        self.list.refresh_ids()

    def _with_view(self, then: Callable[[ServerView], Any]) -> None:
        """Read the server under the cursor as it is now, and go on with it."""
        chosen = self.list.current
        if chosen is not None:
            self.attempt(lambda: self.desk.ask(server_views.view, chosen), then, group="view")

    def action_new(self) -> None:
        """Register a server (R17); the cursor is on it afterwards."""
        self.run_worker(self._register(), group="form", exclusive=True, exit_on_error=False)

    async def _register(self) -> None:
        form = ServerForm(self.desk)
        await self.app.push_screen_wait(form)
        if form.record is not None:
            self.list.refresh_ids()
            await self.list.go_to(form.record.id)

    def action_edit(self) -> None:
        """Change the server under the cursor."""
        self._with_view(lambda view: self.app.push_screen(ServerForm(self.desk, view)))

    def on_window_list_chosen(self) -> None:
        """Enter edits."""
        self.action_edit()

    def action_test(self) -> None:
        """Testar E-mail with the saved values, in every direction that it serves (R19)."""
        self._with_view(lambda view: self.app.push_screen(server_test(self.desk, view)))

    def action_link(self) -> None:
        """Vincular Empresas (R20)."""
        self._with_view(lambda view: self.app.push_screen(link_companies(self.desk, view)))

    def action_status(self) -> None:
        """Show all, only active or only inactive servers."""
        at = STATUSES.index(self._source.status)
        self._source.status = STATUSES[(at + 1) % len(STATUSES)]
        words = {None: "", "active": _(" · só ativos"), "inactive": _(" · só inativos")}
        self._listing.set_title(self.title_words() + words[self._source.status])
        self.list.refresh_ids()

    def action_reload(self) -> None:
        """Read the list again."""
        self.list.refresh_ids()

    def action_switch(self) -> None:
        """Activate or inactivate the marked servers, or the one under the cursor (R9)."""
        self.attempt(self._switch, group="switch")

    async def _switch(self) -> None:
        views = await self._targets()
        if not views:
            return
        # What is mixed is switched off: that is what one does in a hurry.
        active = not any(view.active for view in views)
        concerned = [view for view in views if view.active is not active]
        if (not active or len(views) > 1) and not await self.app.push_screen_wait(
            _question(concerned, len(views), active)
        ):
            return

        async def switch(view: ServerView) -> None:
            await self.desk.do(servers.edit, view.id, {"active": active}, version=view.version)

        title = _("Ativar servidores") if active else _("Inativar servidores")
        await self._for_each(title, concerned, switch, _activated if active else _inactivated)

    def action_delete(self) -> None:
        """Delete the marked servers, or the one under the cursor, unless companies use it (R21)."""
        self.attempt(self._delete, group="delete")

    async def _delete(self) -> None:
        views = await self._targets()
        if not views:
            return
        if len(views) == 1:
            title = _("Excluir o servidor {name}?").format(name=views[0].nickname)
            text = _("{email}: as configurações e a senha são excluídas.").format(
                email=views[0].email
            )
        else:
            title = _("Excluir {n} servidores?").format(n=grouped(len(views)))
            text = _("As configurações e as senhas são excluídas.")
        happens = []
        if used := sum(view.companies_count > 0 for view in views):
            happens.append(
                ngettext(
                    "{n} está em uso por empresas e não será excluído.",
                    "{n} estão em uso por empresas e não serão excluídos.",
                    used,
                ).format(n=grouped(used))
                if len(views) > 1
                else _("Está em uso por empresas: desvincule-as antes (v).")
            )
        if not await self.app.push_screen_wait(Confirm(title, text, happens, danger=True)):
            return
        await self._for_each(
            _("Excluir servidores"),
            views,
            lambda view: self.desk.do(servers.remove, view.id),
            _deleted,
        )

    async def _targets(self) -> list[ServerView]:
        found = await self.desk.ask(server_views.rows, self.list.targets)
        return list(found.values())

    async def _for_each(
        self,
        title: str,
        views: Sequence[ServerView],
        change: Callable[[ServerView], Awaitable[object]],
        done: Callable[[int], str],
    ) -> None:
        """Change each of ``views``; one that is refused stops no other, and ``done`` says the rest."""

        async def work(chunk: Sequence[ServerView]) -> Sequence[Left]:
            left = []
            for view in chunk:
                try:
                    await change(view)
                except CarteiroError as e:
                    left.append(Left(view.email, e.message))
            return left

        if len(views) == 1:
            for refused in await work(views):
                self.refuse(refused.why)
        else:
            outcome = await run_in_chunks(self.app, title, views, CHUNK, work)
            if outcome.done and not outcome.behind:
                notify_safe(self.app, done(outcome.done).format(n=grouped(outcome.done)))
        self.list.action_unmark()
        self.list.refresh_ids()


def _activated(n: int) -> str:
    return ngettext("{n} servidor ativado", "{n} servidores ativados", n)


def _inactivated(n: int) -> str:
    return ngettext("{n} servidor inativado", "{n} servidores inativados", n)


def _deleted(n: int) -> str:
    return ngettext("{n} servidor excluído", "{n} servidores excluídos", n)


def server_test(desk: Desk, view: ServerView) -> EmailTest:
    """Testar E-mail for a saved server, in every direction that it serves (R19)."""
    return EmailTest(
        desk,
        view.email,
        view.kind,
        lambda: desk.ask(testable.of_server, view.id, desk.settings),
        False,
        lambda: desk.do(testable.server_passed, view.id),
    )


def _question(concerned: Sequence[ServerView], marked: int, active: bool) -> Confirm:
    count = len(concerned)
    name = concerned[0].nickname
    if active:
        words = ngettext("Ativar {n} servidor?", "Ativar {n} servidores?", count)
        title = _("Ativar {name}?").format(name=name) if count == 1 else words
        happens = [_("Os trabalhos voltam a usá-los.")]
    else:
        words = ngettext("Inativar {n} servidor?", "Inativar {n} servidores?", count)
        title = _("Inativar {name}?").format(name=name) if count == 1 else words
        used = sum(view.companies_count for view in concerned)
        happens = [
            _("Nada mais é enviado nem lido por ele, nem o que já está na fila.")
            if count == 1
            else _("Nada mais é enviado nem lido por eles, nem o que já está na fila.")
        ]
        if used and count == 1:
            happens.append(_("Empresas vinculadas: {n}").format(n=grouped(used)))
        elif used:
            happens.append(_("Vínculos com empresas: {n}").format(n=grouped(used)))
    if rest := marked - count:
        happens.append(
            ngettext("{n} marcado já está assim.", "{n} marcados já estão assim.", rest).format(
                n=grouped(rest)
            )
        )
    return Confirm(title.format(n=grouped(count)), happens=happens, danger=not active)
