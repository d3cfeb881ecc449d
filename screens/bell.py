"""The bell feed: newest first, arriving live (R52)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import ClassVar, Self

from screens.background import run_newest
from screens.browse import BrowseScreen
from screens.commands import Command
from screens.dates import exact, when
from screens.desk import Desk
from screens.dialogs.bell_entry import BellEntryDetails
from screens.dialogs.bell_filter import BellFilter, severity_words
from screens.dialogs.details import Facts
from screens.widgets.asking import Source
from screens.widgets.columns import Cell, Column
from screens.widgets.list import WindowList
from screens.widgets.numbers import grouped
from screens.widgets.panel import places
from screens.widgets.status import cell
from services.language import _, later
from services.notifications import bell, types
from services.notifications.bell import EVERYTHING, BellView, Only
from services.notifications.types import NotificationType
from services.reading import quarantine
from services.safe_text import safe

_CAUSES = {
    "outbox": "outbox",
    "document": "documents",
    "quarantine": "quarantine",
    "inbound": "quarantine",
}
"""The screen that a kind of cause is found in."""


class BellSource:
    """The entries that the person may see, of what ``only`` says; ``on_full`` hears if that is all."""

    def __init__(self, desk: Desk, on_full: Callable[[bool], None]) -> None:
        self._desk = desk
        self._on_full = on_full
        self.only = EVERYTHING

    async def ids(self, filter: str, sort: str | None, descending: bool) -> Sequence[int]:  # noqa: A002
        found = await self._desk.ask(bell.ids, filter=filter, only=self.only)
        self._on_full(len(found) >= bell.MOST_LISTED)
        return found

    async def rows(self, ids: Sequence[int]) -> Mapping[int, Sequence[Cell]]:
        found = await self._desk.ask(bell.rows, ids)
        return {
            i: (
                "" if v.read else cell("unread"),
                when(v.at),
                cell("information" if v.severity == "info" else v.severity),
                f"×{grouped(v.count)} {v.title}" if v.repeated else v.title,
                v.company_nickname or "",
            )
            for i, v in found.items()
        }


class BellScreen(BrowseScreen):
    """Enter reads an entry; m marks it, M all; f shows some, u the unread."""

    key = "bell"
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command("bell.mark", "m", later("Marcar lida"), "mark", order=1),
        Command("bell.mark_all", "M", later("Marcar todas"), "mark_all", order=2),
        Command(
            "bell.only",
            "f",
            later("Mostrar só…"),
            "only",
            later("Por empresa, tipo, gravidade e não lidas"),
            order=3,
        ),
        Command("bell.unread", "u", later("Não lidas"), "unread", order=4),
    )

    def __init__(self, desk: Desk) -> None:
        self._source = BellSource(desk, self._full)
        self._types: Mapping[str, NotificationType] = {}
        self._names: dict[int, str] = {}
        self._newest_only = False
        super().__init__(desk)

    @classmethod
    def title_words(cls) -> str:
        return _("Notificações")

    def help_words(self) -> str:
        return _(
            "O que aconteceu, o mais novo primeiro; as notificações chegam sozinhas, também de "
            "outros processos. Quando uma se repete, continua numa só linha, ×N, com a hora da "
            "última vez, e volta a ser nova. Enter lê; se a causa é uma caixa que falhou ou foi "
            "inativada, leva a ela: 'l' a vincula de novo, 't' testa, 'e' abre; se é um e-mail ou "
            "a quarentena, 'g' leva até lá. A lista tem as 10.000 mais novas, e '/' procura nas "
            "20.000 mais novas; 'f' mostra só uma empresa, um tipo ou uma gravidade, e assim "
            "também as mais antigas. Ficam guardadas por 180 dias, e os erros, por 360 "
            "(bell_retention_days em carteiro.toml)."
        )

    def source(self) -> Source:
        return self._source

    def columns(self) -> Sequence[Column]:
        return (
            Column("read", "", 8),
            Column("at", _("Quando"), 17),
            Column("severity", _("Gravidade"), 12, min_terminal_width=140),
            Column("title", _("Título"), 30, wide=True),
            Column("company", _("Empresa"), 14, min_terminal_width=110),
        )

    def empty_words(self) -> str:
        return _("Nenhuma notificação.")

    def open(self, chosen: int) -> None:
        """Enter goes to what can be mended, or reads the entry."""
        run_newest(self, "open", self._open, chosen)

    async def _open(self, chosen: int) -> None:
        entry = (await self.desk.ask(bell.rows, [chosen])).get(chosen)
        if entry is None:
            return
        load = partial(self._facts, entry)
        if entry.cause_kind == "relay" and self.desk.actor.is_partner:
            from screens.dialogs.partner_form import show_partner

            await self.desk.do(bell.mark_read, [chosen])
            await show_partner(self.app, self.desk)
        elif entry.cause_kind in ("mailbox", "server") and entry.cause_id is not None:
            from screens.dialogs.mailbox_notice import MailboxNotice

            self.app.push_screen(MailboxNotice(self.desk, entry.cause_kind, entry.cause_id, load))
        else:
            self.app.push_screen(BellEntryDetails(load, self._way(entry)))

    async def _facts(self, entry: BellView) -> Facts:
        await self.desk.do(bell.mark_read, [entry.id])
        lines = [
            (_("Quando"), exact(entry.at)),
            (_("Gravidade"), severity_words(entry.severity)),
            (_("Empresa"), entry.company_nickname or ""),
            (_("Título"), entry.title),
        ]
        if entry.repeated:
            words = _("×{n}, a primeira em {first}, a última em {last}").format(
                n=grouped(entry.count), first=when(entry.first_at), last=when(entry.at)
            )
            lines.insert(1, (_("Repetiu-se"), words))
        return Facts(lines, entry.text)

    def _way(self, entry: BellView) -> Callable[[], Awaitable[None]] | None:
        place = _CAUSES.get(entry.cause_kind or "")
        there = {each.key for _group, members in places() for each in members}
        return partial(self._go, place, entry) if place in there else None

    async def _go(self, place: str, entry: BellView) -> None:
        app, chosen = self.app, entry.cause_id
        if entry.cause_kind == "inbound" and chosen is not None:
            chosen = await self.desk.ask(quarantine.of_message, chosen)
        await app.run_action(f"go('{place}')")
        there = app.screen
        listed = getattr(there, "list", None)
        if isinstance(listed, WindowList) and chosen is not None:
            await listed.go_to(chosen)

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

    def action_unread(self) -> None:
        """Only what has not been read, or everything again."""
        self._show(replace(self._source.only, unread=not self._source.only.unread))

    def action_only(self) -> None:
        """Choose what is shown."""
        run_newest(self, "only", self._choose)

    async def _choose(self) -> None:
        self._types = {each.key: each for each in await self.desk.ask(types.list_types)}
        if self.desk.company is not None:
            self._names[self.desk.company.id] = self.desk.company.nickname
        if self.list.current is not None:
            for view in (await self.desk.ask(bell.rows, [self.list.current])).values():
                if view.company_id is not None:
                    self._names[view.company_id] = view.company_nickname or ""
        chosen = await self.app.push_screen_wait(
            BellFilter(self._source.only, self._types, sorted(self._names.items()))
        )
        if chosen is not None:
            self._show(chosen)

    def _show(self, only: Only) -> None:
        self._source.only = only
        self._tell()
        self.list.refresh_ids()

    async def narrow_as(self, before: Self) -> None:
        self._types = {each.key: each for each in await self.desk.ask(types.list_types)}
        self._names = before._names
        self._show(before._source.only)

    def _full(self, full: bool) -> None:
        if full != self._newest_only:
            self._newest_only = full
            self._tell()

    def _tell(self) -> None:
        """What is shown, beside the title."""
        only, words = self._source.only, []
        if only.unread:
            words.append(_("não lidas"))
        if only.company_id is not None:
            words.append(self._names.get(only.company_id, ""))
        if only.type_key is not None:
            known = self._types.get(only.type_key)
            words.append(known.title if known is not None else only.type_key)
        if only.severity is not None:
            words.append(severity_words(only.severity))
        if self._newest_only:
            words.append(_("as {n} mais novas").format(n=grouped(bell.MOST_LISTED)))
        self.narrowed(safe(" · ".join(words), 80))
