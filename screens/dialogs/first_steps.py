"""The first steps: company, mailbox, its test, the first e-mail; each one opens where it is done.

What is done is seen in what there is: who leaves in the middle goes on at the first step that is
missing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from textwrap import wrap
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from screens.background import run_newest
from screens.commands import Command
from screens.desk import Desk
from screens.dialogs.choose_company import ChooseCompany
from screens.dialogs.company_form import CompanyForm
from screens.dialogs.email_test import EmailTest
from screens.dialogs.help import Helped
from screens.dialogs.mailbox_form import MailboxForm
from screens.dialogs.partner_form import show_partner
from screens.frame import FramedScreen
from screens.importing import import_companies
from screens.registering import register
from screens.widgets.foreign import Foreign
from screens.widgets.keyline import KeyLine
from screens.widgets.topbar import TopBar
from services.errors import CarteiroError, Refused
from services.health.setup import Setup, Step, send_first, setup
from services.language import _, later
from services.outbox import views
from services.outbox.views import OutboxDetail
from services.registry import company_views, mailboxes
from services.registry.companies import CompanyView
from services.store.mail import OutboxState
from services.store.models import Function

_EVERY = 0.5
_ON_ITS_WAY = (OutboxState.QUEUED, OutboxState.SENDING, OutboxState.DEFERRED)


@dataclass(frozen=True, slots=True)
class _Told:
    """A step in words, and the commands that do the same."""

    title: str
    text: str
    commands: tuple[str, ...]


class FirstSteps(Helped, ModalScreen[None]):
    """Over the first screen ``home``; Enter does the step that is next."""

    DEFAULT_CSS = """
    FirstSteps VerticalScroll { height: auto; max-height: 1fr; scrollbar-size-vertical: 1; }
    FirstSteps #steps { height: auto; padding: 1 0 0 0; }
    FirstSteps #news { height: auto; padding: 1 0 0 0; color: $text-warning; }
    """
    AUTO_FOCUS: ClassVar[str | None] = "VerticalScroll"
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command("first_steps.go", "enter", later("Fazer este passo"), "go", order=1,
                when=lambda d: d.step is not None and not d.on_its_way),
        Command("first_steps.import", "i", later("Importar empresas de CSV"), "import_csv", order=2,
                when=lambda d: d.step in (Step.COMPANY, Step.MAILBOX)),
        Command("first_steps.close", "enter", later("Começar a usar"), "close", order=1,
                when=lambda d: d.step is None),
        Command("first_steps.leave", "escape,q", later("Fechar"), "leave", order=3),
    )  # fmt: skip

    def __init__(self, desk: Desk, home: FramedScreen, found: Setup) -> None:
        super().__init__()
        self.desk = desk
        self._home = home
        self._found = found
        self._letter: tuple[int, str] | None = None
        self._sent: OutboxDetail | None = None

    @property
    def step(self) -> Step | None:
        """The first that is not done."""
        return self._found.next_step

    @property
    def on_its_way(self) -> bool:
        """Is the first e-mail in the queue now?"""
        return self._sent is not None and self._sent.view.state in _ON_ITS_WAY

    def title_words(self) -> str:
        return _("Primeiros passos")

    def help_words(self) -> str:
        return _(
            "Cada passo abre a tela em que é feito; nada é guardado à parte. Saia quando quiser: "
            "F3 no Painel de Controle volta ao primeiro passo que falta."
        )

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Foreign(self.title_words(), classes="dialog-title")
            with VerticalScroll():
                yield Static(id="steps", markup=False)
                yield Foreign(id="news", block=True)
        yield KeyLine()

    def on_mount(self) -> None:
        self._show()
        self.set_interval(_EVERY, self._follow)

    def on_resize(self) -> None:
        """Wrap anew."""
        self._show()

    def _show(self, news: str = "") -> None:
        room = max(min(76, self.app.size.width * 96 // 100) - 8, 32)
        lines: list[Content] = [Content.styled(_("✓ Parceiro e usuário"), "$text-success")]
        reached = False
        for step in Step:
            told = self._told(step)
            if step is self.step:
                reached = True
                lines.append(Content.styled(f"▸ {told.title}", "bold $text-accent"))
                lines += [Content(f"  {line}") for line in wrap(told.text, room)]
                lines.append(Content.styled(f"  {_('Pela linha de comando:')}", "$text-muted"))
                lines += [
                    Content.styled(f"    {line}", "$text-muted")
                    for command in told.commands
                    for line in wrap(command, room - 2, break_on_hyphens=False)
                ]
            elif reached:
                lines.append(Content.styled(f"· {told.title}", "$text-muted"))
            else:
                lines.append(Content.styled(f"✓ {told.title}", "$text-success"))
        if self.step is None:
            lines += [Content(""), *(Content(line) for line in wrap(_(
                "Tudo pronto. Deixe carteiro worker em execução como serviço, e os e-mails saem e "
                "chegam também sem esta tela. ? mostra as teclas de cada tela, F6 o manual."
            ), room))]  # fmt: skip
        self.query_one("#steps", Static).update(Content("\n").join(lines))
        self.query_one("#news", Foreign).show(news or self._letter_words())
        self.refresh_bindings()

    def _told(self, step: Step) -> _Told:
        company = self.desk.company
        cnpj = company.cnpj if company is not None else "CNPJ"
        return {
            Step.COMPANY: _Told(
                _("A primeira empresa"),
                _("Quem emite os documentos. Enter cadastra uma; i importa uma planilha inteira."),
                (
                    "carteiro company add --cnpj … --nickname … --legal-name …",
                    f"carteiro company import {_('ARQUIVO.csv')}",
                ),
            ),
            Step.MAILBOX: _Told(
                _("A primeira caixa de envio"),
                _("Por onde saem os e-mails de {company}.").format(
                    company=company.nickname if company is not None else _("uma empresa")
                ),
                (f"carteiro mailbox add --company {cnpj} --function send --email … …",),
            ),
            Step.TEST: _Told(
                _("O teste da caixa"),
                _(
                    "Passo a passo, do nome do servidor ao e-mail de teste; o que falha vem explicado."
                ),
                (f"carteiro mailbox test {self._found.mailbox_id or 'ID'}",),
            ),
            Step.SEND: _Told(
                _("O primeiro e-mail, a você"),
                _("Entra na fila e sai pela caixa, como sairão todos os outros."),
                (
                    f"carteiro notify --company {cnpj} --type general --subject … --body …",
                    "carteiro worker --once",
                ),
            ),
        }[step]

    def _letter_words(self) -> str:
        if self._letter is None or self._sent is None:
            return ""
        to, view = self._letter[1], self._sent.view
        if view.state == OutboxState.SENT:
            return _("✓ Enviado a {to}").format(to=to)
        if view.state in _ON_ITS_WAY:
            why = (
                view.why or view.error or _("sai em instantes, se o console ou um worker trabalha")
            )
            return _("A caminho de {to}: {why}").format(to=to, why=why)
        return _("Não saiu: {why}. Enter tenta de novo.").format(why=view.error or view.why or "")

    # What may have been done meanwhile, here or by command.

    def _follow(self) -> None:
        if self.is_current:
            run_newest(self, "look", self._look_again)

    async def _look_again(self) -> None:
        """Twice a second: what stands in the way is said here, and not in as many messages."""
        try:
            await self._look()
        except CarteiroError as e:
            self._show(e.message)

    async def _look(self) -> None:
        before = self._found, self._sent
        self._found = await self.desk.ask(setup)
        if self._letter is not None:
            self._sent = await self.desk.ask(views.show, self._letter[0])
        if (self._found, self._sent) != before:
            self._show()

    # The steps.

    def action_leave(self) -> None:
        """Go on later."""
        self.dismiss(None)

    def action_close(self) -> None:
        """All is done."""
        self.dismiss(None)

    def action_go(self) -> None:
        """Do the step that is next."""
        doing = {
            Step.COMPANY: self._company,
            Step.MAILBOX: self._mailbox,
            Step.TEST: self._test,
            Step.SEND: self._send,
        }
        if self.step is not None:
            self._run(doing[self.step])

    def action_import_csv(self) -> None:
        """Companies from a spreadsheet."""
        self._run(self._import)

    def _run(self, work: Callable[[], Awaitable[None]]) -> None:
        run_newest(self, "do", self._do, work)

    async def _do(self, work: Callable[[], Awaitable[None]]) -> None:
        try:
            await work()
            await self._look()
        except CarteiroError as e:
            self._show(e.message)
        else:
            self._show()

    async def _company(self) -> None:
        self._choose(await self.app.push_screen_wait(CompanyForm(self.desk)))

    async def _import(self) -> None:
        await import_companies(self.app, self.desk)
        if self.desk.company is None:
            self._choose(await self.desk.ask(company_views.only))

    def _choose(self, company: CompanyView | None) -> None:
        if company is not None:
            self.desk.company = company
            for bar in self._home.query(TopBar):
                bar.company = company.nickname

    async def _mailbox(self) -> None:
        company = self.desk.company or await self.app.push_screen_wait(ChooseCompany(self.desk))
        if company is not None:
            self._choose(company)
            await register(self._home, self.desk, company, Function.SEND)

    async def _test(self) -> None:
        if self._found.mailbox_id is None:
            await show_partner(self.app, self.desk)
            return
        view = await self.desk.ask(mailboxes.view, self._found.mailbox_id)
        test = EmailTest.of_saved(self.desk, view)
        field = await self.app.push_screen_wait(test)
        if field is not None:
            company = await self.desk.ask(company_views.view, view.company_id)
            form = MailboxForm(self.desk, company, Function(view.function), view)
            await self.app.push_screen_wait(form.at(field))

    async def _send(self) -> None:
        if self._found.mailbox_id is None:
            raise Refused(_("Falta uma caixa de envio vinculada a uma empresa"))
        self._letter = await self.desk.do(send_first, self._found.mailbox_id)
