"""Where a table comes from: a file of the exchange folder, or what is pasted from a spreadsheet."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual import events
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen

from screens.background import run_newest
from screens.commands import Command, Commanded
from screens.dates import when
from screens.widgets.columns import Cell, Column
from screens.widgets.foreign import Foreign
from screens.widgets.keyline import KeyLine
from screens.widgets.list import WindowList
from screens.widgets.list_keys import taking
from screens.widgets.numbers import grouped
from services.errors import CarteiroError
from services.folding import holds
from services.language import _, later
from services.settings import Settings
from services.store import exchange
from services.store.exchange import ExchangeFile


class FileSource:
    """The files of the exchange folder, the newest first."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.files: list[ExchangeFile] = []

    async def ids(self, filter: str, sort: str | None, descending: bool) -> Sequence[int]:  # noqa: A002
        self.files = await asyncio.to_thread(exchange.files, self._settings)
        return [n for n, file in enumerate(self.files) if holds(file.name, filter)]

    async def rows(self, ids: Sequence[int]) -> Mapping[int, Sequence[Cell]]:
        return {i: _cells(self.files[i]) for i in ids if i < len(self.files)}


def _cells(file: ExchangeFile) -> Sequence[Cell]:
    return file.name, f"{grouped(-(-file.size // 1024))} KB", when(file.changed_at)


class CsvChoose(Commanded, ModalScreen[bytes | None]):
    """Gives the bytes of the table, or None."""

    DEFAULT_CSS = """
    CsvChoose .dialog { height: 80%; }
    CsvChoose WindowList { height: 1fr; }
    CsvChoose .hint { padding: 0 0 1 0; }
    CsvChoose #refusal { display: none; }
    CsvChoose #refusal.-shown { display: block; }
    """
    AUTO_FOCUS: ClassVar[str | None] = "WindowList"
    VERBS: ClassVar[tuple[Command, ...]] = (
        taking("csv_choose", when=lambda dialog: bool(dialog.list.row_count)),
        Command("csv_choose.reload", "r", later("Atualizar"), "reload", order=2),
        Command("csv_choose.leave", "escape,q", later("Voltar"), "dismiss(None)", order=3),
    )

    def __init__(self, settings: Settings, columns: Sequence[str]) -> None:
        """``columns`` are the names of the columns that the table may have."""
        super().__init__()
        self._settings = settings
        self._columns = columns
        self._source = FileSource(settings)
        self.list = WindowList(
            self._source,
            (
                Column("name", _("Arquivo"), 24, wide=True),
                Column("size", _("Tamanho"), 10, "right"),
                Column("at", _("Alterado"), 17),
            ),
            empty=_("Nenhum arquivo na pasta. Cole aqui as linhas copiadas da planilha."),
        )

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Foreign(_("Importar empresas de uma planilha"), classes="dialog-title")
            yield Foreign(
                _(
                    "Copie as linhas na planilha, com o cabeçalho, e cole aqui "
                    "(Ctrl+Shift+V); ou escolha um arquivo CSV que está em {folder}."
                ).format(folder=exchange.folder(self._settings)),
                classes="hint",
            )
            yield Foreign(
                _("Colunas: {names}").format(names=", ".join(self._columns)), classes="hint"
            )
            yield Foreign(id="refusal", classes="error")
            yield self.list
        yield KeyLine()

    def action_reload(self) -> None:
        """Look into the folder again."""
        self.list.refresh_ids()

    def on_window_list_counted(self) -> None:
        """There may be a file now, or none."""
        self.refresh_bindings()

    def action_take(self) -> None:
        """Take the file under the cursor."""
        self.list.action_choose()

    def on_paste(self, event: events.Paste) -> None:
        """What was copied from a spreadsheet; it is never drawn as it came."""
        event.stop()
        if event.text.strip():
            self.dismiss(event.text.encode("utf-8", "surrogateescape"))

    def on_window_list_chosen(self, message: WindowList.Chosen) -> None:
        """Enter takes the file."""
        file = self._source.files[message.id]
        run_newest(self, "file", self._take, file.name)

    async def _take(self, name: str) -> None:
        try:
            self.dismiss(await asyncio.to_thread(exchange.read, self._settings, name))
        except CarteiroError as e:
            refusal = self.query_one("#refusal", Foreign)
            refusal.show(f"▲ {e.message}")
            refusal.add_class("-shown")
            self.list.refresh_ids()
