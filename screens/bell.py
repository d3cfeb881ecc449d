"""The bell feed: newest first, arriving live (R52)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import ClassVar

from textual.screen import Screen

from screens.browse import BrowseScreen
from screens.commands import Command
from screens.dates import when
from screens.desk import Desk
from screens.dialogs.details import Details, Facts
from screens.widgets.asking import Source
from screens.widgets.columns import Cell, Column
from screens.widgets.status import cell
from services.language import _
from services.notifications import bell


class BellSource:
    """The entries that the person may see."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def ids(self, filter: str, sort: str | None, descending: bool) -> Sequence[int]:  # noqa: A002
        return await self._desk.ask(bell.ids, filter=filter)

    async def rows(self, ids: Sequence[int]) -> Mapping[int, Sequence[Cell]]:
        found = await self._desk.ask(bell.rows, ids)
        return {
            i: (
                "" if v.read else cell("unread"),
                when(v.at),
                v.title,
                v.company_nickname or "",
            )
            for i, v in found.items()
        }


class BellScreen(BrowseScreen):
    """Enter reads an entry; m marks it, M all."""

    key = "bell"
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command("bell.mark", "m", _("Marcar lida"), "mark", order=1),
        Command("bell.mark_all", "M", _("Marcar todas"), "mark_all", order=2),
    )

    @classmethod
    def title_words(cls) -> str:
        return _("Notificações")

    def help_words(self) -> str:
        return _(
            "O que aconteceu, o mais novo primeiro; chega sozinho, também de outros processos. "
            "Enter lê; de uma caixa que falhou ou foi inativada leva à caixa: l a vincula de novo, "
            "t testa, e abre."
        )

    def source(self) -> Source:
        return BellSource(self.desk)

    def columns(self) -> Sequence[Column]:
        return (
            Column("read", "", 9),
            Column("at", _("Quando"), 17),
            Column("title", _("Título"), 30, wide=True),
            Column("company", _("Empresa"), 14, min_terminal_width=110),
        )

    def empty_words(self) -> str:
        return _("Nenhuma notificação.")

    def open(self, chosen: int) -> None:
        """Enter goes to what can be mended, or reads the entry."""
        self.run_worker(self._open(chosen), group="open", exclusive=True, exit_on_error=False)

    async def _open(self, chosen: int) -> None:
        entry = (await self.desk.ask(bell.rows, [chosen])).get(chosen)
        if entry is None:
            return
        if entry.cause_kind == "relay" and self.desk.actor.is_partner:
            from screens.dialogs.partner_form import show_partner

            await self.desk.do(bell.mark_read, [chosen])
            await show_partner(self.app, self.desk)
            return
        if entry.cause_kind in ("mailbox", "server") and entry.cause_id is not None:
            from screens.dialogs.mailbox_notice import MailboxNotice

            load = partial(self._facts, chosen)
            self.app.push_screen(MailboxNotice(self.desk, entry.cause_kind, entry.cause_id, load))
            return
        self.app.push_screen(self.detail(chosen))

    def detail(self, chosen: int) -> Screen[None]:
        return Details(_("Notificação"), lambda: self._facts(chosen))

    async def _facts(self, chosen: int) -> Facts:
        view = (await self.desk.ask(bell.rows, [chosen]))[chosen]
        await self.desk.do(bell.mark_read, [chosen])
        lines = [
            (_("Quando"), when(view.at)),
            (_("Empresa"), view.company_nickname or ""),
            (_("Título"), view.title),
        ]
        return Facts(lines, view.text)

    def action_mark(self) -> None:
        """Mark as read what is under the cursor or marked."""
        chosen = self.list.targets
        if chosen:
            self.attempt(
                lambda: self.desk.do(bell.mark_read, chosen), lambda _n: self.refresh_live()
            )

    def action_mark_all(self) -> None:
        """Mark everything as read."""
        self.attempt(lambda: self.desk.do(bell.mark_all_read), lambda _n: self.refresh_live())
