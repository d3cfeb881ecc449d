"""Movimento: what each mailbox has sent, read and failed at (R50)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen

from screens.activity_words import activity_lines
from screens.commands import Command, Commanded
from screens.desk import Desk
from screens.widgets.columns import Cell, Column
from screens.widgets.foreign import Foreign
from screens.widgets.keyline import KeyLine
from screens.widgets.list import WindowList
from screens.widgets.listing import Listing
from screens.widgets.numbers import grouped
from screens.widgets.spark import spark
from screens.widgets.status import Tone
from services.health import activity
from services.health.activity import HOURS, Activity
from services.language import _, later


class ActivitySource:
    """The mailboxes with something to show; ``known`` are the rows read, and ``on_read`` hears it."""

    def __init__(self, desk: Desk, on_read: Callable[[], None]) -> None:
        self._desk = desk
        self._on_read = on_read
        self.known: dict[int, Activity] = {}

    async def ids(self, filter: str, sort: str | None, descending: bool) -> Sequence[int]:  # noqa: A002
        return await self._desk.ask(
            activity.server_ids, filter=filter, sort=sort, descending=descending
        )

    async def rows(self, ids: Sequence[int]) -> Mapping[int, Sequence[Cell]]:
        found = await self._desk.ask(activity.by_server, ids)
        self.known.update(found)
        self._on_read()
        return {i: _cells(each) for i, each in found.items()}


class ActivityDialog(Commanded, ModalScreen[None]):
    """A row a mailbox, those with failures first; the one under the cursor in full below."""

    DEFAULT_CSS = """
    ActivityDialog .dialog { height: 96%; }
    ActivityDialog #counted { height: auto; color: $foreground 75%; }
    ActivityDialog #told { height: auto; min-height: 4; padding: 1 0 0 0; }
    """
    AUTO_FOCUS: ClassVar[str | None] = "WindowList"
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command("activity.leave", "escape,q", later("Voltar"), "dismiss(None)", order=9),
    )

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self._source = ActivitySource(desk, self._tell)
        self._told = Foreign(id="told", block=True)
        self.list = WindowList(
            self._source,
            (
                Column("email", _("Caixa"), 16, wide=True),
                Column("failed", _("Falhas"), 7, align="right"),
                Column("sent", _("Enviados"), 9, align="right", sortable=True),
                Column("fetched", _("Lidos"), 8, align="right", sortable=True),
                Column("course", _("24 horas"), HOURS // 2),
            ),
            empty=_(
                "Nada saiu nem foi lido nos últimos 30 dias.\n\n"
                "Cada e-mail enviado e cada mensagem lida aparece aqui, por caixa."
            ),
        )

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog wide"):
            yield Listing(self.list, title=_("Movimento por caixa"))
            yield Foreign(
                _(
                    "Contam as últimas 24 horas: e-mails que saíram, mensagens lidas, e em Falhas "
                    "os e-mails que terminaram sem sair."
                ),
                id="counted",
            )
            yield self._told
        yield KeyLine()

    def on_window_list_highlighted(self) -> None:
        """Another mailbox."""
        self._tell()

    def on_window_list_counted(self) -> None:
        """The list was read again."""
        self._tell()

    def on_resize(self) -> None:
        """As many bars as there is room for."""
        self._tell()

    def _tell(self) -> None:
        known = self._source.known.get(self.list.current or 0)
        lines = activity_lines(known, self._told.size.width) if known is not None else []
        self._told.show("\n".join(lines))


def _cells(found: Activity) -> Sequence[Cell]:
    failed = sum(found.failed.hours)
    both = [s + f for s, f in zip(found.sent.hours, found.fetched.hours, strict=True)]
    return (
        found.email,
        (grouped(failed), Tone.BAD) if failed else "",
        grouped(sum(found.sent.hours)),
        grouped(sum(found.fetched.hours)),
        spark(both, HOURS // 2),
    )
