"""Mailboxes that were not read, for another process has them (R36)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from services.language import ngettext
from tui_app.cli.context import Context

if TYPE_CHECKING:
    from services.reading.due import Held


def say(context: Context, held: Sequence[Held]) -> None:
    """How many and until when, so that nobody thinks that there was nothing to read."""
    if not held:
        return
    context.out.note(
        ngettext(
            "{n} caixa não foi lida: outro processo a lê ou foi encerrado enquanto a lia; "
            "fica reservada até {until}",
            "{n} caixas não foram lidas: outro processo as lê ou foi encerrado enquanto as lia; "
            "ficam reservadas até {until}",
            len(held),
        ).format(
            n=len(held),
            until=max(each.until for each in held).astimezone().strftime("%H:%M:%S"),
        )
    )
