"""Documentos: the fiscal documents that were imported (R36, R40)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual.screen import Screen

from screens.browse import BrowseScreen
from screens.commands import Command
from screens.dates import amount, when
from screens.desk import Desk
from screens.dialogs.details import Details, Facts
from screens.dialogs.send_document import SendDocument, queued_words
from screens.widgets.asking import Source
from screens.widgets.columns import Cell, Column
from screens.widgets.foreign import notify_safe
from services.fiscal.cnpj import masked
from services.fiscal.labels import words
from services.language import _
from services.reading import documents


class DocumentSource:
    """The documents of all companies that the person may see."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def ids(self, filter: str, sort: str | None, descending: bool) -> Sequence[int]:  # noqa: A002
        return await self._desk.ask(documents.ids, filter=filter)

    async def rows(self, ids: Sequence[int]) -> Mapping[int, Sequence[Cell]]:
        found = await self._desk.ask(documents.rows, ids)
        return {
            i: (
                v.kind,
                "" if v.number is None else str(v.number),
                v.issuer_name,
                v.company_nickname,
                amount(v.total),
                when(v.imported_at),
            )
            for i, v in found.items()
        }


class DocumentsScreen(BrowseScreen):
    """Newest first; Enter shows the parties and the checks."""

    key = "documents"
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command("documents.send", "m", _("Enviar por e-mail"), "send", order=1),
    )

    @classmethod
    def title_words(cls) -> str:
        return _("Documentos")

    def help_words(self) -> str:
        return _(
            "Documentos fiscais importados das caixas de leitura. As verificações rotulam e não "
            "descartam: íntegra, alterada, sem assinatura, não verificável. M envia a NF-e ou NFC-e "
            "sob o cursor por e-mail, a quem ela nomeia ou a outros endereços."
        )

    def source(self) -> Source:
        return DocumentSource(self.desk)

    def columns(self) -> Sequence[Column]:
        return (
            Column("kind", _("Tipo"), 6),
            Column("number", _("Número"), 9, align="right"),
            Column("issuer", _("Emitente"), 18, wide=True),
            Column("company", _("Empresa"), 12),
            Column("total", _("Total"), 12, align="right"),
            Column("imported_at", _("Importado"), 16, min_terminal_width=120),
        )

    def empty_words(self) -> str:
        return _("Nenhum documento ainda. Cadastre uma caixa de leitura: eles chegam sozinhos.")

    def action_send(self) -> None:
        """Send the one under the cursor again, to whom it names or to others (R31)."""
        chosen = self.list.current
        if chosen is not None:
            self.attempt(lambda: self._send(chosen))

    async def _send(self, chosen: int) -> None:
        view = await self.desk.ask(documents.view, chosen)
        queued = await self.app.push_screen_wait(SendDocument(self.desk, view))
        if queued is not None:
            notify_safe(self.app, queued_words(queued))

    def detail(self, chosen: int) -> Screen[None]:
        return Details(_("Documento {id}").format(id=chosen), lambda: self._facts(chosen))

    async def _facts(self, chosen: int) -> Facts:
        view = await self.desk.ask(documents.view, chosen)
        lines = [
            (_("Tipo"), view.kind),
            (_("Chave de acesso"), view.access_key),
            (_("Empresa"), view.company_nickname),
            (
                _("Emitente"),
                f"{view.issuer_name} {masked(view.issuer_cnpj) if view.issuer_cnpj else ''}",
            ),
            (
                _("Destinatário"),
                f"{view.recipient_name} {masked(view.recipient_cnpj) if view.recipient_cnpj else ''}",
            ),
            (_("Número / série"), f"{view.number} / {view.series}"),
            (_("Emissão"), when(view.issued_at)),
            (_("Total"), amount(view.total)),
            (_("Importado"), when(view.imported_at)),
            (_("Dígito da chave"), words(view.checks["access_key"], "access_key")),
            (_("Esquema"), words(view.checks["schema"], "schema")),
            (_("Assinatura"), words(view.checks["signature"], "signature")),
            (_("Certificado"), words(view.checks["certificate"], "certificate")),
        ]
        return Facts(lines, (await self.desk.ask(documents.xml, chosen)).decode("utf-8", "replace"))
