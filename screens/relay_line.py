"""The line that says by what a company's e-mails leave while InvoiCy Mail is on (R14)."""

from __future__ import annotations

from screens.desk import Desk
from screens.dialogs.sender_name import SenderName
from screens.frame import FramedScreen
from screens.widgets.foreign import Foreign
from services.errors import CarteiroError
from services.language import _
from services.registry import invoicy_mail
from services.registry.invoicy_mail import CompanyRelay


class RelayLine(Foreign):
    """Hidden while the extension is off."""

    DEFAULT_CSS = """
    RelayLine { height: auto; display: none; }
    RelayLine.-shown { display: block; }
    RelayLine.-waits { color: $text-warning; }
    """

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._desk = desk
        self._known: CompanyRelay | None = None

    @property
    def on(self) -> bool:
        """True while the chosen company sends by the relay."""
        return self._known is not None and self._known.on

    async def ask(self) -> None:
        """Show how it stands now for the chosen company."""
        company = self._desk.company
        found = None
        if company is not None:
            found = await self._desk.ask(invoicy_mail.view, company.id)
        self._known = found
        self.set_class(self.on, "-shown")
        if self._known is not None and self._known.on:
            self.set_class(self._known.why_not is not None, "-waits")
            self.show(_words(self._known))

    async def edit(self, screen: FramedScreen) -> None:
        """Change the sender name, which is all that may be changed meanwhile."""
        company = self._desk.company
        if company is None:
            return
        try:
            known = await self._desk.ask(invoicy_mail.view, company.id)
        except CarteiroError as e:
            screen.refuse(e.message)
            return
        if known.why_not_edit is not None:
            screen.refuse(known.why_not_edit)
            return
        await screen.app.push_screen_wait(SenderName(self._desk, company, known))
        await self.ask()


def _words(known: CompanyRelay) -> str:
    if known.why_not is not None:
        return _("Os e-mails desta empresa esperam na fila: {why}").format(why=known.why_not)
    words = _("InvoiCy Mail ativo: os e-mails saem por {address} em nome de {name}").format(
        address=known.address, name=known.shown_name
    )
    return words if known.why_not_edit is not None else words + _(" · e muda o nome")
