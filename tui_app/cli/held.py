"""What was left undone, for another process has it: mailboxes to read, e-mails to send (R33, R36)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from services.language import ngettext
from tui_app.cli.context import Context

if TYPE_CHECKING:
    from services.outbox.claims import Claimed
    from services.reading.due import Held


def say(context: Context, held: Sequence[Held], claimed: Claimed | None = None) -> None:
    """How many and until when, so that nobody thinks that there was nothing to do."""
    if claimed is not None:
        words = ngettext(
            "{n} e-mail não foi enviado: outro processo o envia ou foi encerrado enquanto o enviava; "
            "fica reservado até {until}",
            "{n} e-mails não foram enviados: outro processo os envia ou foi encerrado enquanto os "
            "enviava; ficam reservados até {until}",
            claimed.count,
        )
        context.out.note(words.format(n=claimed.count, until=_hour(claimed.until)))
    if held:
        words = ngettext(
            "{n} caixa não foi lida: outro processo a lê ou foi encerrado enquanto a lia; "
            "fica reservada até {until}",
            "{n} caixas não foram lidas: outro processo as lê ou foi encerrado enquanto as lia; "
            "ficam reservadas até {until}",
            len(held),
        )
        until = max(each.until for each in held)
        context.out.note(words.format(n=len(held), until=_hour(until)))


def _hour(at: datetime) -> str:
    return at.astimezone().strftime("%H:%M:%S")
