"""Documents as their list reads and shows them (R40)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from screens.dates import amount, when
from screens.desk import Desk
from screens.widgets.columns import Cell, Column
from screens.widgets.filter_bar import FilterField
from screens.widgets.status import Tone
from services.fiscal.labels import kind_words
from services.language import _
from services.reading import documents
from services.reading.documents import DocumentView
from services.reading.finding import Filters
from services.reading.period import period

MOST = 5_000
"""So many of the newest are listed; counts, sums and exports are of all that is filtered."""


def columns() -> tuple[Column, ...]:
    """The columns of the list."""
    return (
        Column("kind", _("Tipo"), 8),
        Column("number", _("Número"), 9, align="right"),
        Column("issuer", _("Emitente"), 18, wide=True),
        Column("company", _("Empresa"), 14, wide=True),
        Column("total", _("Total"), 12, align="right"),
        Column("issued_at", _("Emissão"), 16, min_terminal_width=110),
        Column("imported_at", _("Importado"), 16, min_terminal_width=130),
    )


def fields() -> tuple[FilterField, ...]:
    """What the list is filtered by."""
    return (
        FilterField("company", _("Empresa:"), _("apelido ou CNPJ")),
        FilterField("kind", _("Tipo:"), _("NFe, CTe…")),
        FilterField("period", _("Emissão:"), _("11/2026, 7d, 01/11/2026 a 15/11/2026")),
        FilterField("text", _("Procurar:"), _("chave, CNPJ, número ou nome")),
    )


class DocumentSource:
    """The documents of all companies that the person may see, the newest first."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.filters: Mapping[str, str] = {}

    @property
    def wanted(self) -> Filters:
        """What the bar says; raises ``Invalid`` for a period that is none."""
        typed = self.filters
        return Filters(
            company=typed.get("company", ""),
            kind=typed.get("kind", ""),
            period=period(typed.get("period", "")),
            text=typed.get("text", ""),
        )

    async def ids(self, filter: str, sort: str | None, descending: bool) -> Sequence[int]:  # noqa: A002
        filters = self.wanted if filter else Filters()
        return await self._desk.ask(documents.ids, filters=filters, most=MOST)

    async def rows(self, ids: Sequence[int]) -> Mapping[int, Sequence[Cell]]:
        found = await self._desk.ask(documents.rows, ids)
        return {
            i: (
                kind_words(v.kind, v.event_id),
                "" if v.number is None else str(v.number),
                _issuer(v),
                v.company_nickname,
                amount(v.total),
                when(v.issued_at),
                when(v.imported_at),
            )
            for i, v in found.items()
        }


def _issuer(view: DocumentView) -> Cell:
    """The name; before that of a cancelled document, that it is one."""
    if not view.cancelled:
        return view.issuer_name
    return _("CANCELADO · {name}").format(name=view.issuer_name), Tone.BAD
