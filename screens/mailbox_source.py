"""The mailboxes of a company as a list reads and shows them (R1)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from screens.desk import Desk
from screens.reading_cell import being_read, reading_cell
from screens.widgets.columns import Cell, Column
from screens.widgets.rest import resting
from screens.widgets.status import Tone, cell
from services import clock
from services.folding import holds
from services.language import _
from services.reading.under_way import UnderWay
from services.registry import mailboxes
from services.registry.mailboxes import MailboxView
from services.registry.origins import Origin
from services.store.models import Function, Health

_SECURITY = {"tls": "TLS", "starttls": "STARTTLS", "none": "—"}


_NEVER = 10_000


def columns(*, copies: bool) -> tuple[Column, ...]:
    """The columns of both lists; where there are ``copies``, of what stands before the server."""
    return (
        Column("nickname", _("Apelido"), 14),
        Column("email", _("E-mail"), 20, wide=True),
        Column("status", _("Situação"), 13),
        Column("origin", _("Origem"), 16, wide=True, min_terminal_width=0 if copies else _NEVER),
        Column("host", _("Servidor"), 24, min_terminal_width=140 if copies else 100),
        Column("security", _("Conexão"), 8, min_terminal_width=150 if copies else 130),
    )


class MailboxSource:
    """The mailboxes of the chosen company and one function."""

    def __init__(self, desk: Desk, function: Function) -> None:
        self._desk = desk
        self._function = function
        self.status: str | None = None
        self.views: dict[int, MailboxView] = {}
        self._being_read: Mapping[int, UnderWay] = {}

    async def ids(self, filter: str, sort: str | None, descending: bool) -> Sequence[int]:  # noqa: A002
        company = self._desk.company
        if company is None:
            return []
        found = await self._desk.ask(
            mailboxes.list_of, company.id, function=self._function, status=self.status
        )
        self.views = {v.id: v for v in found if holds(f"{v.nickname} {v.email} {v.host}", filter)}
        self._being_read = await being_read(self._desk) if self._function is Function.READ else {}
        return list(self.views)

    async def rows(self, ids: Sequence[int]) -> Mapping[int, Sequence[Cell]]:
        return {
            i: _cells(view, self._being_read.get(view.server_id))
            for i in ids
            if (view := self.views.get(i)) is not None
        }


def _cells(view: MailboxView, now: UnderWay | None) -> Sequence[Cell]:
    return (
        view.nickname,
        view.email,
        cell(state_of(view)) if now is None else reading_cell(now),
        _origin(view.origin),
        f"{view.host}:{view.port}",
        _SECURITY.get(view.security, view.security),
    )


def state_of(view: MailboxView) -> str:
    """As the jobs see it in this direction."""
    if view.inactive_code is not None:
        return "inactivated"
    if not view.active:
        return "inactive"
    if view.function == Function.SEND and (rest := resting(view)):
        return rest
    if view.paused_until is not None and view.paused_until > clock.now():
        return "paused"
    return view.health if view.health in (Health.FAILING, Health.DOWN) else "active"


def _origin(origin: Origin | None) -> Cell:
    """Of what it is a copy; a word and a tone when the two no longer say the same (R6)."""
    if origin is None:
        return ""
    if origin.drifted:
        return _("≠ origem · {label}").format(label=origin.label), Tone.WARN
    return _("cópia de {label}").format(label=origin.label), Tone.MUTED
