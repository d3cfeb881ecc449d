"""Painel de Controle: the first screen, with what is still to be done and what is going on."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from textwrap import wrap
from time import monotonic
from typing import TYPE_CHECKING, ClassVar

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Static

from screens.background import run_newest
from screens.commands import Command
from screens.desk import Desk
from screens.frame import FramedScreen
from services.clock import now
from services.language import _, later, ngettext

if TYPE_CHECKING:
    from services.health.setup import Setup
    from services.outbox.progress import Progress

WEEK = timedelta(days=6)
PAUSE = 1.0
_KEY = 4


class HomeScreen(FramedScreen):
    """What the program can do, by digit; painted before anything else is loaded."""

    key = "home"
    fold_below = 0
    DEFAULT_CSS = """
    HomeScreen #overview { height: auto; padding: 1 1; }
    """
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command("home.steps", "f3", later("Primeiros passos"), "steps",
                later("O que falta até o primeiro e-mail, passo a passo"), order=1,
                when=lambda s: s.setup is not None and s.setup.next_step is not None),
    )  # fmt: skip

    def __init__(self, desk: Desk) -> None:
        super().__init__(desk)
        words = "" if desk.ready.is_set() else desk.opening or _("Abrindo o banco de dados…")
        self._overview = Static(words, id="overview", markup=False)
        self._counted_at = float("-inf")
        self._coming: Timer | None = None
        self.setup: Setup | None = None

    @classmethod
    def title_words(cls) -> str:
        return _("Painel de Controle")

    def help_words(self) -> str:
        return _(
            "Escolha uma tela pelo número. 'c' escolhe a empresa, 'b' abre as notificações, "
            "Ctrl+P procura qualquer ação, empresa, caixa ou documento."
        )

    def body(self) -> Iterable[Widget]:
        yield Home(self._overview)

    def on_mount(self) -> None:
        """Who comes back finds it filled; at the start the services fill it."""
        if self.desk.ready.is_set():
            self._refresh_later()

    def opened(self) -> None:
        """The database is open: that is waited for no more, also under a dialog."""
        self._overview.update("")
        if self.desk.ready.is_set():
            self._refresh_later()

    async def refresh_live(self) -> None:
        """Once a second at most: it counts everything that the person sees."""
        wait = self._counted_at + PAUSE - monotonic()
        if wait <= 0:
            self._counted_at = monotonic()
            await self._count()
        elif self._coming is None:
            self._coming = self.set_timer(wait, self._refresh_later)

    def on_screen_resume(self) -> None:
        """What was committed while another screen was in front."""
        if self.desk.ready.is_set() and self.app.is_running:
            self._refresh_later()

    def _refresh_later(self) -> None:
        self._coming = None
        run_newest(self, "count", self.refresh_live)

    async def _count(self) -> None:
        from services.health.overview import down_count, unwell_count
        from services.health.setup import setup
        from services.notifications.bell import unread_count
        from services.outbox.progress import progress
        from services.reading import quarantine
        from services.reading.documents import arrivals

        today = now().astimezone().replace(hour=0, minute=0, second=0, microsecond=0)
        unread = await self.desk.ask(unread_count)
        queue = await self.desk.ask(progress)
        arrived = await self.desk.ask(arrivals, today, today - WEEK)
        held = sum((await self.desk.ask(quarantine.counts)).values())
        down = await self.desk.ask(down_count)
        unwell = await self.desk.ask(unwell_count)
        if self.desk.actor.is_partner:
            self.setup = await self.desk.ask(setup)
        room = max(self._overview.size.width - 2, 30)
        lines = [
            *_part(_("Falta fazer"), _to_do(self.setup) if self.setup else (), room),
            *_part(_("Agora"), _now(unread, queue, arrived, held, (down, unwell)), room),
        ]
        self._overview.update(Content("\n").join(lines))
        self.refresh_bindings()

    def action_steps(self) -> None:
        """The first steps, at the first that is not done."""
        from screens.dialogs.first_steps import FirstSteps

        if self.setup is not None:
            self.app.push_screen(FirstSteps(self.desk, self, self.setup))


class Home(VerticalScroll, can_focus=True):
    """The body of the first screen."""

    def __init__(self, overview: Static) -> None:
        super().__init__()
        self._overview = overview

    def compose(self) -> ComposeResult:
        yield self._overview


def _part(title: str, lines: Iterable[tuple[str, str, str]], room: int) -> Iterator[Content]:
    """A heading and its lines, each with the key that leads there; nothing without lines."""
    told = list(lines)
    if not told:
        return
    yield Content.styled(title, "bold $text-primary")
    for key, words, style in told:
        first, *more = wrap(words, room - _KEY) or [""]
        yield Content.assemble((f"{key:<{_KEY}}", "bold $text-accent"), (first, style))
        for line in more:
            yield Content.assemble(" " * _KEY, (line, style))
    yield Content("")


def _to_do(found: Setup) -> Iterator[tuple[str, str, str]]:
    from screens.widgets.numbers import grouped

    step = found.next_step
    if step is not None:
        first = {
            "company": _("Cadastrar ou importar a primeira empresa"),
            "mailbox": _("Cadastrar a primeira caixa de envio"),
            "test": _("Testar a caixa de envio"),
            "send": _("Enviar o primeiro e-mail, a você mesmo"),
        }
        yield "F3", first[step], "$text-warning"
    if found.untested and step not in ("company", "mailbox", "test"):
        words = ngettext("{n} conta nunca testada", "{n} contas nunca testadas", found.untested)
        yield "2", words.format(n=grouped(found.untested)), "$text-warning"
    if found.untold and step != "company":
        words = ngettext(
            "{n} empresa sem endereço para notificações",
            "{n} empresas sem endereço para notificações",
            found.untold,
        )
        yield "3", words.format(n=grouped(found.untold)), "$text-warning"
    if found.stranded:
        words = ngettext(
            "{n} empresa com InvoiCy Mail, e nenhum relay em uso",
            "{n} empresas com InvoiCy Mail, e nenhum relay em uso",
            found.stranded,
        )
        yield "p", words.format(n=grouped(found.stranded)), "$text-warning"


def _now(
    unread: int,
    queue: Progress,
    arrived: tuple[int, int],
    held: int,
    mailboxes: tuple[int, int],
) -> Iterator[tuple[str, str, str]]:
    from screens.progress_words import progress_words
    from screens.widgets.numbers import grouped

    words = ngettext("{n} notificação não lida", "{n} notificações não lidas", unread)
    told = words.format(n=grouped(unread)) if unread else _("Nenhuma notificação não lida")
    yield "b", told, "$text-accent" if unread else ""
    yield "6", progress_words(queue), "$text-error" if queue.failed else ""
    words = ngettext("{n} documento hoje", "{n} documentos hoje", arrived[0])
    week = _("{n} em 7 dias").format(n=grouped(arrived[1]))
    told = words.format(n=grouped(arrived[0])) if arrived[0] else _("Nenhum documento hoje")
    yield "7", f"{told} · {week}", ""
    words = ngettext("{n} em quarentena", "{n} em quarentena", held)
    told = words.format(n=grouped(held)) if held else _("Nada em quarentena")
    yield "8", told, "$text-warning" if held else ""
    yield "9", *_mailboxes(*mailboxes)


def _mailboxes(down: int, unwell: int) -> tuple[str, str]:
    from screens.widgets.numbers import grouped

    words = ngettext("{n} caixa parada", "{n} caixas paradas", down)
    told = words.format(n=grouped(down)) if down else _("Nenhuma caixa parada")
    if unwell > down:
        told += " · " + _("{n} em Saúde").format(n=grouped(unwell))
    if down:
        return told, "$text-error"
    return told, "$text-warning" if unwell else "$text-success"
