"""Quarentena: what could not be imported and why; read again, linked or rejected (R39, R41)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from functools import partial
from typing import ClassVar, Self, TypeVar

from textual.screen import Screen
from textual.widget import Widget

from screens.background import run_newest
from screens.browse import BrowseScreen
from screens.bulk import Left
from screens.commands import Command
from screens.desk import Desk
from screens.dialogs.choose_company import ChooseCompany
from screens.dialogs.choose_owner import ChooseOwner
from screens.dialogs.confirm import Confirm
from screens.dialogs.details import Details
from screens.dialogs.progress import run_in_chunks
from screens.quarantine_facts import item_facts
from screens.quarantine_source import STATES, QuarantineSource, columns, short
from screens.widgets.asking import Source
from screens.widgets.columns import Column
from screens.widgets.foreign import Foreign, notify_safe
from screens.widgets.numbers import grouped
from services.errors import CarteiroError, Refused
from services.fiscal.cnpj import masked
from services.language import _, later, ngettext
from services.reading import owning, quarantine
from services.reading.importing import FOREIGN
from services.reading.quarantine import QuarantineView
from services.reading.rereading import reread
from services.reading.taking_apart.extractor import Extractor
from services.store.mail import QuarantineState

T = TypeVar("T")


class QuarantineScreen(BrowseScreen):
    """Newest first, live; Enter looks into the message."""

    key = "quarantine"
    DEFAULT_CSS = """
    QuarantineScreen #counts { height: auto; max-height: 3; color: $foreground 75%; }
    """
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command(
            "quarantine.retry",
            "t",
            later("Ler de novo"),
            "retry",
            later("Abre a mensagem de novo e importa o que agora puder ser lido"),
            order=1,
        ),
        Command(
            "quarantine.link",
            "v",
            later("Vincular e importar"),
            "link",
            later("Vincula à caixa a empresa do documento, achada pelo CNPJ, e importa"),
            order=2,
            when=lambda s: s.desk.ready.is_set() and s.desk.actor.is_partner,
        ),
        Command("quarantine.reject", "x", later("Rejeitar"), "reject", order=3),
        Command("quarantine.state", "s", later("Situação"), "state", order=4),
    )

    def __init__(self, desk: Desk) -> None:
        self._source = QuarantineSource(desk)
        super().__init__(desk)

    @classmethod
    def title_words(cls) -> str:
        return _("Quarentena")

    def help_words(self) -> str:
        return _(
            "O que veio por e-mail e não pôde ser importado, com o motivo; nada se perde, e uma "
            "mensagem ruim não segura as outras. Enter mostra cabeçalhos, partes e texto. 'v' "
            "vincula à caixa a empresa que está no documento e importa o que dela esperava; 't' "
            "lê de novo, depois de uma correção; 'x' rejeita. Espaço marca: as três valem para "
            "todos os marcados. 's' mostra os já decididos."
        )

    def source(self) -> Source:
        return self._source

    def columns(self) -> Sequence[Column]:
        return columns()

    def empty_words(self) -> str:
        return _("Nada em quarentena: tudo o que chegou foi lido.")

    def body(self) -> Iterable[Widget]:
        yield from super().body()
        yield Foreign(id="counts")

    def detail(self, chosen: int) -> Screen[None]:
        title = _("Quarentena {id}").format(id=chosen)
        return Details(title, partial(item_facts, self.desk, chosen))

    def on_window_list_counted(self) -> None:
        """The rows were read again: so are the counts."""
        run_newest(self, "counts", self._count)

    async def _count(self) -> None:
        counts = await self.desk.ask(quarantine.counts)
        words = [f"{short(reason)}: {grouped(n)}" for reason, n in counts.items()]
        self.query_one("#counts", Foreign).show(" · ".join(words))

    def action_state(self) -> None:
        """Show what waits, what was resolved, what was rejected, or all."""
        self._show(STATES[(STATES.index(self._source.state) + 1) % len(STATES)])

    async def narrow_as(self, before: Self) -> None:
        self._show(before._source.state)

    def _show(self, state: QuarantineState | None) -> None:
        self._source.state = state
        words = {
            QuarantineState.OPEN: "",
            QuarantineState.RESOLVED: _("resolvidos"),
            QuarantineState.REJECTED: _("rejeitados"),
            None: _("todos"),
        }
        self.narrowed(words[state])
        self.list.refresh_ids()

    async def _targets(self) -> list[QuarantineView]:
        """The marked ones that wait for a decision, or the one under the cursor."""
        found = await self.desk.ask(quarantine.rows, self.list.targets)
        views = [view for view in found.values() if view.state == QuarantineState.OPEN]
        if found and not views:
            self.refuse(_("Já decidido: s mostra os que esperam"))
        return views

    def action_retry(self) -> None:
        """Read again."""
        self.attempt(self._retry, group="decide")

    async def _retry(self) -> None:
        views = await self._targets()
        # What is open of a message is decided together.
        await self._reread(list({view.inbound_id: view.id for view in views}.values()))

    async def _reread(self, ids: Sequence[int]) -> None:
        if not ids:
            return
        extractor = Extractor()
        documents = held = 0

        async def again(item: int) -> None:
            nonlocal documents, held
            done = await reread(self.desk, extractor, item)
            documents += sum(done.documents.values())
            held += done.quarantined

        try:
            outcome = await self._each(_("Lendo de novo"), ids, again, str)
        finally:
            await extractor.close()
        if outcome:
            words = ngettext("{n} documento importado", "{n} documentos importados", documents)
            told = words.format(n=grouped(documents))
            if held:
                told += _("; {n} ainda em quarentena").format(n=grouped(held))
            notify_safe(self.app, told, "warning" if held else "information")

    def action_link(self) -> None:
        """Link the company that the document is of, and import (R39)."""
        self.attempt(self._link, group="decide")

    async def _link(self) -> None:
        views = [view for view in await self._targets() if view.reason == FOREIGN]
        if not views:
            self.refuse(_("v vale para documentos de outra empresa; os outros: t lê de novo"))
            return
        if len(views) == 1:
            chosen = await self._owner(views[0])
            if chosen is not None:
                freed = await self.desk.do(owning.link, views[0].id, chosen)
                await self._reread(freed)
            return
        freed_all: list[int] = []

        async def tie(view: QuarantineView) -> None:
            if not view.owners:
                raise _nobody(view)
            freed_all.extend(await self.desk.do(owning.link, view.id, view.owners[0].company_id))

        await self._each(_("Vinculando empresas"), views, tie, lambda view: view.subject)
        found = await self.desk.ask(quarantine.rows, freed_all)
        await self._reread(list({view.inbound_id: view.id for view in found.values()}.values()))

    async def _owner(self, view: QuarantineView) -> int | None:
        """The one company found by CNPJ; the person chooses among several, or of all."""
        if len(view.owners) == 1:
            return view.owners[0].company_id
        if view.owners:
            return await self.app.push_screen_wait(ChooseOwner(view))
        if view.parties:
            notify_safe(self.app, _nobody(view).message, "warning")
        company = await self.app.push_screen_wait(ChooseCompany(self.desk))
        return None if company is None else company.id

    def action_reject(self) -> None:
        """Decide that it is not to be imported, after a question."""
        self.attempt(self._reject, group="decide")

    async def _reject(self) -> None:
        views = await self._targets()
        if not views:
            return
        n = len(views)
        title = ngettext("Rejeitar {n} item?", "Rejeitar {n} itens?", n).format(n=grouped(n))
        text = _("Não serão importados. A mensagem e o recibo ficam guardados.")
        if await self.app.push_screen_wait(Confirm(title, text, danger=True)):
            await self._each(
                _("Rejeitando"),
                views,
                lambda view: self.desk.do(quarantine.reject, view.id),
                lambda view: view.subject,
            )

    async def _each(
        self,
        title: str,
        items: Sequence[T],
        work: Callable[[T], Awaitable[object]],
        named: Callable[[T], str],
    ) -> bool:
        """Do ``work`` for each; one that is refused stops no other. False when none was done."""

        async def chunk(some: Sequence[T]) -> Sequence[Left]:
            left = []
            for item in some:
                try:
                    await work(item)
                except CarteiroError as e:
                    left.append(Left(named(item), e.message))
            return left

        if len(items) == 1:
            left = await chunk(items)
            for refused in left:
                self.refuse(refused.why)
            done = not left
        else:
            done = (await run_in_chunks(self.app, title, items, 1, chunk)).done > 0
        self.list.action_unmark()
        self.list.refresh_ids()
        return done


def _nobody(view: QuarantineView) -> Refused:
    numbers = ", ".join(masked(cnpj) for cnpj in view.parties)
    return Refused(
        _("Nenhuma empresa cadastrada com os CNPJs do documento: {numbers}").format(numbers=numbers)
    )
