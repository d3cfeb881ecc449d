"""Chegou?: the receipt of any message that was read, by access key, UIDL or number (R43)."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Input

from screens.background import run_newest
from screens.commands import Command, Commanded
from screens.dates import when
from screens.desk import Desk
from screens.widgets.facts import laid_out
from screens.widgets.foreign import Foreign
from screens.widgets.keyline import KeyLine
from screens.widgets.line_input import LineInput
from screens.widgets.numbers import grouped
from screens.widgets.status import word
from services.errors import CarteiroError
from services.fiscal.cnpj import masked
from services.fiscal.labels import kind_words
from services.language import _, later, ngettext
from services.reading import receipts
from services.reading.importing import FOREIGN, reason_words
from services.reading.receipts import Found, ReceiptView


class Arrived(Commanded, ModalScreen[None]):
    """Enter looks for what is typed."""

    DEFAULT_CSS = """
    Arrived .dialog { height: 80%; }
    Arrived VerticalScroll { height: 1fr; margin: 1 0 0 0; }
    """
    AUTO_FOCUS: ClassVar[str | None] = "Input"
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command("arrived.leave", "escape", later("Fechar"), "dismiss(None)", order=1),
        Command("arrived.down", "down", later("Rolar"), "roll(1)", palette=False),
        Command("arrived.up", "up", later("Rolar para cima"), "roll(-1)", palette=False),
    )

    def __init__(self, desk: Desk) -> None:
        super().__init__()
        self.desk = desk

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog wide"):
            yield Foreign(_("Chegou?"), classes="dialog-title")
            yield LineInput(
                placeholder=_("chave de acesso, UIDL ou número do recibo; Enter procura")
            )
            with VerticalScroll(can_focus=False):
                yield Foreign(block=True, id="told")
        yield KeyLine()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter looks for it."""
        event.stop()
        if event.value.strip():
            run_newest(self, "look", self._look, event.value.strip())

    async def _look(self, typed: str) -> None:
        told = self.query_one("#told", Foreign)
        told.show(_("Procurando…"))
        try:
            found = await self.desk.ask(receipts.receipts, typed)
        except CarteiroError as e:
            told.show(e.message)
            return
        count = ngettext("{n} mensagem", "{n} mensagens", len(found)).format(n=grouped(len(found)))
        room = told.size.width
        told.show("\n\n".join([count, *(receipt_words(receipt, room) for receipt in found)]))
        self.query_one(VerticalScroll).scroll_home(animate=False)

    def action_roll(self, lines: int) -> None:
        """Move what was found."""
        self.query_one(VerticalScroll).scroll_relative(y=lines, animate=False)


def receipt_words(receipt: ReceiptView, width: int) -> str:
    """A receipt in lines of ``width`` cells."""
    reason = f": {reason_words(receipt.reason)}" if receipt.reason else ""
    lines = [
        (_("Recibo"), f"{receipt.id} · {word(receipt.state)}{reason}"),
        (_("Assunto"), receipt.subject),
        (_("Remetente"), receipt.sender),
        *(
            (kind_words(found.kind), f"{found.access_key} {_outcome(found)}")
            for found in receipt.found
        ),
        (_("Recebida"), when(receipt.fetched_at)),
        (_("Registrada"), when(receipt.committed_at)),
        (_("Excluída"), when(receipt.deleted_at) or _("ainda não: continua no servidor")),
        ("UIDL", receipt.uidl),
        ("SHA-256", receipt.sha256),
        (_("Tamanho"), _("{n} bytes").format(n=grouped(receipt.size))),
    ]
    return laid_out([line for line in lines if line[1]], width)


def _outcome(found: Found) -> str:
    if found.outcome == FOREIGN:
        return reason_words(FOREIGN)
    company = masked(found.company) if found.company else ""
    return f"→ {word(found.outcome)} {company}".rstrip()
