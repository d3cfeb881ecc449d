"""The partner's companies as a file that spreadsheets open and ``company_csv`` reads back."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from sqlalchemy.orm import Session

from services.registry import company_views, csv_text
from services.registry.access import Actor
from services.registry.bulk import pieces
from services.registry.company_columns import COLUMNS, cells_of
from services.store import exchange

_WINDOW = 500


def export(session: Session, actor: Actor, ids: Iterable[int] | None = None) -> Iterator[str]:
    """The lines of the file, the names of the columns first: ``;``, CR LF, marked as UTF-8.

    ``ids`` None means every company that this user sees (R53), by CNPJ. No cell is a formula.
    To be read while ``session`` is open.
    """
    wanted = _ids(session, actor, ids)
    yield csv_text.BOM + csv_text.line([column.name for column in COLUMNS])
    for some in pieces(wanted, _WINDOW):
        found = company_views.rows(session, actor, some)
        for company_id in some:
            if company_id in found:
                yield csv_text.line(cells_of(found[company_id]))


def save(
    session: Session,
    actor: Actor,
    path: Path,
    *,
    force: bool = False,
    ids: Iterable[int] | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> int:
    """Write the file by :func:`exchange.write` and give the number of companies in it.

    ``progress`` hears how many so far, of how many.
    """
    wanted = _ids(session, actor, ids)

    def told() -> Iterator[bytes]:
        for count, line in enumerate(export(session, actor, wanted)):
            yield line.encode()
            if progress is not None and count % _WINDOW == 0:
                progress(count, len(wanted))

    # The names of the columns are a line too.
    return exchange.write(path, told(), force=force) - 1


def _ids(session: Session, actor: Actor, ids: Iterable[int] | None) -> Sequence[int]:
    return company_views.ids(session, actor, sort="cnpj") if ids is None else list(ids)
