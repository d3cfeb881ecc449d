"""The partner's e-mail servers as a list reads and shows them (R15, R16)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from screens.desk import Desk
from screens.reading_cell import being_read, reading_cell
from screens.widgets.columns import Cell, Column
from screens.widgets.numbers import grouped
from screens.widgets.rest import resting
from screens.widgets.status import cell
from services.language import _
from services.reading.under_way import UnderWay
from services.registry import server_views
from services.registry.server_views import Filters, ServerView
from services.store.models import Function, Health, Kind

_KEPT = 400
"""Views that are kept besides the page that is read."""


def kind_words(kind: str) -> str:
    """What a server serves, in a word (R17)."""
    words = {Kind.SEND: _("Envio"), Kind.READ: _("Leitura"), Kind.BOTH: _("Ambos")}
    return words.get(Kind(kind), kind)


class ServerSource:
    """The partner's servers under the four filters of R16, as a list reads them.

    ``views`` are those that were read last; ``on_read`` hears when others were.
    """

    def __init__(self, desk: Desk, on_read: Callable[[], None]) -> None:
        self._desk = desk
        self._on_read = on_read
        self.views: dict[int, ServerView] = {}
        self.filters: Mapping[str, str] = {}
        self.status: str | None = None

    async def ids(self, filter: str, sort: str | None, descending: bool) -> Sequence[int]:  # noqa: A002
        return await self._desk.ask(
            server_views.ids,
            filters=Filters(**self.filters) if filter else Filters(),
            status=self.status,
            sort=sort,
            descending=descending,
        )

    async def rows(self, ids: Sequence[int]) -> Mapping[int, Sequence[Cell]]:
        found = await self._desk.ask(server_views.rows, ids)
        now = await being_read(self._desk)
        kept = [*self.views.items()][-_KEPT:]
        self.views = {**dict(kept), **found}
        self._on_read()
        return {i: _cells(view, now.get(i)) for i, view in found.items()}


def _cells(view: ServerView, now: UnderWay | None) -> Sequence[Cell]:
    host = view.pop_host if view.kind == Kind.READ else view.smtp_host
    return (
        view.nickname,
        view.email,
        kind_words(view.kind),
        cell(_state(view)) if now is None else reading_cell(now),
        grouped(view.companies_count),
        host or "",
        view.created_by or "",
    )


def _state(view: ServerView) -> str:
    if view.inactive_code is not None:
        return "inactivated"
    if not view.active:
        return "inactive"
    if rest := resting(view):
        return rest
    if view.kind == Kind.BOTH and len(view.failing) == 1:
        return "not_sending" if view.failing == (Function.SEND,) else "not_reading"
    return view.health if view.health in (Health.FAILING, Health.DOWN) else "active"


def columns() -> tuple[Column, ...]:
    """The columns of the list."""
    return (
        Column("nickname", _("Apelido"), 13, sortable=True),
        Column("email", _("E-mail"), 18, wide=True, sortable=True),
        Column("kind", _("Tipo"), 7, sortable=True),
        Column("status", _("Situação"), 13, sortable=True),
        Column("companies", _("Emp."), 7, align="right", sortable=True),
        Column("host", _("Servidor"), 22, min_terminal_width=130),
        Column("created_by", _("Cadastrou"), 12, min_terminal_width=130),
    )
