"""Caixas de E-mail: the company's sending and reading mailboxes (R1–R13)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import ClassVar

from textual.widget import Widget

from screens.commands import Command
from screens.desk import Desk
from screens.dialogs.confirm import Confirm
from screens.dialogs.email_test import EmailTest
from screens.dialogs.mailbox_form import MailboxForm
from screens.frame import FramedScreen
from screens.widgets.columns import Cell, Column
from screens.widgets.foreign import Foreign
from screens.widgets.list import WindowList
from screens.widgets.listing import Listing
from screens.widgets.status import cell
from services.errors import CarteiroError
from services.language import _, ngettext
from services.registry import mailboxes
from services.registry.mailboxes import MailboxView
from services.store.models import Function

_SECURITY = {"tls": "TLS", "starttls": "STARTTLS", "none": "—"}


class MailboxSource:
    """The mailboxes of the chosen company and one function, as a list reads them."""

    def __init__(self, desk: Desk, function: Function) -> None:
        self._desk = desk
        self._function = function
        self.status: str | None = None
        self.views: dict[int, MailboxView] = {}

    async def ids(self, filter: str, sort: str | None, descending: bool) -> Sequence[int]:  # noqa: A002
        company = self._desk.company
        if company is None:
            return []
        found = await self._desk.ask(
            mailboxes.list_of, company.id, function=self._function, status=self.status
        )
        wanted = filter.casefold()
        self.views = {
            v.id: v for v in found if wanted in f"{v.nickname} {v.email} {v.host}".casefold()
        }
        return list(self.views)

    async def rows(self, ids: Sequence[int]) -> Mapping[int, Sequence[Cell]]:
        return {i: _cells(self.views[i]) for i in ids if i in self.views}


def _cells(view: MailboxView) -> Sequence[Cell]:
    state = "inactive" if not view.active else "failing" if view.health == "failing" else "active"
    return (
        view.nickname,
        view.email,
        cell(state),
        f"{view.host}:{view.port}",
        _SECURITY.get(view.security, view.security),
    )


def _empty(function: Function, *, invites: bool) -> str:
    if function is Function.SEND:
        words = _("Nenhuma caixa de envio.")
    else:
        words = _("Nenhuma caixa de leitura.")
    return f"{words} {_('Tecle n para cadastrar a primeira.')}" if invites else words


class MailboxesScreen(FramedScreen):
    """Two lists, sending above and, while Document Import is on, reading below (R1, R3)."""

    key = "mailboxes"
    needs_company = True
    DEFAULT_CSS = """
    MailboxesScreen #why { color: $text-warning; height: auto; }
    """
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command("mailboxes.new", "n", _("Nova"), "new", order=1, when=lambda s: s.why_not is None),
        Command("mailboxes.edit", "e", _("Editar"), "edit", order=2),
        Command("mailboxes.test", "t", _("Testar"), "test", order=3),
        Command("mailboxes.switch", "a", _("Ativar"), "switch", order=4),
        Command("mailboxes.delete", "x", _("Excluir"), "delete", order=5),
        Command("mailboxes.status", "s", _("Situação"), "status"),
        Command("mailboxes.reload", "r", _("Atualizar"), "reload", palette=False),
        Command("mailboxes.up", "plus", _("Subir"), "up", palette=False),
        Command("mailboxes.back", "escape", _("Voltar"), "app.go('home')", palette=False),
    )

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.why_not: str | None = None
        self._sources = {f: MailboxSource(desk, f) for f in Function}
        columns = (
            Column("nickname", _("Apelido"), 14),
            Column("email", _("E-mail"), 24, wide=True),
            Column("status", _("Situação"), 12),
            Column("host", _("Servidor"), 24, min_terminal_width=100),
            Column("security", _("Conexão"), 8, min_terminal_width=130),
        )
        self._lists = {f: WindowList(self._sources[f], columns, id=f.value) for f in Function}

        self._listings = {
            Function.SEND: Listing(self._lists[Function.SEND], title=_("Envio")),
            Function.READ: Listing(self._lists[Function.READ], title=_("Leitura")),
        }

    @classmethod
    def title_words(cls) -> str:
        return _("Caixas de E-mail")

    def help_words(self) -> str:
        return _(
            "As caixas de envio mandam os e-mails da empresa; a de cima é tentada primeiro. "
            "As de leitura são lidas por POP e seus documentos fiscais, importados; só existem com "
            "a extensão Importação de Documentos ativada. Cada função precisa da própria caixa."
        )

    def body(self) -> Iterable[Widget]:
        yield Foreign(id="why")
        yield from self._listings.values()

    def on_mount(self) -> None:
        self.attempt(self.company_changed, group="load")

    async def company_changed(self) -> None:
        """Show the lists of the company that is chosen now."""
        company = self.desk.company
        reads = company is not None and company.document_import
        self._listings[Function.READ].display = reads
        why = self.query_one("#why", Foreign)
        reason = None
        if company is not None:
            reason = await self.desk.ask(mailboxes.why_not_register, company.id)
        why.show(reason or "")
        why.display = reason is not None
        self.why_not = reason
        for function, shown in self._lists.items():
            shown.empty = _empty(function, invites=reason is None)
        self.refresh_bindings()
        await self.refresh_live()

    async def refresh_live(self) -> None:
        for function, listing in self._listings.items():
            if listing.display:
                self._lists[function].refresh_ids()

    def on_window_list_chosen(self, message: WindowList.Chosen) -> None:
        """Enter edits."""
        self.action_edit()

    def _function(self) -> Function:
        return Function.READ if self._lists[Function.READ].has_focus else Function.SEND

    def _chosen(self) -> MailboxView | None:
        function = self._function()
        cursor = self._lists[function].current
        return None if cursor is None else self._sources[function].views.get(cursor)

    def action_new(self) -> None:
        """Register a mailbox of the list in focus."""
        self.run_worker(
            self._register(self._function()), group="form", exclusive=True, exit_on_error=False
        )

    async def _register(self, function: Function) -> None:
        company = self.desk.company
        if company is None:
            return
        reason = await self.desk.ask(mailboxes.why_not_register, company.id)
        if reason is not None:
            self.refuse(reason)
            return
        await self.app.push_screen_wait(MailboxForm(self.desk, company, function))
        await self.refresh_live()

    def action_edit(self) -> None:
        """Change the mailbox under the cursor."""
        view = self._chosen()
        if view is not None and self.desk.company is not None:
            self.app.push_screen(
                MailboxForm(self.desk, self.desk.company, Function(view.function), view)
            )

    def action_test(self) -> None:
        """Testar E-mail with the saved values (R8, R19)."""
        view = self._chosen()
        if view is not None:
            self.app.push_screen(EmailTest.of_saved(self.desk, view))

    def action_switch(self) -> None:
        """Caixa ativa on or off (R9)."""
        view = self._chosen()
        if view is not None:
            self.attempt(
                lambda: self.desk.do(
                    mailboxes.edit, view.id, {"active": not view.active}, version=view.version
                ),
                lambda _done: self.refresh_live(),
            )

    def action_delete(self) -> None:
        """Take the mailbox from the company, after a question (R12)."""
        view = self._chosen()
        if view is not None:
            self.run_worker(self._delete(view), group="delete", exclusive=True, exit_on_error=False)

    async def _delete(self, view: MailboxView) -> None:
        if len(view.companies) > 1:
            others = len(view.companies) - 1
            text = ngettext(
                "{email} deixa de ser caixa desta empresa; {n} outra empresa continua com ela.",
                "{email} deixa de ser caixa desta empresa; {n} outras empresas continuam com ela.",
                others,
            ).format(email=view.email, n=others)
        else:
            text = _(
                "{email} não está vinculada a nenhuma outra empresa: o servidor e a senha também são excluídos."
            ).format(email=view.email)
        if not await self.app.push_screen_wait(
            Confirm(_("Excluir a caixa {name}?").format(name=view.nickname), text, danger=True)
        ):
            return
        try:
            await self.desk.do(mailboxes.remove, view.id)
        except CarteiroError as e:
            self.refuse(e.message)
        await self.refresh_live()

    def action_up(self) -> None:
        """Try this sending mailbox earlier (R13)."""
        view = self._chosen()
        if view is not None and view.position > 0:
            self.attempt(
                lambda: self.desk.do(mailboxes.move, view.id, view.position - 1),
                lambda _done: self.refresh_live(),
            )

    def action_status(self) -> None:
        """Show all, only active or only inactive mailboxes (R1)."""
        order = (None, "active", "inactive")
        for source in self._sources.values():
            source.status = order[(order.index(source.status) + 1) % len(order)]
        words = {None: "", "active": _(" · só ativas"), "inactive": _(" · só inativas")}
        chosen = words[self._sources[Function.SEND].status]
        self._listings[Function.SEND].set_title(_("Envio") + chosen)
        self._listings[Function.READ].set_title(_("Leitura") + chosen)
        self.attempt(self.refresh_live, group="load")

    def action_reload(self) -> None:
        """Read the lists again."""
        self.attempt(self.company_changed, group="load")
