"""Companies × types of one address: what it receives, ticked by keyboard (R25), with R30's warning."""

from __future__ import annotations

import asyncio
import logging
from array import array
from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from screens.background import run_newest
from screens.bulk import Left
from screens.commands import Command
from screens.desk import Desk
from screens.dialogs.confirm import Confirm
from screens.dialogs.filtered import Marking
from screens.dialogs.help import HelpDialog
from screens.dialogs.progress import run_in_chunks
from screens.type_words import short
from screens.widgets.columns import Cell, Column
from screens.widgets.foreign import Foreign, notify_safe
from screens.widgets.keyline import KeyLine
from screens.widgets.line_input import LineInput
from screens.widgets.list import WindowList
from screens.widgets.matrix import MatrixList, Tickable
from screens.widgets.numbers import grouped
from screens.widgets.ticks import Ticks
from services.errors import CarteiroError
from services.language import _, later, ngettext
from services.notifications import subscriptions, types
from services.notifications.addresses import AddressView
from services.notifications.subscriptions import Exposure
from services.registry import companies

CHUNK = 200
FEW = 3
log = logging.getLogger(__name__)


class _Linked:
    """The companies that are linked to the address, once those are known."""

    def __init__(self, desk: Desk, ticks: Ticks, on_read: Callable[[], None]) -> None:
        self._desk = desk
        self._on_read = on_read
        self._ticks = ticks
        self.known = asyncio.Event()
        self.names: dict[int, str] = {}

    async def ids(self, filter: str, sort: str | None, descending: bool) -> Sequence[int]:  # noqa: A002
        await self.known.wait()
        found = await self._desk.ask(companies.ids, filter=filter, sort=sort, descending=descending)
        return array("q", (each for each in found if each in self._ticks.base))

    async def rows(self, ids: Sequence[int]) -> Mapping[int, Sequence[Cell]]:
        found = await self._desk.ask(companies.rows, ids)
        self.names.update({i: view.nickname for i, view in found.items()})
        self._on_read()
        return {i: (view.nickname,) for i, view in found.items()}


