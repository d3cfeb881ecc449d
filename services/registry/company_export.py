"""The partner's companies as a file that spreadsheets open and ``company_csv`` reads back."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path

from sqlalchemy.orm import Session

from services.errors import Conflict, Refused
from services.language import _
from services.registry import company_views, csv_text
from services.registry.access import Actor
from services.registry.bulk import pieces
from services.registry.company_columns import COLUMNS, cells_of

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
    """Write the file and give the number of companies in it; ``progress`` hears how many so far, of how
    many.

    The file appears whole or not at all, for its owner only. One that is there already is
    replaced only with ``force``: :class:`Conflict` otherwise; :class:`Refused` for a place that
    cannot be written to.
    """
    if not force and path.exists():
        raise _exists(path)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    wanted = _ids(session, actor, ids)
    count = -1
    try:
        with os.fdopen(os.open(beside, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "wb") as file:
            for count, line in enumerate(export(session, actor, wanted)):
                file.write(line.encode())
                if progress is not None and count % _WINDOW == 0:
                    progress(count, len(wanted))
            file.flush()
            os.fsync(file.fileno())
        if not force:
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))
        beside.replace(path)
    except FileExistsError as e:
        raise _exists(path) from e
    except OSError as e:
        raise Refused(
            _("Não foi possível gravar {path}: {error}").format(path=path, error=e.strerror),
            field="file",
        ) from e
    finally:
        with suppress(OSError):
            beside.unlink()
    return count


def _ids(session: Session, actor: Actor, ids: Iterable[int] | None) -> Sequence[int]:
    return company_views.ids(session, actor, sort="cnpj") if ids is None else list(ids)


def _exists(path: Path) -> Conflict:
    return Conflict(
        _("O arquivo {path} já existe e não foi sobrescrito").format(path=path), field="file"
    )
