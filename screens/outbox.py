"""Fila de envio: every e-mail on its way, live; why it waits, and what can be done (R33, R34)."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import ClassVar, Self

from textual.screen import Screen
from textual.widget import Widget

from screens.background import run_newest
from screens.browse import BrowseScreen
from screens.bulk import Left
from screens.commands import Command
from screens.desk import Desk
from screens.dialogs.confirm import Confirm
from screens.dialogs.details import Details, Facts
from screens.dialogs.progress import run_in_chunks
from screens.dialogs.sending_ways import SendingWays
from screens.outbox_source import TURNS, OutboxSource, columns
from screens.outbox_words import facts, told
from screens.progress_words import progress_words
from screens.widgets.asking import Source
from screens.widgets.columns import Column
from screens.widgets.filter_bar import FilterBar, FilteredListing, FilterField
from screens.widgets.foreign import Foreign, notify_safe
from screens.widgets.numbers import grouped
from services.errors import CarteiroError
from services.language import _, later, ngettext
from services.outbox import progress, queue, views
from services.store.mail import OutboxState

CHUNK = 50
BEAT = 2.0
"""Seconds between two looks at how the queue moves, while nothing is committed."""
LEAST = 1.0
"""Seconds between two looks at least, however much is committed."""


class OutboxScreen(BrowseScreen):
    """Newest first; what is under the cursor is told in full below the list."""

    key = "outbox"
    DEFAULT_CSS = """
    OutboxScreen #progress { height: 1; color: $foreground 75%; }
    OutboxScreen #told {
        height: auto; max-height: 6; padding: 0 1; border-top: solid $primary 40%;
    }
    OutboxScreen #told.empty { display: none; }
    """
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command(
            "outbox.retry",
            "t",
            later("Tentar de novo"),
            "retry",
            later("Envia já o que está sob o cursor, ou o que está marcado"),
            order=1,
        ),
        Command(
            "outbox.cancel",
            "x",
            later("Cancelar"),
            "cancel",
            later("Retira da fila o que ainda não saiu: o marcado, ou o que está sob o cursor"),
            order=2,
        ),
        Command(
            "outbox.ways",
            "p",
            later("Pausar caixa"),
            "ways",
            later("As caixas de envio da empresa: pausar, retomar"),
            order=3,
        ),
        Command("outbox.state", "s", later("Situação"), "state", order=4),
        Command(
            "outbox.retry_all",
            "T",
            later("Tentar todos os que falharam"),
            "retry_all",
            order=5,
            when=lambda s: s.failed > 0,
        ),
    )

    def __init__(self, desk: Desk) -> None:
        self._source = OutboxSource(desk, self._tell)
        super().__init__(desk)
        self._told = Foreign(block=True, id="told", classes="empty")
        self._progress = Foreign(id="progress")
        self.failed = 0
        self._looked = 0.0

    @classmethod
    def title_words(cls) -> str:
        return _("Fila de envio")

    def help_words(self) -> str:
        return _(
            "Nada do que foi aceito se perde: recusas temporárias são repetidas com pausas "
            "crescentes por cinco dias; recusas definitivas ficam aqui como falha, com a resposta "
            "do servidor. Abaixo da lista está por que o e-mail espera: a hora da próxima "
            "tentativa, a vez, uma caixa em uso, o fim de uma pausa ou a renovação do limite do "
            "provedor. Enter mostra destinatários, a última recusa explicada e a conversa com o "
            "servidor. '/' filtra por texto, situação, empresa e caixa; 's' mostra só o que "
            "espera, falhou ou saiu. Espaço marca: 't' e 'x' valem então para todos os marcados. "
            "'p' pausa e retoma caixas de envio: os e-mails delas saem por outra caixa da "
            "empresa, ou esperam."
        )

    def source(self) -> Source:
        return self._source

    def columns(self) -> Sequence[Column]:
        return columns()

    def empty_words(self) -> str:
        return _("Nenhum e-mail na fila.")

    def body(self) -> Iterable[Widget]:
        self._listing = FilteredListing(
            self.list,
            FilterBar(
                (
                    FilterField("text", _("Texto:"), _("assunto")),
                    FilterField("state", _("Situação:"), _("adiado…")),
                    FilterField("company", _("Empresa:"), _("apelido")),
                    FilterField("mailbox", _("Caixa:"), _("endereço")),
                )
            ),
            title=self.title_words(),
        )
        yield self._progress
        yield self._listing
        yield self._told

    def on_mount(self) -> None:
        """Look at the clock too: rate and time left change while nothing happens."""
        self.set_interval(BEAT, self._look)
        self._look()

    async def refresh_live(self) -> None:
        await super().refresh_live()
        if time.monotonic() - self._looked >= LEAST:
            self._look()

    def _look(self) -> None:
        self._looked = time.monotonic()
        run_newest(self, "progress", self._ask_progress)

    async def _ask_progress(self) -> None:
        """Every two seconds: what stands in the way is said in its line, not in as many messages."""
        try:
            self._show(await self.desk.ask(progress.progress))
        except CarteiroError as e:
            self._progress.show(f"▲ {e.message}")

    def _show(self, found: progress.Progress) -> None:
        self._progress.show(progress_words(found))
        if found.failed != self.failed:
            self.failed = found.failed
            self.refresh_bindings()

    # What is under the cursor.

    def on_window_list_highlighted(self) -> None:
        """Another e-mail: tell of that."""
        self._tell()

    def on_window_list_counted(self) -> None:
        """The list was read again: what is told may be another."""
        self._tell()

    def _tell(self) -> None:
        view = self._source.views.get(self.list.current or 0)
        self._told.set_class(view is None, "empty")
        if view is not None:
            self._told.show(told(view))

    def detail(self, chosen: int) -> Screen[None]:
        async def load() -> Facts:
            return facts(await self.desk.ask(views.show, chosen))

        return Details(_("E-mail {id}").format(id=chosen), load)

    # What can be done.

    def action_state(self) -> None:
        """Show everything, what waits, what failed, or what was sent."""
        self._show_turn((TURNS.index(self._source.states) + 1) % len(TURNS))

    async def narrow_as(self, before: Self) -> None:
        self._show_turn(TURNS.index(before._source.states))

    def _show_turn(self, at: int) -> None:
        self._source.states = TURNS[at]
        self.narrowed(("", _("só o que espera"), _("só o que falhou"), _("só o que saiu"))[at])
        nothing = (_("Nada espera envio."), _("Nada falhou."), _("Nada saiu ainda."))
        self.list.empty = nothing[at - 1] if at else self.empty_words()
        self.list.refresh_ids()

    def action_ways(self) -> None:
        """Pause or resume the sending mailboxes of the company under the cursor."""
        view = self._source.views.get(self.list.current or 0)
        if view is not None:
            self.app.push_screen(SendingWays(self.desk, view.company_id, view.company_nickname))

    def action_retry(self) -> None:
        """Send again what is under the cursor or marked."""
        self.attempt(lambda: self._retry(self.list.targets), group="deed")

    def action_retry_all(self) -> None:
        """Send again everything that failed, after a question that says how much that is."""
        self.attempt(self._retry_all, group="deed")

    async def _retry_all(self) -> None:
        failed = await self.desk.ask(views.ids, state=OutboxState.FAILED)
        n = len(failed)
        if not n:
            notify_safe(self.app, _("Nenhum e-mail falhou"))
            return
        words = ngettext("Tentar de novo {n} e-mail?", "Tentar de novo {n} e-mails?", n)
        happens = [_("Voltam à fila, por mais cinco dias, só para quem não recebeu.")]
        if await self.app.push_screen_wait(Confirm(words.format(n=grouped(n)), happens=happens)):
            await self._retry(failed)

    async def _retry(self, ids: Sequence[int]) -> None:
        await self._for_each(
            _("Tentar de novo"),
            ids,
            lambda some: self.desk.do(queue.retry, some),
            lambda n: ngettext("{n} e-mail volta à fila", "{n} e-mails voltam à fila", n),
        )

    def action_cancel(self) -> None:
        """Take from the queue what has not left, after a question."""
        self.attempt(self._cancel, group="deed")

    async def _cancel(self) -> None:
        ids = self.list.targets
        if not ids:
            return
        n = len(ids)
        title = ngettext("Cancelar {n} e-mail?", "Cancelar {n} e-mails?", n).format(n=grouped(n))
        happens = [
            _("Não sai mais para quem ainda não recebeu."),
            _("Continua na lista, e pode ser tentado de novo."),
        ]
        if await self.app.push_screen_wait(Confirm(title, happens=happens, danger=True)):
            await self._for_each(
                _("Cancelar e-mails"),
                ids,
                lambda some: self.desk.do(queue.cancel, some),
                lambda n: ngettext("{n} e-mail cancelado", "{n} e-mails cancelados", n),
            )

    async def _for_each(
        self,
        title: str,
        ids: Sequence[int],
        change: Callable[[Sequence[int]], Awaitable[int]],
        done: Callable[[int], str],
    ) -> None:
        """Change all of ``ids``; one that is refused stops no other."""

        async def work(chunk: Sequence[int]) -> Sequence[Left]:
            try:
                await change(chunk)
            except CarteiroError as e:
                if len(chunk) == 1:
                    return [Left(_("E-mail {id}").format(id=chunk[0]), e.message)]
                return [left for each in chunk for left in await work([each])]
            return ()

        if len(ids) == 1:
            for refused in await work(ids):
                self.refuse(refused.why)
        elif ids:
            outcome = await run_in_chunks(self.app, title, ids, CHUNK, work)
            if outcome.done and not outcome.behind:
                notify_safe(self.app, done(outcome.done).format(n=grouped(outcome.done)))
        self.list.action_unmark()
        self.list.refresh_ids()
