"""Agenda: the Microsoft sign-ins, the first to end first (R44)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen

from screens.background import run_newest
from screens.commands import Command, Commanded
from screens.dates import day, since
from screens.desk import Desk
from screens.dialogs.linking import relink
from screens.widgets.columns import Cell, Column
from screens.widgets.foreign import Foreign
from screens.widgets.keyline import KeyLine
from screens.widgets.list import WindowList
from screens.widgets.listing import Listing
from screens.widgets.status import Tone
from services.folding import holds
from services.health.agenda import Expiry, agenda
from services.language import _, later


class AgendaSource:
    """All sign-ins, read together: there are as many as mailboxes of Microsoft's."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._found: dict[int, Expiry] = {}

    async def ids(self, filter: str, sort: str | None, descending: bool) -> Sequence[int]:  # noqa: A002
        found = await self._desk.ask(agenda)
        self._found = {each.server_id: each for each in found}
        return [
            each.server_id
            for each in (reversed(found) if descending else found)
            if holds(f"{each.email} {each.account}", filter)
        ]

    async def rows(self, ids: Sequence[int]) -> Mapping[int, Sequence[Cell]]:
        return {i: _cells(self._found[i]) for i in ids if i in self._found}


class Agenda(Commanded, ModalScreen[None]):
    """Renewed when, ends when without another renewal, proven next when; ``l`` signs in again."""

    DEFAULT_CSS = """
    Agenda .dialog { height: 96%; }
    Agenda #words { height: auto; padding: 1 0 0 0; color: $foreground 75%; }
    """
    AUTO_FOCUS: ClassVar[str | None] = "WindowList"
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command(
            "agenda.relink",
            "l",
            later("Vincular de novo"),
            "relink",
            order=1,
            when=lambda screen: screen.list.current is not None,
        ),
        Command("agenda.leave", "escape,q", later("Voltar"), "dismiss(None)", order=9),
    )

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk
        self.list = WindowList(
            AgendaSource(desk),
            (
                Column("email", _("Caixa"), 18, wide=True),
                Column("state", _("Situação"), 14),
                Column("renewed", _("Renovada"), 11),
                Column("ends", _("Vence"), 10, sortable=True),
                Column("check", _("Verifica"), 11),
            ),
            empty=_("Nenhuma conta Microsoft vinculada."),
        )

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog wide"):
            yield Listing(self.list, title=_("Agenda das contas Microsoft"))
            yield Foreign(
                _(
                    "Sem uso, uma entrada na Microsoft vale por 90 dias. Cada verificação a "
                    "renova e adia o vencimento."
                ),
                id="words",
            )
        yield KeyLine()

    async def refresh_live(self) -> None:
        """A sign-in was renewed, or refused."""
        self.list.refresh_ids()

    def on_window_list_counted(self) -> None:
        """The list was read again."""
        self.refresh_bindings()

    def on_window_list_chosen(self) -> None:
        """Enter in the list."""
        self.action_relink()

    def action_relink(self) -> None:
        """Sign in again at Microsoft, and test (R49)."""
        if self.list.current is not None:
            run_newest(self, "form", self._relink, self.list.current)

    async def _relink(self, server_id: int) -> None:
        await relink(self.app, self.desk, server_id)
        self.list.refresh_ids()


def _cells(each: Expiry) -> Sequence[Cell]:
    state: Cell = (_("● em dia"), Tone.GOOD)
    if each.inactive_code is not None:
        state = (_("▲ AADSTS{code}").format(code=each.inactive_code), Tone.BAD)
    elif not each.active:
        state = (_("○ desativada"), Tone.MUTED)
    elif each.trouble is not None:
        state = (_("▲ recusada"), Tone.WARN)
    return (
        each.email,
        state,
        since(each.renewed_at),
        "" if each.ends_at is None or each.inactive_code is not None else day(each.ends_at),
        since(each.check_at),
    )
