"""Testar E-mail: the steps as they happen, the explanation of the first that fails (R8, R19)."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen

from screens.commands import Command, Commanded
from screens.desk import Desk
from screens.widgets.foreign import Foreign
from screens.widgets.keyline import KeyLine
from screens.widgets.steps import StepLine, StepList
from services.errors import CarteiroError
from services.health import email_test, testable
from services.health.accounts import Account
from services.language import _
from services.registry.mailboxes import MailboxDraft, MailboxView
from services.store.models import Function

log = logging.getLogger(__name__)


class EmailTest(Commanded, ModalScreen[str | None]):
    """Runs the test at once; gives the field to mend, or None."""

    DEFAULT_CSS = """
    EmailTest .dialog { height: 90%; }
    EmailTest StepList { height: auto; }
    EmailTest #verdict { height: auto; padding: 1 0 0 0; }
    EmailTest #transcript { height: auto; color: $text-muted; display: none; }
    """
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command("email_test.leave", "escape,enter", _("Fechar"), "leave", order=1),
        Command("email_test.transcript", "d", _("Diálogo com o servidor"), "transcript", order=2),
        Command("email_test.again", "f5,r", _("Repetir"), "again", order=3),
    )

    def __init__(
        self,
        desk: Desk,
        title: str,
        function: Function,
        view_id: int | None,
        draft: MailboxDraft | None,
    ) -> None:
        super().__init__()
        self.desk = desk
        self._title = title
        self._function = function
        self._view_id = view_id
        self._draft = draft
        self._field: str | None = None
        self._transcript: list[str] = []

    @classmethod
    def of_saved(cls, desk: Desk, view: MailboxView) -> EmailTest:
        """Test a saved mailbox."""
        return cls(desk, view.email, Function(view.function), view.id, None)

    @classmethod
    def of_draft(cls, desk: Desk, draft: MailboxDraft, view_id: int | None) -> EmailTest:
        """Test what is on the form; an empty password is the kept one of ``view_id``."""
        return cls(desk, draft.email, Function(draft.function), view_id, draft)

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Foreign(
                _("Testar E-mail · {email}").format(email=self._title), classes="dialog-title"
            )
            with VerticalScroll():
                yield StepList()
                yield Foreign(id="verdict")
                yield Foreign(block=True, id="transcript")
        yield KeyLine()

    def on_mount(self) -> None:
        self.action_again()

    def action_again(self) -> None:
        """Run the test from the start."""
        self.run_worker(self._run(), group="test", exclusive=True, exit_on_error=False)

    async def _account(self) -> Account:
        if self._draft is not None:
            return await self.desk.ask(
                testable.of_draft, self._draft, self._view_id, self.desk.settings
            )
        assert self._view_id is not None
        return await self.desk.ask(testable.of_mailbox, self._view_id, self.desk.settings)

    async def _run(self) -> None:
        shown = self.query_one(StepList)
        verdict = self.query_one("#verdict", Foreign)
        shown.start([])
        plan: Iterator[str] = iter(())

        def told(step: email_test.Step) -> None:
            shown.set_step(
                step.step,
                "ok" if step.ok else "failed",
                detail=step.detail,
                ms=step.ms,
                explanation=step.explanation,
            )
            following = next(plan, None)
            if step.ok and following is not None and _pending(shown, following):
                shown.set_step(following, "running")

        self._field = None
        self._transcript = []
        verdict.show(_("Testando… Esc cancela."))
        try:
            account = await self._account()
            shown.start(_plan(self._function, account))
            plan = iter([line.key for line in shown.steps][1:])
            steps = await email_test.run_test(account, self._function, on_step=told)
        except CarteiroError as e:
            verdict.show(e.message)
            self._field = e.field
            return
        except Exception:
            log.exception("e-mail test failed")
            verdict.show(_("Algo falhou aqui dentro; os detalhes estão no log"))
            return
        failed = next((step for step in steps if not step.ok), None)
        self._transcript = [step.transcript for step in steps if step.transcript]
        if failed is None:
            verdict.show(_("Tudo certo: a caixa funciona."))
        else:
            self._field = failed.field
            verdict.show(
                _("O teste parou aqui. Ao fechar, o campo a corrigir espera no formulário.")
                if failed.field is not None and self._draft is not None
                else _("O teste parou aqui.")
            )
        self.query_one("#transcript", Foreign).show("\n".join(self._transcript))

    def action_transcript(self) -> None:
        """Show or hide what was said, without secrets."""
        transcript = self.query_one("#transcript", Foreign)
        transcript.display = not transcript.display

    def action_leave(self) -> None:
        """Close; a running test is cancelled."""
        self.workers.cancel_group(self, "test")
        self.dismiss(self._field)


def _pending(shown: StepList, key: str) -> bool:
    return any(line.key == key and line.state == "pending" for line in shown.steps)


def _plan(function: Function, account: Account) -> list[StepLine]:
    """The steps that are to come (R19), the first one running."""
    names = {
        "dns": _("Endereço do servidor"),
        "tcp": _("Conexão"),
        "tls": _("Conexão segura"),
        "greeting": _("Apresentação"),
        "login": _("Usuário e senha"),
    }
    if function is Function.SEND:
        names |= {
            "sender": _("Remetente aceito"),
            "recipient": _("Destinatário aceito"),
            "sent": _("E-mail de teste enviado"),
        }
    else:
        names |= {"list": _("Lista da caixa")}
    endpoint = account.smtp if function is Function.SEND else account.pop
    if endpoint is not None and endpoint.security == "none":
        del names["tls"]
    if account.login is None:
        del names["login"]
    return [
        StepLine(key, name, "running" if n == 0 else "pending")
        for n, (key, name) in enumerate(names.items())
    ]
