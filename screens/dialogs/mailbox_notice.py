"""An entry of the bell that speaks of a mailbox: its text, and the mailbox a key away (R49, R52)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import ClassVar

from screens.background import run_beside, run_newest
from screens.commands import Command
from screens.desk import Desk
from screens.dialogs.details import Details, Facts
from screens.dialogs.email_test import EmailTest
from screens.dialogs.linking import can_relink, relink
from screens.dialogs.mailbox_form import MailboxForm
from screens.dialogs.server_form import ServerForm
from services.errors import CarteiroError
from services.language import _, later
from services.registry import company_views, mailboxes, server_views
from services.registry.mailboxes import MailboxView
from services.registry.server_views import ServerView
from services.store.models import Function


class MailboxNotice(Details):
    """Shows what ``load`` brings; the keys are there while the mailbox is, and is this user's."""

    VERBS: ClassVar[tuple[Command, ...]] = (
        Command(
            "mailbox_notice.relink",
            "l",
            later("Vincular de novo"),
            "relink",
            later(
                "Entra de novo na conta Microsoft; o teste que passa põe a caixa de volta em uso"
            ),
            order=2,
            when=lambda d: can_relink(d.found),
        ),
        Command(
            "mailbox_notice.test",
            "t",
            later("Testar"),
            "test",
            order=3,
            when=lambda d: d.found is not None,
        ),
        Command(
            "mailbox_notice.edit",
            "e",
            later("Abrir a caixa"),
            "edit",
            order=4,
            when=lambda d: d.found is not None,
        ),
    )

    def __init__(
        self, desk: Desk, kind: str, cause_id: int, load: Callable[[], Awaitable[Facts]]
    ) -> None:
        super().__init__(_("Notificação"), load)
        self.desk = desk
        self._kind = kind
        self._cause_id = cause_id
        self.found: MailboxView | ServerView | None = None

    async def on_mount(self) -> None:
        """Look for the mailbox too."""
        run_beside(self, "look", self._look)

    async def _look(self) -> None:
        try:
            if self._kind == "mailbox":
                self.found = await self.desk.ask(mailboxes.view, self._cause_id)
            else:
                self.found = await self.desk.ask(server_views.view, self._cause_id)
        except CarteiroError:
            self.found = None
        self.refresh_bindings()

    def action_relink(self) -> None:
        """Sign in again at Microsoft, and test (R49)."""
        if self.found is not None:
            self._go(partial(relink, self.app, self.desk, _server_id(self.found)))

    def action_test(self) -> None:
        """Testar E-mail with the saved values (R8, R19)."""
        if isinstance(self.found, MailboxView):
            self._go(partial(self._test, self.found, EmailTest.of_saved(self.desk, self.found)))
        elif self.found is not None:
            view = self.found
            test = EmailTest.of_server(self.desk, view.id, view.email, view.kind, opens_form=True)
            self._go(partial(self._test, view, test))

    async def _test(self, view: MailboxView | ServerView, test: EmailTest) -> None:
        field = await self.app.push_screen_wait(test)
        if field is not None:
            await self._edit(view, field)

    def action_edit(self) -> None:
        """Open its form."""
        if self.found is not None:
            self._go(partial(self._edit, self.found))

    async def _edit(self, view: MailboxView | ServerView, field: str | None = None) -> None:
        if isinstance(view, ServerView):
            await self.app.push_screen_wait(ServerForm(self.desk, view).at(field))
            return
        company = await self.desk.ask(company_views.view, view.company_id)
        form = MailboxForm(self.desk, company, Function(view.function), view)
        await self.app.push_screen_wait(form.at(field))

    def _go(self, work: Callable[[], Awaitable[object]]) -> None:
        async def run() -> None:
            await work()
            await self._look()

        run_newest(self, "form", run)


def _server_id(view: MailboxView | ServerView) -> int:
    return view.server_id if isinstance(view, MailboxView) else view.id
