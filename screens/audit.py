"""Auditoria: who changed what, when, from what to what (R55); the partner's own (R53)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from textual.screen import Screen

from screens.browse import BrowseScreen
from screens.dates import exact, when
from screens.desk import Desk
from screens.dialogs.details import Details, Facts
from screens.widgets.asking import Source
from screens.widgets.columns import Cell, Column
from screens.widgets.list import WindowList
from screens.widgets.listing import Listing
from screens.widgets.numbers import grouped
from services.fiscal.cnpj import masked
from services.language import _
from services.registry import audit, audit_views


class AuditSource:
    """The changes of the partner's people, the newest first."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def ids(self, filter: str, sort: str | None, descending: bool) -> Sequence[int]:  # noqa: A002
        return await self._desk.ask(audit.ids, filter=filter)

    async def rows(self, ids: Sequence[int]) -> Mapping[int, Sequence[Cell]]:
        found = await self._desk.ask(audit.rows, ids)
        return {
            i: (when(r.view.at), r.view.user, r.what, r.which, r.company_nickname)
            for i, r in found.items()
        }


class AuditScreen(BrowseScreen):
    """Newest first, arriving live; Enter shows every field before and after."""

    key = "audit"

    @classmethod
    def title_words(cls) -> str:
        return _("Auditoria")

    def help_words(self) -> str:
        return _(
            "Quem alterou o quê, quando, e como era antes; Enter mostra campo por campo. '/' "
            "procura por pessoa, ação, tipo e empresa. Senhas nunca aparecem. A lista tem as "
            "{n} alterações mais novas do que se procura."
        ).format(n=grouped(audit_views.MOST))

    def source(self) -> Source:
        return AuditSource(self.desk)

    def columns(self) -> Sequence[Column]:
        return (
            Column("at", _("Quando"), 16),
            Column("user", _("Quem"), 10),
            Column("what", _("O quê"), 24),
            Column("which", _("Qual"), 10, wide=True),
            Column("company", _("Empresa"), 16, min_terminal_width=110),
        )

    def empty_words(self) -> str:
        return _("Nenhuma alteração ainda. O que for cadastrado ou alterado aparece aqui.")

    def on_window_list_counted(self, event: WindowList.Counted) -> None:
        """What is left out is said."""
        words = self.title_words()
        if event.list.row_count >= audit_views.MOST:
            words = _("Auditoria: as {n} mais novas").format(n=grouped(audit_views.MOST))
        self.query_one(Listing).set_title(words)

    def detail(self, chosen: int) -> Screen[None]:
        return Details(_("Alteração {id}").format(id=chosen), lambda: self._facts(chosen))

    async def _facts(self, chosen: int) -> Facts:
        row = await self.desk.ask(audit.show, chosen)
        view = row.view
        company = row.company_nickname
        if view.company is not None:
            company = f"{company}  {masked(view.company)}"
        lines = [
            (_("Quando"), exact(view.at)),
            (_("Quem"), view.user),
            (_("Conta do sistema"), view.os_account),
            (_("O quê"), row.what),
            (_("Qual"), row.which),
            (_("Empresa"), company),
        ]
        width = max((len(change.field) for change in row.changes), default=0)
        told = [
            f"{change.field.ljust(width)}  {_course(view, change.before, change.after)}"
            for change in row.changes
        ]
        return Facts([line for line in lines if line[1]], "\n".join([_heading(view), *told]))


def _heading(view: audit.AuditView) -> str:
    if view.before is None and view.after is None:
        return _("Sem valores.")
    if view.before is None:
        return _("Como ficou:")
    return _("Como era:") if view.after is None else _("Antes → depois:")


def _course(view: audit.AuditView, before: str, after: str) -> str:
    if view.before is None:
        return after
    return before if view.after is None else f"{before} → {after}"
