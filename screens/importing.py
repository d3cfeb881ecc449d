"""Companies from a spreadsheet: first what would happen, then doing it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from textual.app import App

from screens.bulk import Left, Outcome
from screens.desk import Desk
from screens.dialogs.csv_choose import CsvChoose
from screens.dialogs.csv_plan import CsvPlan
from screens.dialogs.progress import run_in_chunks
from services.language import _
from services.registry import company_csv
from services.registry.company_columns import COLUMNS
from services.registry.company_csv import Line

CHUNK = 500


async def import_companies(app: App[Any], desk: Desk) -> Outcome | None:
    """Ask for the table, show what would happen, do it; None when it was left. From a worker."""
    data = await app.push_screen_wait(CsvChoose(desk.settings, [c.name for c in COLUMNS]))
    if data is None:
        return None
    lines = await app.push_screen_wait(CsvPlan(desk, data))
    if not lines:
        return None

    async def apply(some: Sequence[Line]) -> Sequence[Left]:
        done = await desk.do(company_csv.apply, some)
        return [
            Left(
                _("Linha {n}").format(n=line.number),
                "; ".join(why for _field, why in line.errors),
            )
            for line in done.errors
        ]

    return await run_in_chunks(app, _("Importando empresas"), lines, CHUNK, apply)
