"""Servidores de E-mail: every mail account of the partner and the companies that use it (R15–R22)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, ClassVar, Self

from textual.widget import Widget

from screens.background import run_newest
from screens.bulk import Left
from screens.commands import Command
from screens.desk import Desk
from screens.dialogs.confirm import Confirm
from screens.dialogs.email_test import EmailTest
from screens.dialogs.link_companies import link_companies
from screens.dialogs.linking import can_relink, relink
from screens.dialogs.progress import run_in_chunks
from screens.dialogs.server_form import ServerForm
from screens.frame import FramedScreen
from screens.registering import register_server
from screens.server_source import ServerSource, columns
from screens.turning import pausing_words, switching_words
from screens.widgets.asking import nothing_is
from screens.widgets.filter_bar import FilterBar, FilteredListing, FilterField
from screens.widgets.foreign import notify_safe
from screens.widgets.inactivated import Inactivated
from screens.widgets.list import WindowList
from screens.widgets.numbers import grouped
from screens.widgets.rest import Resting
from services.errors import CarteiroError
from services.language import _, later, ngettext
from services.registry import pausing, server_views, servers
from services.registry.server_views import ServerView
from services.store.models import Kind

CHUNK = 20
STATUSES = (None, "active", "inactive")


def _no_servers() -> str:
    return _("Nenhum servidor de e-mail. Tecle n para cadastrar o primeiro.")


class ServersScreen(FramedScreen):
    """The list with its filters; everything else about a server is a key away."""

    key = "servers"
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command("servers.new", "n", later("Novo"), "new", order=1),
        Command("servers.edit", "e", later("Editar"), "edit", order=2),
        Command("servers.test", "t", later("Testar"), "test", order=3),
        Command("servers.link", "v", later("Vincular"), "link", order=4),
        Command(
            "servers.switch",
            "a",
            later("Ativar"),
            "switch",
            later("Ativa ou inativa o servidor, ou os marcados"),
            order=5,
            turned=lambda s: switching_words(s.switched),
        ),
        Command("servers.delete", "x", later("Excluir"), "delete", order=6),
        Command(
            "servers.relink",
            "l",
            later("Vincular de novo"),
            "relink",
            later(
                "Entra de novo na conta Microsoft; o teste que passa põe a caixa de volta em uso"
            ),
            order=7,
            when=lambda s: can_relink(s.chosen),
        ),
        Command(
            "servers.pause",
            "p",
            later("Pausar"),
            "pause",
            later("Pausa o envio pelo servidor até que alguém o retome, ou o retoma"),
            order=8,
            when=lambda s: s.chosen is not None and s.chosen.kind != Kind.READ,
            turned=lambda s: pausing_words(s.chosen),
        ),
        Command("servers.status", "s", later("Situação"), "status", order=9),
        Command("servers.reload", "r", later("Atualizar"), "reload", palette=False),
        Command("servers.back", "escape,q", later("Voltar"), "app.go('home')", palette=False),
    )

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self._source = ServerSource(desk, self._read_again)
        self._inactivated = Inactivated("l")
        self._resting = Resting()
        self.list = WindowList(
            self._source,
            columns(),
            empty=_no_servers(),
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
            "a caixa na hora. Uma conta Microsoft que foi inativada diz por quê: 'l' a vincula de "
            "novo, e o teste que passa a põe de volta em uso. 'p' pausa o envio até que alguém o retome. Espaço marca linhas: 'a' e 'x' valem então para todas as marcadas. "
            "Um servidor vinculado não pode ser excluído."
        )

    def body(self) -> Iterable[Widget]:
        yield self._listing
        yield self._inactivated
        yield self._resting

    async def refresh_live(self) -> None:
        self.list.refresh_ids()

    @property
    def chosen(self) -> ServerView | None:
        """The server under the cursor as it was read last."""
        return None if self.list.current is None else self._source.views.get(self.list.current)

    @property
    def switched(self) -> list[bool]:
        """Which of those that an action is for are active, as far as they were read."""
        views = self._source.views
        return [views[each].active for each in self.list.targets if each in views]

    def on_window_list_highlighted(self) -> None:
        """Another server: other things may be possible."""
        self._read_again()

    def on_window_list_counted(self) -> None:
        """The list was read again."""
        self._read_again()

    def _read_again(self) -> None:
        self._inactivated.tell(self.chosen)
        self._resting.tell(self.chosen)
        self.refresh_bindings()

    def _with_view(self, then: Callable[[ServerView], Any]) -> None:
        """Read the server under the cursor as it is now, and go on with it."""
        chosen = self.list.current
        if chosen is not None:
            self.attempt(lambda: self.desk.ask(server_views.view, chosen), then, group="view")

    def action_new(self) -> None:
        """Register a server, by one of the two ways (R4, R17); the cursor is on it afterwards."""
        run_newest(self, "form", self._register)

    async def _register(self) -> None:
        made = await register_server(self, self.desk)
        if made is not None:
            self.list.refresh_ids()
            await self.list.go_to(made)

    def action_edit(self) -> None:
        """Change the server under the cursor."""
        self._with_view(lambda view: self.app.push_screen(ServerForm(self.desk, view)))

    def on_window_list_chosen(self) -> None:
        """Enter edits."""
        self.action_edit()

    def action_test(self) -> None:
        """Testar E-mail with the saved values, in every direction that it serves; the field that it
        names opens at once (R19)."""

        def test(view: ServerView) -> None:
            def mend(field: str | None) -> None:
                if field is not None:
                    self.app.push_screen(ServerForm(self.desk, view).at(field))

            self.app.push_screen(
                EmailTest.of_server(self.desk, view.id, view.email, view.kind, opens_form=True),
                mend,
            )

        self._with_view(test)

    def action_relink(self) -> None:
        """Sign in again at Microsoft, and test (R49)."""
        view = self.chosen
        if view is not None:
            run_newest(self, "form", relink, self.app, self.desk, view.id)

    def action_link(self) -> None:
        """Vincular Empresas (R20)."""
        self._with_view(lambda view: self.app.push_screen(link_companies(self.desk, view)))

    def action_status(self) -> None:
        """Show all, only active or only inactive servers."""
        self._show(STATUSES[(STATUSES.index(self._source.status) + 1) % len(STATUSES)])

    async def narrow_as(self, before: Self) -> None:
        self._show(before._source.status)

    def _show(self, status: str | None) -> None:
        self._source.status = status
        words = {None: "", "active": _(" · só ativos"), "inactive": _(" · só inativos")}
        self._listing.set_title(self.title_words() + words[status])
        self.list.empty = nothing_is(words[status]) or _no_servers()
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

    def action_pause(self) -> None:
        """Pause sending by the server under the cursor, or resume it (R34)."""
        view = self.chosen
        if view is not None:
            service = pausing.resume_server if pausing.is_paused(view) else pausing.pause_server
            self.attempt(
                lambda: self.desk.do(service, view.id), lambda _done: self.list.refresh_ids()
            )

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


def _question(concerned: Sequence[ServerView], marked: int, active: bool) -> Confirm:
    count = len(concerned)
    name = concerned[0].nickname
    if active:
        words = ngettext("Ativar {n} servidor?", "Ativar {n} servidores?", count)
        title = _("Ativar {name}?").format(name=name) if count == 1 else words
        happens = [_("O envio e a leitura voltam a usá-los.")]
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
