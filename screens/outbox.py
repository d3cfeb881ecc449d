"""Fila de envio: every e-mail on its way, live (R33)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual.screen import Screen

from screens.browse import BrowseScreen
from screens.commands import Command
from screens.dates import when
from screens.desk import Desk
from screens.dialogs.details import Details, Facts
from screens.widgets.asking import Source
from screens.widgets.columns import Cell, Column
from screens.widgets.status import cell, word
from services.language import _
from services.outbox import queue, views


class OutboxSource:
    """The outbox of all companies that the person may see."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def ids(self, filter: str, sort: str | None, descending: bool) -> Sequence[int]:  # noqa: A002
        return await self._desk.ask(views.ids, filter=filter)

    async def rows(self, ids: Sequence[int]) -> Mapping[int, Sequence[Cell]]:
        found = await self._desk.ask(views.rows, ids)
        return {
            i: (
                cell(v.state),
                v.company_nickname,
                v.subject,
                when(v.next_attempt_at) if v.state in ("queued", "deferred") else when(v.sent_at),
                str(v.attempts),
            )
            for i, v in found.items()
        }


class OutboxScreen(BrowseScreen):
    """Newest first; Enter shows recipients and the last refusal."""

    key = "outbox"
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command("outbox.retry", "t", _("Tentar de novo"), "retry", order=1),
        Command(
            "outbox.retry_all", "T", _("Tentar todos os que falharam"), "retry_all", palette=False
        ),
        Command("outbox.cancel", "x", _("Cancelar"), "cancel", order=3),
    )

    @classmethod
    def title_words(cls) -> str:
        return _("Fila de envio")

    def help_words(self) -> str:
        return _(
            "Nada aceito se perde: recusas temporárias são repetidas com pausas crescentes por cinco "
            "dias; recusas definitivas ficam aqui como falha, com a resposta do servidor."
        )

    def source(self) -> Source:
        return OutboxSource(self.desk)

    def columns(self) -> Sequence[Column]:
        return (
            Column("state", _("Situação"), 12),
            Column("company", _("Empresa"), 14),
            Column("subject", _("Assunto"), 24, wide=True),
            Column("at", _("Enviado/próxima"), 17),
            Column("attempts", _("Tent."), 5, min_terminal_width=110),
        )

    def empty_words(self) -> str:
        return _("Nenhum e-mail na fila.")

    def detail(self, chosen: int) -> Screen[None]:
        return Details(_("E-mail {id}").format(id=chosen), lambda: self._facts(chosen))

    async def _facts(self, chosen: int) -> Facts:
        detail = await self.desk.ask(views.show, chosen)
        view = detail.view
        lines = [
            (_("Empresa"), view.company_nickname),
            (_("Assunto"), view.subject),
            (_("Situação"), word(view.state)),
            (_("Caixa"), view.mailbox or ""),
            (_("Tentativas"), str(view.attempts)),
            ("Message-ID", view.message_id),
            (_("Criado"), when(view.created_at)),
            (_("Próxima tentativa"), when(view.next_attempt_at)),
            (_("Enviado"), when(view.sent_at)),
            (_("Erro"), view.error or ""),
        ]
        told = [
            f"{word(r.state):<12} {r.address}  {r.why or ''} {r.reply or ''}".rstrip()
            for r in view.recipients
        ]
        last = next((a.detail for a in reversed(detail.attempts) if a.detail), "")
        return Facts(lines, "\n".join([*told, "", detail.body, "", last or ""]).rstrip())

    def action_retry(self) -> None:
        """Send again what is under the cursor or marked."""
        chosen = self.list.targets
        if chosen:
            self.attempt(lambda: self.desk.do(queue.retry, chosen), lambda _n: self.refresh_live())

    def action_retry_all(self) -> None:
        """Send again everything that failed."""
        self.attempt(lambda: self.desk.do(queue.retry_all_failed), lambda _n: self.refresh_live())

    def action_cancel(self) -> None:
        """Take from the queue what has not left."""
        chosen = self.list.targets
        if chosen:
            self.attempt(lambda: self.desk.do(queue.cancel, chosen), lambda _n: self.refresh_live())
