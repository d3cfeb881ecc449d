"""Testar E-mail: the steps as they happen, the explanation of the first that fails (R8, R19)."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterator
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen

from screens.background import run_newest
from screens.commands import Command, Commanded
from screens.desk import Desk
from screens.dialogs.guidance import GuidanceDialog
from screens.step_words import step_words
from screens.widgets.foreign import Foreign
from screens.widgets.keyline import KeyLine
from screens.widgets.steps import StepLine, StepList
from services.errors import CarteiroError
from services.health import email_test, testable
from services.health.accounts import Account
from services.health.steps import Step, cure_of, plan
from services.language import _, later
from services.registry.mailboxes import MailboxDraft, MailboxView
from services.wire import guidance
from services.wire.guidance_terms import Guidance

log = logging.getLogger(__name__)
SHORT = 3
"""Steps of a guidance that stand under the failed step."""


LoadAccount = Callable[[], Awaitable[Account]]


class EmailTest(Commanded, ModalScreen[str | None]):
    """Runs the test at once; gives the field to mend (see ``RecordForm.mend``), or None.

    ``kind`` is "send", "read" or "both"; ``load_account`` brings what is to be tested, saved or
    not; ``from_form`` says that a form waits for the field, ``opens_form`` that the caller opens
    one at it: then a key asks for that. ``passed`` tells how the last run ended, ``on_passed`` is
    called when it ended well; ``to_save`` that the person wants what was tested to be saved.
    """

    DEFAULT_CSS = """
    EmailTest .dialog { height: 90%; }
    EmailTest StepList { height: auto; }
    EmailTest #verdict { height: auto; padding: 1 0 0 0; }
    EmailTest #cure {
        display: none; height: auto; margin: 1 0 0 1; padding: 0 1; border-left: thick $warning;
    }
    EmailTest #cure.-shown { display: block; }
    EmailTest #transcript { height: auto; color: $text-muted; display: none; }
    """
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command(
            "email_test.save",
            "f2,ctrl+s",
            later("Salvar"),
            "save",
            later("Fecha o teste e salva o formulário de onde ele veio"),
            order=1,
            when=lambda d: d.can_save,
        ),
        Command("email_test.leave", "escape,enter", later("Fechar"), "leave", order=1),
        Command(
            "email_test.transcript", "d", later("Conversa com o servidor"), "transcript", order=2
        ),
        Command("email_test.again", "f5,r", later("Repetir"), "again", order=3),
        Command(
            "email_test.mend",
            "e",
            later("Corrigir"),
            "mend",
            later("Abre o formulário da caixa no campo a corrigir"),
            order=1,
            when=lambda d: d.can_mend,
        ),
        Command("email_test.guidance", "f7", later("Orientação"), "guidance", order=4),
    )

    def __init__(
        self,
        desk: Desk,
        title: str,
        kind: str,
        load_account: LoadAccount,
        from_form: bool,
        on_passed: Callable[[], Awaitable[bool]] | None = None,
        *,
        opens_form: bool = False,
    ) -> None:
        super().__init__()
        self.desk = desk
        self._title = title
        self._kind = kind
        self._load_account = load_account
        self._from_form = from_form
        self._opens_form = opens_form
        self.passed = False
        self.to_save = False
        self._on_passed = on_passed
        self._field: str | None = None
        self._cure: str | None = None
        self._transcript: list[str] = []

    @classmethod
    def of_saved(cls, desk: Desk, view: MailboxView) -> EmailTest:
        """Test a saved mailbox."""

        def load() -> Awaitable[Account]:
            return desk.ask(testable.of_mailbox, view.id, desk.settings)

        def passed() -> Awaitable[bool]:
            return desk.do(testable.mailbox_passed, view.id)

        return cls(desk, view.email, view.function, load, False, passed, opens_form=True)

    @classmethod
    def of_server(
        cls, desk: Desk, server_id: int, email: str, kind: str, *, opens_form: bool = False
    ) -> EmailTest:
        """Test a saved server that is this user's to change, in every direction of ``kind``."""

        async def load() -> Account:
            (account,) = await desk.ask(testable.of_registrations, [server_id], desk.settings)
            return account

        def passed() -> Awaitable[bool]:
            return desk.do(testable.registration_passed, server_id)

        return cls(desk, email, kind, load, False, passed, opens_form=opens_form)

    @classmethod
    def of_draft(cls, desk: Desk, draft: MailboxDraft, view_id: int | None) -> EmailTest:
        """Test what is on the form; an empty password is the kept one of ``view_id``."""

        def load() -> Awaitable[Account]:
            return desk.ask(testable.of_draft, draft, view_id, desk.settings)

        return cls(desk, draft.email, draft.function, load, True)

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog wide"):
            yield Foreign(
                _("Testar E-mail · {email}").format(email=self._title), classes="dialog-title"
            )
            with VerticalScroll():
                yield StepList()
                yield Foreign(block=True, id="cure")
                yield Foreign(id="verdict")
                yield Foreign(block=True, id="transcript")
        yield KeyLine()

    def on_mount(self) -> None:
        self.action_again()

    def action_again(self) -> None:
        """Run the test from the start."""
        run_newest(self, "test", self._run)

    async def _run(self) -> None:
        shown = self.query_one(StepList)
        verdict = self.query_one("#verdict", Foreign)
        shown.start([])
        to_come: Iterator[str] = iter(())

        def told(step: Step) -> None:
            shown.set_step(
                _key(step.protocol, step.step),
                "ok" if step.ok else "failed",
                detail=step.detail,
                ms=step.ms,
                explanation=step.explanation,
                name=step_words(signs_in=account.signs_in).get(step.step, step.step),
            )
            following = next(to_come, None)
            if step.ok and following is not None and _pending(shown, following):
                shown.set_step(following, "running")

        self.passed = False
        self._field = self._cure = None
        self._transcript = []
        self.refresh_bindings()
        self._show_cure(None)
        verdict.show(_("Testando… Esc cancela."))
        try:
            account = await self._load_account()
            shown.start(_plan(self._kind, account))
            to_come = iter([line.key for line in shown.steps][1:])
            steps = await email_test.run_test(
                account,
                self._kind,
                on_step=told,
                hostname=self.desk.settings.hostname,
                sign_ins=self.desk.office.sign_ins,
            )
            recovered = False
            if self._on_passed is not None and all(step.ok for step in steps):
                recovered = await self._on_passed()
        except CarteiroError as e:
            verdict.show(e.message)
            self._field = e.field
            self.refresh_bindings()
            return
        except Exception:
            log.exception("e-mail test failed")
            verdict.show(_("Ocorreu uma falha interna; os detalhes estão no log"))
            return
        self._transcript = [step.transcript for step in steps if step.transcript]
        self.query_one("#transcript", Foreign).show("\n".join(self._transcript))
        self.call_after_refresh(self.query_one(VerticalScroll).scroll_end, animate=False)
        failed = next((step for step in steps if not step.ok), None)
        self.passed = failed is None
        if failed is None:
            self.refresh_bindings()
            verdict.show(
                _("Tudo certo: a caixa funciona e voltou a ser usada.")
                if recovered
                else _("Tudo certo: a caixa funciona.")
            )
            return
        # What was not tried any more gives its room to the reason.
        shown.start([line for line in shown.steps if line.state in ("ok", "failed")])
        self._field = _form_field(failed)
        self._show_cure(cure_of(account, failed))
        if self._field is not None and self._from_form:
            verdict.show(
                _("O teste parou aqui. Ao fechar, o campo a corrigir espera no formulário.")
            )
        elif self.can_mend:
            verdict.show(_("O teste parou aqui. A tecla e abre o formulário no campo a corrigir."))
        else:
            verdict.show(_("O teste parou aqui."))
        self.refresh_bindings()

    def _show_cure(self, found: Guidance | None) -> None:
        """The guidance that cures the failure, in short, under the step that failed (R51)."""
        shown = self.query_one("#cure", Foreign)
        shown.set_class(found is not None, "-shown")
        if found is not None:
            self._cure = found.key
            lines = [found.title, *found.short(SHORT)]
            shown.show("\n".join([*lines, _("F7 mostra a orientação inteira.")]))

    def action_guidance(self) -> None:
        """The whole guidance: what cures the failure, or the provider's."""
        provider = guidance.for_address(self._title)
        first = provider[0].key if provider else None
        self.app.push_screen(GuidanceDialog(self._cure or first))

    def action_transcript(self) -> None:
        """Show or hide what was said, without secrets."""
        transcript = self.query_one("#transcript", Foreign)
        transcript.display = not transcript.display
        if transcript.display:
            self.call_after_refresh(transcript.scroll_visible, animate=False, top=True)

    @property
    def can_save(self) -> bool:
        """Did what is on a form pass?"""
        return self._from_form and self.passed

    def action_save(self) -> None:
        """Close, and have the form saved."""
        self.to_save = True
        self.dismiss(None)

    @property
    def can_mend(self) -> bool:
        """Is there a field to mend, and a form that would be opened for it?"""
        return self._opens_form and self._field is not None

    def action_mend(self) -> None:
        """Close, and open the form at the field."""
        self.dismiss(self._field)

    def action_leave(self) -> None:
        """Close; a running test is cancelled."""
        self.workers.cancel_group(self, "test")
        self.dismiss(self._field if self._from_form else None)


def _form_field(step: Step) -> str | None:
    """The field to mend, with its protocol where both have one."""
    if step.field in ("host", "port", "security"):
        return f"{step.protocol}_{step.field}"
    return step.field


def _key(protocol: str, step: str) -> str:
    return f"{protocol}:{step}"


def _pending(shown: StepList, key: str) -> bool:
    return any(line.key == key and line.state == "pending" for line in shown.steps)


def _plan(kind: str, account: Account) -> list[StepLine]:
    """The steps that are to come (R19), the first one running."""
    names = step_words(signs_in=account.signs_in)
    planned = plan(account, kind)
    several = len({protocol for protocol, _step in planned}) > 1
    return [
        StepLine(
            _key(protocol, step),
            f"{names[step]} ({protocol.upper()})" if several else names[step],
            "running" if n == 0 else "pending",
        )
        for n, (protocol, step) in enumerate(planned)
    ]
