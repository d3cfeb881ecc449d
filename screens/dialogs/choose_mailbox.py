"""Choosing the mailbox to copy, where there are several (R4)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen

from screens.background import run_newest
from screens.commands import Command
from screens.desk import Desk
from screens.dialogs.filtered import Choosing
from screens.dialogs.register_way import name_of
from screens.widgets.columns import Cell, Column
from screens.widgets.foreign import Foreign, notify_safe
from screens.widgets.keyline import KeyLine
from screens.widgets.line_input import LineInput
from screens.widgets.list import WindowList
from screens.widgets.list_keys import taking
from screens.widgets.status import Tone, cell
from services.errors import CarteiroError
from services.language import _, later
from services.registry import imports
from services.registry.candidates import Candidate
from services.registry.companies import CompanyView
from services.registry.origins import PARTNER


class CandidateSource:
    """What there is to choose from, as a list reads it."""

    def __init__(self, desk: Desk, company: CompanyView, kind: str) -> None:
        self._desk = desk
        self._company = company
        self._kind = kind
        self.known: dict[int, Candidate] = {}

    async def ids(self, filter: str, sort: str | None, descending: bool) -> Sequence[int]:  # noqa: A002
        found = await self._desk.ask(
            imports.candidate_ids, self._company.id, self._kind, filter=filter
        )
        return list(found)

    async def rows(self, ids: Sequence[int]) -> Mapping[int, Sequence[Cell]]:
        found = await self._desk.ask(imports.candidate_rows, self._company.id, self._kind, ids)
        self.known.update(found)
        return {i: _cells(each) for i, each in found.items()}


def _cells(each: Candidate) -> Sequence[Cell]:
    if each.why_not is not None:
        return tuple(
            (text, Tone.MUTED)
            for text in (each.nickname, each.email, _("○ não agora"), ", ".join(each.companies))
        )
    state = cell("active")
    return each.nickname, each.email, state, ", ".join(each.companies)


class ChooseMailbox(Choosing, ModalScreen[int | None]):
    """Type to filter, Enter chooses; what cannot be copied now says why. Gives the server's id."""

    DEFAULT_CSS = """
    ChooseMailbox .dialog { height: 80%; }
    ChooseMailbox WindowList { height: 1fr; }
    ChooseMailbox #why { height: 2; color: $text-warning; }
    """
    AUTO_FOCUS: ClassVar[str | None] = "Input"
    VERBS: ClassVar[tuple[Command, ...]] = (
        taking("choose_mailbox"),
        Command("choose_mailbox.down", "down", later("Ir para a lista"), "to_list", palette=False),
        Command("choose_mailbox.leave", "escape", later("Voltar"), "dismiss(None)", order=2),
    )

    def __init__(self, desk: Desk, company: CompanyView, kind: str) -> None:
        super().__init__()
        self._kind = kind
        self._company = company
        self._desk = desk
        self._source = CandidateSource(desk, company, kind)
        columns = [
            Column("nickname", _("Apelido"), 14),
            Column("email", _("E-mail"), 24, wide=True),
            Column("status", _("Situação"), 13),
        ]
        if kind == PARTNER:
            columns.append(Column("companies", _("Usada por"), 12, wide=True))
        self.list = WindowList(self._source, columns, empty=_("Nenhuma caixa de envio a copiar"))

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog wide"):
            yield Foreign(
                f"{name_of(self._kind)} · {self._company.nickname}", classes="dialog-title"
            )
            yield LineInput(placeholder=_("apelido, e-mail ou servidor"))
            yield self.list
            yield Foreign(id="why")
        yield KeyLine()

    def on_window_list_highlighted(self, message: WindowList.Highlighted) -> None:
        """What stands against the row under the cursor, in full."""
        run_newest(self, "why", self._show_why, message.id)

    async def _show_why(self, server_id: int | None) -> None:
        each = await self._candidate(server_id)
        self.query_one("#why", Foreign).show(each.why_not or "" if each is not None else "")

    async def _candidate(self, server_id: int | None) -> Candidate | None:
        if server_id is None:
            return None
        if server_id not in self._source.known:
            try:
                await self._source.rows([server_id])
            except CarteiroError as e:
                notify_safe(self.app, e.message, "error")
        return self._source.known.get(server_id)

    async def _take(self) -> None:
        each = await self._candidate(self.list.current)
        if each is None:
            return
        if each.why_not is not None:
            notify_safe(self.app, f"{each.email}: {each.why_not}", "warning")
        else:
            self.dismiss(each.id)
