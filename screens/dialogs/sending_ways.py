"""The sending mailboxes of a company: which may send now, why another may not; pause and resume."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen

from screens.background import run_newest
from screens.commands import Command, Commanded
from screens.desk import Desk
from screens.mailbox_source import state_of
from screens.widgets.columns import Cell, Column
from screens.widgets.foreign import Foreign, notify_safe
from screens.widgets.keyline import KeyLine
from screens.widgets.list import WindowList
from screens.widgets.rest import rest_words
from screens.widgets.status import cell
from services.errors import CarteiroError
from services.language import _, later
from services.registry import mailboxes, pausing
from services.registry.mailboxes import MailboxView
from services.store.models import Function


class WaySource:
    """The sending mailboxes of one company, in their order."""

    def __init__(self, desk: Desk, company_id: int) -> None:
        self._desk = desk
        self._company_id = company_id
        self.views: dict[int, MailboxView] = {}

    async def ids(self, filter: str, sort: str | None, descending: bool) -> Sequence[int]:  # noqa: A002
        found = await self._desk.ask(
            mailboxes.list_of, self._company_id, function=Function.SEND, status=None
        )
        self.views = {view.id: view for view in found}
        return list(self.views)

    async def rows(self, ids: Sequence[int]) -> Mapping[int, Sequence[Cell]]:
        return {
            i: (view.email, cell(state_of(view)), rest_words(view))
            for i in ids
            if (view := self.views.get(i)) is not None
        }


class SendingWays(Commanded, ModalScreen[None]):
    """``p`` pauses or resumes; what waits for the mailbox says so at once, everywhere."""

    DEFAULT_CSS = """
    SendingWays .dialog { height: auto; max-height: 80%; }
    SendingWays WindowList { height: 8; }
    SendingWays #why { height: auto; max-height: 4; padding: 1 0 0 0; }
    """
    AUTO_FOCUS = "WindowList"
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command(
            "ways.turn",
            "p",
            later("Pausar ou retomar"),
            "turn",
            later("Pausada, nada sai por ela até que alguém a retome"),
            order=1,
        ),
        Command("ways.leave", "escape,q", later("Fechar"), "dismiss(None)", order=2, palette=False),
    )

    def __init__(self, desk: Desk, company_id: int, nickname: str) -> None:
        super().__init__()
        self._desk = desk
        self._nickname = nickname
        self._source = WaySource(desk, company_id)
        self.list = WindowList(
            self._source,
            (
                Column("email", _("E-mail"), 28, wide=True),
                Column("state", _("Situação"), 13),
                Column("why", _("Por quê"), 24, wide=True),
            ),
            empty=_(
                "Nenhuma caixa de envio própria: com o InvoiCy Mail, o relay do parceiro envia."
            ),
        )

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog wide"):
            title = _("Caixas de envio · {company}").format(company=self._nickname)
            yield Foreign(title, classes="dialog-title")
            yield self.list
            yield Foreign(id="why", block=True)
        yield KeyLine()

    async def refresh_live(self) -> None:
        """Somebody else may pause or resume too."""
        self.list.refresh_ids()

    def on_window_list_counted(self) -> None:
        """The list was read again."""
        self._tell()

    def on_window_list_highlighted(self) -> None:
        """Another mailbox."""
        self._tell()

    def on_window_list_chosen(self) -> None:
        """Enter does the same as ``p``."""
        self.action_turn()

    @property
    def chosen(self) -> MailboxView | None:
        """The mailbox under the cursor."""
        return self._source.views.get(self.list.current or 0)

    def _tell(self) -> None:
        view = self.chosen
        self.query_one("#why", Foreign).show(rest_words(view) if view is not None else "")

    def action_turn(self) -> None:
        """Pause the mailbox under the cursor, or resume it."""
        view = self.chosen
        if view is not None:
            run_newest(self, "turn", self._turn, view)

    async def _turn(self, view: MailboxView) -> None:
        try:
            await turned(self._desk, view)
        except CarteiroError as e:
            notify_safe(self.app, e.message, "error")
        self.list.refresh_ids()


def turned(desk: Desk, view: MailboxView) -> Awaitable[MailboxView]:
    """Pause a mailbox by hand, or resume it where it is paused."""
    service = pausing.resume if pausing.is_paused(view) else pausing.pause
    return desk.do(service, view.id)
