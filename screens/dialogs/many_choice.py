"""Choosing many of thousands: search, mark one by one or all that were found, save."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Static

from screens.background import run_newest
from screens.bulk import Left
from screens.commands import Command
from screens.dialogs.confirm import Confirm
from screens.dialogs.filtered import Marking
from screens.dialogs.progress import run_in_chunks
from screens.widgets.asking import Source
from screens.widgets.choice_list import ChoiceList, Picks, Show
from screens.widgets.columns import Column
from screens.widgets.foreign import Foreign
from screens.widgets.keyline import KeyLine
from screens.widgets.line_input import LineInput
from screens.widgets.list import WindowList
from services.errors import CarteiroError
from services.language import _, later

CHUNK = 500
log = logging.getLogger(__name__)

Current = Callable[[], Awaitable[frozenset[int]]]
"""The ids that are chosen now; asked again whenever something was committed."""

Apply = Callable[[Sequence[int], Sequence[int]], Awaitable[Sequence[Left]]]
"""Saves a chunk: adds the first ids, drops the second; gives those that were refused."""


@dataclass(frozen=True, slots=True)
class ChoiceWords:
    """What the dialog says. ``counts`` gets how many are chosen, to be added and to go.

    ``show`` names what each :class:`Show` shows; ``work`` is the title of the progress.
    """

    title: str
    filter: str
    empty: str
    work: str
    counts: Callable[[int, int, int], str]
    show: Mapping[Show, str]


class ManyChoice(Marking, ModalScreen[frozenset[int] | None]):
    """Gives the chosen ids, saved by ``apply`` where there is one; None when nothing was saved.

    Without ``apply`` saving is the host's. Usable with any number of rows: ``source`` is read
    window by window, marking all that were found waits for the search that was typed last.
    """

    DEFAULT_CSS = """
    ManyChoice .dialog { height: 96%; }
    ManyChoice .line { height: 1; }
    ManyChoice LineInput { width: 1fr; max-width: 48; }
    ManyChoice #found { width: 1fr; text-align: right; color: $foreground 65%; }
    ManyChoice #found.failed { color: $text-error; }
    ManyChoice #chosen { width: 1fr; text-style: bold; }
    ManyChoice #show { width: auto; color: $text-warning; }
    """
    AUTO_FOCUS: ClassVar[str | None] = "Input"
    list: ChoiceList
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command("many.save", "f2,ctrl+s", later("Salvar"), "save", order=1),
        Command(
            "many.show",
            "f4",
            later("Só vinculadas…"),
            "show",
            later("Mostra todas, só as já vinculadas, só as outras ou só o que muda"),
            order=6,
        ),
        Command(
            "many.down",
            "down",
            later("Ir à lista"),
            "to_list",
            order=5,
            when=lambda d: not d.list.has_focus,
            palette=False,
        ),
        Command(
            "many.filter",
            "slash",
            later("Filtrar"),
            "filter",
            when=lambda d: d.list.has_focus,
            order=7,
        ),
        Command("many.leave", "escape", later("Voltar"), "leave", order=9),
    )

    def __init__(
        self,
        words: ChoiceWords,
        source: Source,
        columns: Sequence[Column],
        current: Current,
        apply: Apply | None = None,
    ) -> None:
        super().__init__()
        self.picks = Picks()
        self.list = ChoiceList(source, columns, self.picks, empty=words.empty)
        self._words = words
        self._current = current
        self._apply = apply
        self._known = False

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog wide"):
            yield Foreign(self._words.title, classes="dialog-title")
            with Horizontal(classes="line"):
                yield LineInput(placeholder=self._words.filter)
                yield Static(id="found", markup=False)
            yield self.list
            with Horizontal(classes="line"):
                yield Foreign(id="chosen")
                yield Foreign(id="show")
        yield KeyLine()

    def on_mount(self) -> None:
        """Learn what is chosen now."""
        run_newest(self, "learn", self._learn)

    async def _learn(self) -> None:
        try:
            self.picks.rebase(await self._current())
        except CarteiroError as e:
            self.query_one("#chosen", Foreign).show(e.message)
        except Exception:
            log.exception("what is chosen could not be read")
            self.query_one("#chosen", Foreign).show(
                _("Ocorreu uma falha interna; os detalhes estão no log")
            )
        else:
            self._known = True
            self.list.refresh()
            self._count()

    async def refresh_live(self) -> None:
        """Others saved: what is chosen and the rows follow; marks and cursor stay."""
        await self._learn()
        self.list.refresh_ids()

    @property
    def unsaved(self) -> bool:
        """True when leaving would lose marks."""
        return self.picks.changed

    def _count(self) -> None:
        picks = self.picks
        chosen = self._words.counts(len(picks.base), len(picks.added), len(picks.dropped))
        self.query_one("#chosen", Foreign).show(chosen)

    def on_window_list_counted(self, message: WindowList.Counted) -> None:
        """Marks may have been set."""
        if self._known:
            self._count()

    def on_window_list_chosen(self) -> None:
        """Enter on a row does what Space does."""
        self.list.action_mark()

    def action_show(self) -> None:
        """All rows, those chosen, those not, those to be changed: round and round."""
        order = list(Show)
        show = order[(order.index(self.list.show) + 1) % len(order)]
        self.list.set_show(show)
        self.query_one("#show", Foreign).show("" if show is Show.ALL else self._words.show[show])

    def action_save(self) -> None:
        """Save what was marked."""
        if self._known:
            run_newest(self, "save", self._save)

    async def _save(self) -> None:
        if self._apply is None or not self.picks.changed:
            self.dismiss(self.picks.chosen)
            return
        apply = self._apply

        async def work(chunk: Sequence[tuple[int, bool]]) -> Sequence[Left]:
            return await apply(
                [each for each, add in chunk if add], [each for each, add in chunk if not add]
            )

        # Freeing comes first: what one company gives back another may need.
        todo = [(each, False) for each in sorted(self.picks.dropped)]
        todo += [(each, True) for each in sorted(self.picks.added)]
        outcome = await run_in_chunks(self.app, self._words.work, todo, CHUNK, work)
        if outcome.behind:
            self.dismiss(self.picks.chosen)
            return
        await self._learn()
        if not (outcome.stopped or outcome.error):
            self.dismiss(self.picks.base)
            return
        # What was gone through is not tried again; the rest stays marked.
        for each, add in todo[: outcome.gone]:
            (self.picks.added if add else self.picks.dropped).discard(each)
        self.list.refresh_ids()
        self._count()

    def action_leave(self) -> None:
        """Leave; marks are not lost without a question, and a filter goes first."""
        line = self.query_one(LineInput)
        if line.has_focus and line.value:
            line.value = ""
        elif self.unsaved:
            run_newest(self, "leave", self._leave)
        else:
            self.dismiss(None)

    async def _leave(self) -> None:
        picks = self.picks
        counts = self._words.counts(len(picks.base), len(picks.added), len(picks.dropped))
        if await self.app.push_screen_wait(
            Confirm(
                _("Sair sem salvar?"),
                counts,
                [_("O que foi marcado se perde.")],
                danger=True,
                leaving=True,
            )
        ):
            self.dismiss(None)
