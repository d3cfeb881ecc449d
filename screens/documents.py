"""Documentos: the fiscal documents that were imported (R36, R40, R43)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import partial
from typing import ClassVar

from textual.screen import Screen
from textual.widget import Widget

from screens.background import run_beside
from screens.browse import BrowseScreen
from screens.commands import Command
from screens.dates import amount
from screens.desk import Desk
from screens.dialogs.details import Details
from screens.dialogs.send_document import SendDocument, queued_words
from screens.document_facts import document_facts
from screens.document_source import MOST, DocumentSource, columns, fields
from screens.exporting import export
from screens.widgets.asking import Source
from screens.widgets.columns import Column
from screens.widgets.filter_bar import FilterBar, FilteredListing
from screens.widgets.foreign import Foreign, notify_safe
from screens.widgets.list import WindowList
from screens.widgets.numbers import grouped
from services.errors import CarteiroError
from services.language import _, later, ngettext
from services.reading import documents, rechecking
from services.reading.documents import Totals


class DocumentsScreen(BrowseScreen):
    """Newest first; Enter shows the parties, the items, the checks and the XML."""

    key = "documents"
    DEFAULT_CSS = """
    DocumentsScreen #totals { height: 1; text-align: right; color: $foreground 75%; }
    """
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command("documents.send", "m", later("Enviar por e-mail"), "send", order=1),
        Command(
            "documents.zip",
            "E",
            later("Exportar zip"),
            "export(True)",
            later("Os marcados, ou todos os filtrados, em um zip na pasta de troca"),
            order=2,
        ),
        Command(
            "documents.folder",
            "D",
            later("Exportar em pasta"),
            "export(False)",
            later("Os marcados, ou todos os filtrados, em uma pasta na pasta de troca"),
        ),
        Command(
            "documents.check",
            "V",
            later("Conferir de novo"),
            "check",
            later("Os marcados, ou o que está sob o cursor: chave, esquema, assinatura, cadeia…"),
        ),
    )

    def __init__(self, desk: Desk) -> None:
        self._source = DocumentSource(desk)
        super().__init__(desk)
        self._adding = False
        self._again = False

    @classmethod
    def title_words(cls) -> str:
        return _("Documentos")

    def help_words(self) -> str:
        return _(
            "Documentos fiscais importados das caixas de leitura. As verificações informam e não "
            "descartam: íntegra, alterada, sem assinatura, não verificável. '/' filtra por "
            "empresa, tipo, emissão (11/2026, 7d, 01/11/2026 a 15/11/2026) e por chave, CNPJ, "
            "número ou nome; abaixo da lista, quantos são e quanto somam. Enter mostra partes, "
            "itens, verificações, a mensagem e o XML. Espaço marca; 'E' exporta os marcados, ou "
            "todos os filtrados, em um zip, e 'D', em uma pasta. 'A' responde se um documento "
            "chegou. 'm' envia a NF-e ou NFC-e sob o cursor por e-mail, aos endereços que ela "
            "traz ou a outros. 'V' confere de novo: por exemplo, depois de configurar em quem "
            "confiar (trusted_issuers_file)."
        )

    def source(self) -> Source:
        return self._source

    def columns(self) -> Sequence[Column]:
        return columns()

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

    def action_check(self) -> None:
        """Have the marked ones, or the one under the cursor, checked again (R40)."""
        chosen = sorted(self.list.marks)
        if not chosen and self.list.current is not None:
            chosen = [self.list.current]
        if chosen:
            self.attempt(lambda: self._check(chosen), group="check")

    async def _check(self, chosen: Sequence[int]) -> None:
        asked = 0
        for start in range(0, len(chosen), rechecking.AT_ONCE):
            some = chosen[start : start + rechecking.AT_ONCE]
            asked += await self.desk.do(rechecking.check_again, some)
        words = ngettext(
            "{n} documento será conferido de novo", "{n} documentos serão conferidos de novo", asked
        )
        notify_safe(self.app, words.format(n=grouped(asked)))

    def body(self) -> Iterable[Widget]:
        self._listing = FilteredListing(self.list, FilterBar(fields()), title=self.title_words())
        yield self._listing
        yield Foreign(id="totals")

    def detail(self, chosen: int) -> Screen[None]:
        title = _("Documento {id}").format(id=chosen)
        return Details(title, partial(document_facts, self.desk, chosen))

    def on_window_list_counted(self, event: WindowList.Counted) -> None:
        """The rows were read again: so is what they add up to; what is left out is said."""
        capped = event.list.row_count >= MOST
        self.narrowed(_("os {n} mais novos").format(n=grouped(MOST)) if capped else "")
        self._add_up()

    def _add_up(self) -> None:
        """Count and sum of all that is filtered: one question at a time, the last one counts."""
        self._again = self._adding
        if not self._adding and self.desk.ready.is_set():
            self._adding = True
            run_beside(self, "totals", self._added_up)

    async def _added_up(self) -> None:
        try:
            while True:
                self._again = False
                totals = await self.desk.ask(documents.totals, filters=self._source.wanted)
                self.query_one("#totals", Foreign).show(_sum_words(totals))
                if not self._again:
                    return
        except CarteiroError:
            # The list says what is wrong with the filter.
            self.query_one("#totals", Foreign).show("")
        finally:
            self._adding = False

    def action_export(self, whole: bool) -> None:
        """The marked documents, or all that is filtered, to the exchange folder."""
        self.attempt(lambda: self._export(whole), group="export")

    async def _export(self, whole: bool) -> None:
        chosen: Sequence[int] = sorted(self.list.marks)
        if not chosen:
            chosen = await self.desk.ask(documents.ids, filters=self._source.wanted)
        await export(self, self.desk, chosen, whole=whole)


def _sum_words(totals: Totals) -> str:
    count = ngettext("{n} documento", "{n} documentos", totals.count).format(
        n=grouped(totals.count)
    )
    words = _("{count} · soma R$ {amount}").format(count=count, amount=amount(totals.amount))
    if not totals.cancelled:
        return words
    return _("{sum}, inclui R$ {amount} de cancelados").format(
        sum=words, amount=amount(totals.cancelled_amount)
    )
