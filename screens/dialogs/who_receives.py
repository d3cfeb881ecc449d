"""*Quem recebe?*: who would be told of a company's type, why, and by what; nothing is sent (R30)."""

from __future__ import annotations

import logging
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from screens.background import run_newest
from screens.commands import Command, Commanded
from screens.desk import Desk
from screens.dialogs.choose_company import ChooseCompany
from screens.widgets.fields import Choice, Control
from screens.widgets.foreign import Foreign
from screens.widgets.keyline import KeyLine
from screens.widgets.numbers import grouped
from services.errors import CarteiroError
from services.fiscal.cnpj import masked
from services.language import _, later, ngettext
from services.notifications import recipients, types
from services.notifications.recipients import OWN, Preview, Recipient
from services.registry.companies import CompanyView

log = logging.getLogger(__name__)


class WhoReceives(Commanded, ModalScreen[None]):
    """Left and right go through the types, F3 takes another company; the answer follows."""

    DEFAULT_CSS = """
    WhoReceives .dialog { height: 90%; }
    WhoReceives Horizontal { height: 1; }
    WhoReceives .label { width: 10; color: $foreground 80%; }
    WhoReceives Choice { width: 1fr; }
    WhoReceives VerticalScroll { height: 1fr; padding: 1 0 0 0; }
    WhoReceives #none { display: none; color: $text-error; padding: 0 0 1 0; }
    WhoReceives #none.-shown { display: block; }
    """
    AUTO_FOCUS: ClassVar[str | None] = "Choice"
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command("who.company", "f3", later("Outra empresa"), "company", order=1),
        Command("who.down", "down", later("Rolar para baixo"), "scroll(1)", palette=False),
        Command("who.up", "up", later("Rolar para cima"), "scroll(-1)", palette=False),
        Command("who.leave", "escape,q", later("Voltar"), "dismiss(None)", order=9),
    )

    def __init__(
        self, desk: Desk, company: CompanyView | None, type_key: str | None = None
    ) -> None:
        """``type_key`` is the type to begin with, the first one when None."""
        super().__init__()
        self.desk = desk
        self._company = company
        self._type = type_key
        self._place = Horizontal()

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Foreign(_("Quem recebe?"), classes="dialog-title")
            with Horizontal():
                yield Static(_("Empresa"), classes="label", markup=False)
                yield Foreign(id="company")
            with self._place:
                yield Static(_("Tipo"), classes="label", markup=False)
            with VerticalScroll(can_focus=False):
                yield Foreign(id="none", block=True)
                yield Foreign(id="answer", block=True)
            yield Static(_("Nada é enviado."), markup=False)
        yield KeyLine()

    def on_mount(self) -> None:
        """Learn the types, and the company where none is chosen."""
        run_newest(self, "begin", self._begin)

    async def _begin(self) -> None:
        known = await self.desk.ask(types.list_types)
        keys = [each.key for each in known]
        self._type = self._type if self._type in keys else keys[0]
        choice = Choice([(each.key, each.title) for each in known], self._type)
        await self._place.mount(choice)
        choice.focus()
        if self._company is None:
            await self._choose()
        else:
            await self._answer()

    async def refresh_live(self) -> None:
        """Somebody changed who is told, or by what."""
        self._ask()

    def on_control_changed(self, message: Control.Changed) -> None:
        """Another type."""
        if isinstance(message.control, Choice):
            self._type = message.control.value
            self._ask()

    def action_company(self) -> None:
        """Take another company; the chosen one of the other screens stays."""
        run_newest(self, "choose", self._choose)

    async def _choose(self) -> None:
        chosen = await self.app.push_screen_wait(ChooseCompany(self.desk))
        self._company = chosen or self._company
        await self._answer()

    def action_scroll(self, lines: int) -> None:
        """What has no room."""
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)

    def _ask(self) -> None:
        run_newest(self, "answer", self._answer)

    async def _answer(self) -> None:
        company, type_key = self._company, self._type
        name = _("nenhuma: F3 escolhe")
        if company is not None:
            name = f"{company.nickname} · {masked(company.cnpj)}"
        self.query_one("#company", Foreign).show(name)
        if company is None or type_key is None:
            return
        try:
            found = await self.desk.ask(recipients.preview, company.id, type_key)
        except CarteiroError as e:
            self._show("", e.message)
        except Exception:
            log.exception("who receives could not be read")
            self._show("", _("Ocorreu uma falha interna; os detalhes estão no log"))
        else:
            none = _("Nenhum e-mail sairia: {why}").format(why=found.why_none)
            self._show(answer_words(found), none if found.why_none else "")

    def _show(self, answer: str, none: str) -> None:
        said = self.query_one("#none", Foreign)
        said.show(f"▲ {none}" if none else "")
        said.set_class(bool(none), "-shown")
        self.query_one("#answer", Foreign).show(answer)


def answer_words(found: Preview) -> str:
    """The recipients with why each, those that are left out, and the mailboxes, in that order."""
    parts = []
    if found.recipients:
        count = len(found.recipients)
        head = ngettext(
            "Recebe {n} endereço:",
            "Recebem {n} endereços, num só e-mail, e cada um vê os outros:",
            count,
        ).format(n=grouped(count))
        width = max(len(each.address) for each in found.recipients)
        lines = [f"  {each.address.ljust(width)}  {_why(each)}" for each in found.recipients]
        parts.append("\n".join([head, *lines]))
    if found.invalid:
        lines = [f"  {address}: {why}" for address, why in found.invalid]
        parts.append("\n".join([_("Fora, por ser inválido:"), *lines]))
    if found.by:
        lines = [f"  {n}. {email}" for n, email in enumerate(found.by, 1)]
        head = _("Sairia por:")
        if len(found.by) > 1:
            head = _("Sairia pela primeira destas caixas que aceitar:")
        parts.append("\n".join([head, *lines]))
    return "\n\n".join(parts)


def _why(each: Recipient) -> str:
    words = []
    if OWN in each.why:
        words.append(_("dados da empresa"))
    if each.email_ids:
        words.append(_("inscrito em E-mails para Notificações"))
    return " · ".join(words)
