"""Caixas de E-mail: the company's sending and reading mailboxes (R1–R14)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import ClassVar, Self

from textual.widget import Widget

from screens.background import run_newest
from screens.commands import Command
from screens.dates import day, when
from screens.desk import Desk
from screens.dialogs.confirm import Confirm
from screens.dialogs.email_test import EmailTest
from screens.dialogs.linking import relink
from screens.dialogs.mailbox_form import MailboxForm
from screens.dialogs.progress import run_in_chunks
from screens.dialogs.sending_ways import turned
from screens.frame import FramedScreen
from screens.mailbox_source import MailboxSource, columns
from screens.mailbox_verbs import VERBS
from screens.mailbox_work import Deed, deleting, do_each, switching
from screens.registering import register, resync, undo
from screens.relay_line import RelayLine
from screens.widgets.asking import nothing_is
from screens.widgets.foreign import Foreign, notify_safe
from screens.widgets.inactivated import Inactivated
from screens.widgets.list import WindowList
from screens.widgets.listing import Listing
from screens.widgets.rest import Resting
from services.language import _
from services.registry import company_views, mailboxes, undoing
from services.registry.mailboxes import MailboxView
from services.registry.undoing import ImportView
from services.store.models import Function


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
    MailboxesScreen #imported { color: $foreground 75%; height: auto; display: none; }
    """
    VERBS: ClassVar[tuple[Command, ...]] = VERBS

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        self.why_not: str | None = None
        self.imported: ImportView | None = None
        self._narrowed = ""
        self._relay = RelayLine(desk)
        self._inactivated = Inactivated("l")
        self._resting = Resting()
        self._sources = {f: MailboxSource(desk, f) for f in Function}
        self._lists = {
            f: WindowList(self._sources[f], columns(copies=False), id=f.value) for f in Function
        }
        self._listings = {
            Function.SEND: Listing(self._lists[Function.SEND], title=_("Envio")),
            Function.READ: Listing(self._lists[Function.READ], title=_("Leitura")),
        }

    @classmethod
    def title_words(cls) -> str:
        return _("Caixas de E-mail")

    def help_words(self) -> str:
        return _(
            "As caixas de envio mandam os e-mails da empresa; a de cima é tentada primeiro, '+' e "
            "'-' mudam a ordem. As de leitura são lidas por POP e seus documentos fiscais, "
            "importados; só existem com a extensão Importação de Documentos ativada. Cada função "
            "precisa da própria caixa. Importar da Matriz ou do Parceiro troca as caixas de envio "
            "por uma cópia: por 30 dias, 'z' a desfaz. “≠ origem” diz que a origem da cópia mudou "
            "desde então: 'y' mostra o que mudou e sincroniza. Uma caixa inativada pela Microsoft "
            "diz o código e o motivo: 'l' vincula a conta de novo, e o teste que passa a põe de "
            "volta em uso. Numa caixa de leitura, 'd' simula: mostra o que seria importado, "
            "retido e excluído, sem fazer nada. 'p' pausa o envio por uma caixa até que alguém o "
            "retome: os e-mails saem pela próxima, ou esperam. “No limite” é a que enviou o que o "
            "provedor permite por agora."
        )

    def body(self) -> Iterable[Widget]:
        yield Foreign(id="why")
        yield self._relay
        yield from self._listings.values()
        yield self._inactivated
        yield self._resting
        yield Foreign(id="imported")

    def on_mount(self) -> None:
        self.attempt(self.company_changed, group="load")

    async def company_changed(self) -> None:
        """Show the lists of the company that is chosen now."""
        self.imported = None
        for shown in self._lists.values():
            shown.action_unmark()
        await self.refresh_live()

    async def refresh_live(self) -> None:
        await self._look_at_company()
        for function, listing in self._listings.items():
            if listing.display:
                self._lists[function].refresh_ids()
        await self._relay.ask()
        company = self.desk.company
        # Undoing stays possible while it is asked whether it still is: a key pressed then counts.
        last = None if company is None else await self.desk.ask(undoing.last, company.id)
        self.imported = last
        self._show_imported()
        self.refresh_bindings()

    async def _look_at_company(self) -> None:
        """Extensions and permission, which others may change at any time (R2, R3, R11)."""
        chosen, reason = self.desk.company, None
        if chosen is not None:
            company = await self.desk.ask(company_views.view, chosen.id)
            reason = await self.desk.ask(mailboxes.why_not_register, chosen.id)
            if self.desk.company is not chosen:
                return
            chosen = self.desk.company = company
        self._show_reading(chosen is not None and chosen.document_import)
        why = self.query_one("#why", Foreign)
        why.show(reason or "")
        why.display = reason is not None
        self.why_not = reason
        for function, shown in self._lists.items():
            shown.empty = self._narrowed or _empty(function, invites=reason is None)

    def _show_reading(self, on: bool) -> None:
        """The reading list goes and comes with the extension; the cursor does not go with it."""
        if not on and self._lists[Function.READ].has_focus:
            self._lists[Function.SEND].focus()
        self._listings[Function.READ].display = on

    def _show_imported(self) -> None:
        line = self.query_one("#imported", Foreign)
        line.display = self.imported is not None
        if self.imported is None:
            return
        words = (
            _("Importada por {by} ({at}): z desfaz, até {until}")
            if self.imported.why_not is None
            else _("Importada por {by} ({at}). Não pode ser desfeita agora: {why}")
        )
        line.show(
            words.format(
                at=when(self.imported.at),
                by=self.imported.by,
                until=day(self.imported.undo_until),
                why=self.imported.why_not,
            )
        )

    # What is chosen.

    def on_window_list_chosen(self, message: WindowList.Chosen) -> None:
        """Enter edits."""
        self.action_edit()

    def on_window_list_highlighted(self) -> None:
        """Another mailbox: other things may be possible."""
        self._cursor_moved()

    def on_window_list_counted(self) -> None:
        """A list was read again."""
        for function, shown in self._lists.items():
            views = self._sources[function].views.values()
            shown.set_columns(columns(copies=any(view.origin is not None for view in views)))
        self._cursor_moved()

    def on_descendant_focus(self) -> None:
        """The other list: the same."""
        self._cursor_moved()

    def _cursor_moved(self) -> None:
        self._inactivated.tell(self.chosen)
        sends = self.chosen is not None and self.chosen.function == Function.SEND
        self._resting.tell(self.chosen if sends else None)
        self.refresh_bindings()

    def _function(self) -> Function:
        return Function.READ if self._lists[Function.READ].has_focus else Function.SEND

    @property
    def chosen(self) -> MailboxView | None:
        """The mailbox under the cursor."""
        function = self._function()
        cursor = self._lists[function].current
        return None if cursor is None else self._sources[function].views.get(cursor)

    def _targets(self) -> list[MailboxView]:
        """The marked mailboxes that are shown, or the one under the cursor, in the list's order."""
        function = self._function()
        wanted = self._lists[function].targets
        return [v for v in self._sources[function].views.values() if v.id in wanted]

    @property
    def switched(self) -> list[bool]:
        """Which of those that an action is for are active."""
        return [view.active for view in self._targets()]

    @property
    def chosen_has_drifted(self) -> bool:
        """Is the mailbox under the cursor a copy whose origin has changed?"""
        view = self.chosen
        return view is not None and view.origin is not None and view.origin.drifted

    # What can be done.

    def action_new(self) -> None:
        """Register a mailbox of the list in focus, by one of the four ways (R4)."""
        run_newest(self, "form", self._register, self._function())

    async def _register(self, function: Function) -> None:
        if self.desk.company is not None:
            await register(self, self.desk, self.desk.company, function)
            await self.refresh_live()

    def action_edit(self) -> None:
        """Change the mailbox under the cursor; while InvoiCy Mail sends, the sender name (R14)."""
        if self._relay.on and self._function() is Function.SEND:
            run_newest(self, "form", self._relay.edit, self)
            return
        view = self.chosen
        if view is not None:
            self._open(view)

    def _open(self, view: MailboxView, field: str | None = None) -> None:
        if self.desk.company is not None:
            form = MailboxForm(self.desk, self.desk.company, Function(view.function), view)
            self.app.push_screen(form.at(field))

    def action_test(self) -> None:
        """Testar E-mail with the saved values (R8); the field that it names opens at once (R19)."""
        view = self.chosen

        def mend(field: str | None) -> None:
            if field is not None and view is not None:
                self._open(view, field)

        if view is not None:
            self.app.push_screen(EmailTest.of_saved(self.desk, view), mend)

    def action_rehearse(self) -> None:
        """Simular leitura: what reading it now would do (R42)."""
        view = self.chosen
        if view is not None:
            from screens.dialogs.rehearsal import RehearsalDialog

            self.app.push_screen(RehearsalDialog(self.desk, view))

    def action_relink(self) -> None:
        """Sign in again at Microsoft, and test (R49)."""
        view = self.chosen
        if view is not None:
            run_newest(self, "form", self._relink, view.server_id)

    async def _relink(self, server_id: int) -> None:
        await relink(self.app, self.desk, server_id)
        await self.refresh_live()

    def action_switch(self) -> None:
        """Caixa ativa on or off, of the one under the cursor or of all marked (R9)."""
        targets = self._targets()
        if len(targets) == 1 and not self._lists[self._function()].marks:
            view = targets[0]
            self.attempt(
                lambda: self.desk.do(
                    mailboxes.edit, view.id, {"active": not view.active}, version=view.version
                ),
                lambda _done: self.refresh_live(),
            )
        elif targets:
            self._do_all(switching(targets))

    def action_pause(self) -> None:
        """Pause sending by the mailbox under the cursor, or resume it (R34)."""
        view = self.chosen
        if view is not None:
            self.attempt(lambda: turned(self.desk, view), lambda _done: self.refresh_live())

    def action_delete(self) -> None:
        """Take mailboxes from the company, after a question that says what goes (R12)."""
        targets = self._targets()
        if targets:
            self._do_all(deleting(targets))

    def _do_all(self, deed: Deed) -> None:
        run_newest(self, "deed", self._ask_and_do, deed)

    async def _ask_and_do(self, deed: Deed) -> None:
        shown = self._lists[Function(deed.views[0].function)]
        question = Confirm(deed.question, deed.text, deed.happens, danger=deed.danger)
        if not await self.app.push_screen_wait(question):
            return
        outcome = await run_in_chunks(self.app, deed.title, deed.views, 1, do_each(self.desk, deed))
        if outcome.whole and len(deed.views) > 1:
            notify_safe(self.app, deed.done)
        shown.action_unmark()
        await self.refresh_live()

    def action_move(self, steps: int) -> None:
        """Try this mailbox earlier or later than its neighbour in the list (R13)."""
        view = self.chosen
        if view is None:
            return
        views: Sequence[MailboxView] = list(self._sources[Function(view.function)].views.values())
        to = next(n for n, each in enumerate(views) if each.id == view.id) + steps
        if 0 <= to < len(views):
            self.attempt(
                lambda: self.desk.do(mailboxes.move, view.id, views[to].position),
                lambda _done: self.refresh_live(),
            )

    def action_resync(self) -> None:
        """Give a copy what its origin has now, after showing what changes (R6)."""
        view = self.chosen
        if view is not None:
            run_newest(self, "resync", self._resync, view)

    async def _resync(self, view: MailboxView) -> None:
        await resync(self, self.desk, view)
        await self.refresh_live()

    def action_undo(self) -> None:
        """Bring back what the last import removed, after a question (R6)."""
        if self.imported is not None:
            run_newest(self, "undo", self._undo, self.imported)

    async def _undo(self, imported: ImportView) -> None:
        if self.desk.company is None:
            return
        await undo(self, self.desk, self.desk.company, imported)
        await self.refresh_live()

    def action_status(self) -> None:
        """Show all, only active or only inactive mailboxes (R1)."""
        order = (None, "active", "inactive")
        self._show(order[(order.index(self._sources[Function.SEND].status) + 1) % len(order)])
        self.attempt(self.refresh_live, group="load")

    async def narrow_as(self, before: Self) -> None:
        self._show(before._sources[Function.SEND].status)
        await self.refresh_live()

    def _show(self, status: str | None) -> None:
        for source in self._sources.values():
            source.status = status
        words = {None: "", "active": _(" · só ativas"), "inactive": _(" · só inativas")}
        chosen = words[status]
        self._narrowed = nothing_is(chosen)
        for function, shown in self._lists.items():
            shown.empty = self._narrowed or _empty(function, invites=self.why_not is None)
        self._listings[Function.SEND].set_title(_("Envio") + chosen)
        self._listings[Function.READ].set_title(_("Leitura") + chosen)

    def action_reload(self) -> None:
        """Read the lists again."""
        self.attempt(self.company_changed, group="load")