class TypeMatrix(Marking, ModalScreen[bool]):
    """True when something was saved. Columns are types in a word; the one in hand is told in full."""

    DEFAULT_CSS = """
    TypeMatrix .dialog { height: 96%; }
    TypeMatrix .line { height: 1; }
    TypeMatrix LineInput { width: 1fr; max-width: 48; }
    TypeMatrix #found { width: 1fr; text-align: right; color: $foreground 65%; }
    TypeMatrix #found.failed { color: $text-error; }
    TypeMatrix #cell { width: 1fr; height: 1; text-style: bold; }
    TypeMatrix #changed { height: 1; color: $text-warning; }
    """
    AUTO_FOCUS: ClassVar[str | None] = "MatrixList"
    list: MatrixList
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command("type_matrix.save", "f2,ctrl+s", later("Salvar"), "save", order=1),
        Command(
            "type_matrix.down",
            "down",
            later("Ir à lista"),
            "to_list",
            order=5,
            when=lambda d: not d.list.has_focus,
            palette=False,
        ),
        Command(
            "type_matrix.filter",
            "slash",
            later("Filtrar"),
            "filter",
            when=lambda d: d.list.has_focus,
            order=6,
        ),
        Command("type_matrix.leave", "escape", later("Voltar"), "leave", order=5),
        Command("type_matrix.help", "f1", later("Ajuda"), "help", order=9, palette=False),
    )

    def __init__(self, desk: Desk, view: AddressView) -> None:
        super().__init__()
        self.desk = desk
        self.view = view
        self.ticks = Ticks()
        self._source = _Linked(desk, self.ticks, self._tell)
        self._titles: dict[str, str] = {}
        self.list = MatrixList(
            self._source,
            Column("nickname", _("Empresa"), 20, sortable=True, wide=True),
            self.ticks,
            empty=_("Nenhuma empresa vinculada. Volte e tecle v para vincular a primeira."),
        )

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog wide"):
            yield Foreign(self._title, classes="dialog-title")
            with Horizontal(classes="line"):
                yield LineInput(placeholder=_("apelido, CNPJ ou razão social"))
                yield Static(id="found", markup=False)
            yield self.list
            yield Foreign(id="cell")
            yield Foreign(id="changed")
        yield KeyLine()

    @property
    def _title(self) -> str:
        return _("Tipos que {email} recebe").format(email=self.view.email)

    def on_mount(self) -> None:
        """Learn the types, and what is received now."""
        run_newest(self, "learn", self._learn)

    async def _learn(self) -> bool:
        """Read what is saved; the own ticks stay. False when it could not be read."""
        try:
            known = await self.desk.ask(types.list_types)
            saved = await self.desk.ask(subscriptions.matrix, self.view.id)
        except CarteiroError as e:
            self.query_one("#changed", Foreign).show(e.message)
            return False
        except Exception:
            log.exception("what an address receives could not be read")
            self.query_one("#changed", Foreign).show(
                _("Ocorreu uma falha interna; os detalhes estão no log")
            )
            return False
        self._titles = {each.key: each.title for each in known}
        self.list.set_kinds([Tickable(each.key, short(each)) for each in known])
        self.ticks.rebase(saved.types)
        self._source.known.set()
        self.list.refresh()
        self._tell()
        return True

    async def refresh_live(self) -> None:
        """Others saved: rows and ticks follow; the own ones and the cursor stay."""
        if await self._learn():
            self.list.refresh_ids()

    @property
    def unsaved(self) -> bool:
        """True when leaving would lose ticks."""
        return bool(self.ticks.changes)

    def _tell(self) -> None:
        row, key = self.list.current, self.list.key
        words = ""
        if row is not None and key is not None:
            state = {
                "on": _("recebe"),
                "off": _("não recebe"),
                "added": _("passa a receber"),
                "dropped": _("deixa de receber"),
            }[self.ticks.state(row, key)]
            name = self._source.names.get(row, "")
            words = f"{self._titles[key]} · {name}: {state}"
        self.query_one("#cell", Foreign).show(words)
        self.query_one("#changed", Foreign).show(self._counts())

    def _counts(self) -> str:
        added, dropped = self.ticks.counts()
        parts = []
        if added:
            parts.append(_("{n} a incluir").format(n=grouped(added)))
        if dropped:
            parts.append(_("{n} a retirar").format(n=grouped(dropped)))
        return " · ".join(parts)

    def on_matrix_list_moved(self) -> None:
        """Another column, or other ticks."""
        self._tell()

    def on_window_list_highlighted(self) -> None:
        """Another company."""
        self._tell()

    def on_window_list_counted(self, message: WindowList.Counted) -> None:
        """Companies were found."""
        self._tell()

    def action_help(self) -> None:
        """All keys, and what this is."""
        self.app.push_screen(
            HelpDialog(
                self._title,
                _(
                    "Uma linha por empresa vinculada, uma coluna por tipo; o título inteiro do "
                    "tipo está embaixo. ✓ recebe, + passa a receber, − deixa de receber. As teclas "
                    "de coluna valem para todas as empresas que o filtro encontrou. Antes de "
                    "salvar, avisa quando pessoas de empresas diferentes passariam a ver os "
                    "endereços umas das outras."
                ),
            )
        )

    def action_save(self) -> None:
        """Save what was ticked, after the question of who would see whom."""
        if self._source.known.is_set():
            run_newest(self, "save", self._save)

    async def _save(self) -> None:
        if not await self._learn():
            return
        if not self.ticks.changes:
            self.dismiss(False)
            return
        try:
            seen = await self.desk.ask(subscriptions.exposures, self.view.id, self.ticks.added())
        except CarteiroError as e:
            notify_safe(self.app, e.message, "error")
            return
        if seen and not await self.app.push_screen_wait(exposed(seen)):
            return
        todo = sorted(self.ticks.changes)
        wanted = {row: self.ticks.wanted(row) for row in todo}

        async def work(chunk: Sequence[int]) -> Sequence[Left]:
            some = {row: wanted[row] for row in chunk}
            await self.desk.do(subscriptions.set_types, self.view.id, some)
            return ()

        outcome = await run_in_chunks(self.app, _("Salvando os tipos"), todo, CHUNK, work)
        if outcome.behind or (await self._learn() and not (outcome.stopped or outcome.error)):
            self.dismiss(True)
        else:
            self.list.refresh_ids()

    def action_leave(self) -> None:
        """Leave; ticks are not lost without a question, and a filter goes first."""
        line = self.query_one(LineInput)
        if line.has_focus or line.value:
            line.value = ""
            self.list.focus()
        elif self.unsaved:
            run_newest(self, "leave", self._leave)
        else:
            self.dismiss(False)

    async def _leave(self) -> None:
        if await self.app.push_screen_wait(
            Confirm(
                _("Sair sem salvar?"),
                self._counts(),
                [_("O que foi marcado se perde.")],
                danger=True,
                leaving=True,
            )
        ):
            self.dismiss(False)


def exposed(seen: Sequence[Exposure]) -> Confirm:
    """The question before people of different companies see each other's addresses (R30)."""
    happens = [
        _("{address}, de {whose}, apareceria nos e-mails de {company}, ao lado de {beside}").format(
            address=each.address,
            whose=_some(each.whose),
            company=each.company,
            beside=_some(each.beside),
        )
        for each in seen[:FEW]
    ]
    rest = len(seen) - FEW
    if rest > 0:
        happens.append(
            ngettext("e mais {n} caso assim", "e mais {n} casos assim", rest).format(
                n=grouped(rest)
            )
        )
    return Confirm(
        _("Mostrar endereços a pessoas de outras empresas?"),
        _("Quem recebe uma notificação vê os endereços de todos os que a recebem."),
        happens,
        yes=_("Salvar assim"),
        no=_("Voltar"),
        danger=True,
    )


def _some(names: Sequence[str]) -> str:
    words = ", ".join(names[:FEW])
    rest = len(names) - FEW
    return _("{names} e mais {n}").format(names=words, n=grouped(rest)) if rest > 0 else words
