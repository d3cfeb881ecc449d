"""The console: starts with a skeleton, opens the office behind the first paint, then the jobs."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, ClassVar

from textual.app import App, SystemCommand
from textual.binding import Binding
from textual.command import CommandPalette
from textual.events import Event, InputEvent, MouseMove
from textual.screen import Screen
from textual.theme import ThemeProvider

from screens.background import run_beside, run_newest
from screens.commands import Command, Commanded, declared, palette
from screens.desk import Desk
from screens.frame import FramedScreen
from screens.home import HomeScreen
from screens.widgets.foreign import notify_safe
from screens.widgets.panel import Panel, partners_own
from screens.widgets.topbar import TopBar
from services.courtesy import person
from services.errors import CarteiroError
from services.language import _
from services.settings import Settings
from tui_app import collector, tty
from tui_app.app_verbs import VERBS
from tui_app.key_order import KeyOrder
from tui_app.keys import key_words, keymap
from tui_app.liveness import Liveness, framed_of
from tui_app.makers import MAKERS
from tui_app.named import Named
from tui_app.palette import Palette
from tui_app.seating import go_on, seat
from tui_app.terminal import Terminal, end_on_signals
from tui_app.theme import ANSI, DARK, THEMES
from tui_app.tongue import change
from tui_app.works import Works

if TYPE_CHECKING:
    from screens.dialogs.progress import Progress
    from services.jobs.runner import Jobs
    from services.office import Office
    from services.registry.companies import CompanyView

log = logging.getLogger(__name__)

# What begins beside the loop has imported what it needs by then.
_LOADED_SECONDS = 2.0


class CarteiroApp(Commanded, App[int]):
    """The shell round the screens."""

    CSS_PATH = "app.tcss"
    TITLE = "Carteiro"
    DRAIN_SECONDS: ClassVar[float] = 10.0
    VERBS: ClassVar[tuple[Command, ...]] = VERBS
    COMMANDS = App.COMMANDS | {Named}

    def __init__(
        self, settings: Settings, user: str | None = None, *, with_jobs: bool = True
    ) -> None:
        # Without colours nothing is greyed either: styles of 16-colour terminals, less the colours.
        colours = "NO_COLOR" not in os.environ
        super().__init__(driver_class=Terminal, ansi_color=None if colours else True)
        self.desk = Desk(settings, user)
        self._with_jobs = with_jobs
        self._jobs: Jobs | None = None
        self._liveness = Liveness(self, self.desk)
        self._key_order = KeyOrder(self)
        self.works = Works(self._tell)
        for theme in THEMES:
            self.register_theme(theme)
        told = settings.theme or ""
        self.theme = told if told in self.available_themes else DARK.name
        self.set_keymap(keymap(settings.keys, declared))

    async def on_event(self, event: Event) -> None:
        """Whatever the person does comes before the jobs' work, and in the order of typing."""
        if isinstance(event, InputEvent) and not isinstance(event, MouseMove):
            person.came()
        if self._key_order.holds(event):
            return
        came_back = event.is_forwarded
        await super().on_event(event)
        self._key_order.given(event, over=came_back or not event.is_forwarded)

    def get_key_display(self, binding: Binding) -> str:
        """Keys in words of the program's language."""
        return key_words(binding)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """A company user has no way to the partner's screens (R53)."""
        if action == "go" and self.desk.ready.is_set() and not self.desk.actor.is_partner:
            return not partners_own().intersection(parameters)
        return super().check_action(action, parameters)

    def get_default_screen(self) -> Screen[None]:
        """The skeleton that is painted first."""
        return HomeScreen(self.desk)

    def on_ready(self) -> None:
        """The first frame is out: now everything heavy."""
        if not self.is_headless:
            end_on_signals(self._leave_at_once, self._driver)
            self.set_timer(_LOADED_SECONDS, collector.settle)
        run_beside(self, "open", self._open)

    async def _open(self) -> None:
        try:
            office = await asyncio.to_thread(self.open_office)
            self.desk.open(office)
            if not await seat(self, self.desk, office):
                await self._leave()
                return
        except CarteiroError as e:
            self.exit(1, message=e.message)
            return
        except Exception:
            log.exception("start failed")
            self.exit(1, message=_("O Carteiro não pôde começar; os detalhes estão no log"))
            return
        for screen in self.screen_stack:
            if isinstance(screen, FramedScreen):
                screen.seat()
        self._show_place()
        go_on(self)
        office.on_change(self._liveness.note)
        self._liveness.note()
        run_beside(self, "live", self._liveness.run)
        if self._with_jobs:
            from services.jobs.runner import Jobs

            self._jobs = Jobs(office)
            self._jobs.start()
            if not self.is_headless:
                self.set_timer(_LOADED_SECONDS, collector.settle)
        self.set_interval(1.0, self._show_activity)

    def open_office(self) -> Office:
        """Open the services; blocks, and is called in a thread."""
        from services.office import open_office

        return open_office(self.desk.settings)

    @property
    def screen_key(self) -> str:
        """The key of the screen in front, or of the one under a dialog."""
        framed = framed_of(self.screen_stack)
        return framed.key if framed is not None else ""

    def _show_activity(self) -> None:
        parts = [self.works.words]
        if self._jobs is not None:
            parts.append(self._jobs.activity.words)
        parts.append(self._liveness.reading)
        for bar in self.screen.query(TopBar):
            bar.activity = " · ".join(part for part in parts if part)

    def on_progress_started(self, message: Progress.Started) -> None:
        """A bulk work began; one that goes on in the background tells its end by itself."""
        run_beside(self, "works", self.works.watch, message.bulk)

    def _tell(self, words: str, severity: str) -> None:
        notify_safe(self, words, severity)
        self.refresh_bindings()

    def action_behind(self) -> None:
        """Show the newest work in the background, or what it has to tell."""
        from screens.dialogs.progress import Progress

        self.push_screen(Progress(self.works.fetch(), running=True))

    def _show_place(self) -> None:
        for bar in self.screen.query(TopBar):
            bar.partner = self.desk.actor.partner_name
            bar.company = self.desk.company.nickname if self.desk.company else ""
            bar.unread, bar.down = self._liveness.unread, self._liveness.down

    def on_panel_chosen(self, message: Panel.Chosen) -> None:
        """A click in the panel."""
        run_beside(self, "work", self.action_go, message.key)

    def on_top_bar_bell_clicked(self) -> None:
        """A click on the bell."""
        run_beside(self, "work", self.action_go, "bell")

    def on_top_bar_down_clicked(self) -> None:
        """A click on the number of mailboxes that are down."""
        run_beside(self, "work", self.action_go, "health")

    async def action_go(self, key: str) -> None:
        """Go to a screen; asks for the company first where one is needed."""
        if not self.desk.ready.is_set() or not isinstance(self.screen, FramedScreen):
            return
        if self.screen_key == key:
            return
        screen = MAKERS[key](self.desk)
        if screen.needs_company and self.desk.company is None:
            run_newest(self, "choose", self._choose_then, key)
            return
        await self._bring(screen)

    async def _bring(self, screen: FramedScreen) -> None:
        with self.batch_update():
            if len(self.screen_stack) > 1:
                await self.switch_screen(screen)
            else:
                await self.push_screen(screen)
        self._show_place()

    async def show_anew(self, key: str) -> None:
        """A screen with nothing filtered, whichever is in front."""
        if isinstance(self.screen, FramedScreen):
            await self._bring(MAKERS[key](self.desk))

    async def show_company(self, company: CompanyView) -> None:
        """The mailboxes of a company, which is the chosen one now."""
        self.desk.company = company
        await self.show_anew("mailboxes")

    async def _choose_then(self, key: str) -> None:
        if await self._choose():
            await self.action_go(key)

    async def _choose(self) -> bool:
        from screens.dialogs.choose_company import ChooseCompany

        chosen: CompanyView | None = await self.push_screen_wait(ChooseCompany(self.desk))
        if chosen is None:
            return False
        self.desk.company = chosen
        self._show_place()
        return True

    def action_choose_company(self) -> None:
        """Choose the company that the company screens speak of."""
        if self.desk.ready.is_set() and isinstance(self.screen, FramedScreen):
            run_newest(self, "choose", self._choose_again)

    async def _choose_again(self) -> None:
        if await self._choose() and isinstance(self.screen, FramedScreen):
            await self.screen.company_changed()

    def action_partner(self) -> None:
        """The partner's InvoiCy Mail (R14)."""
        if self.desk.ready.is_set() and isinstance(self.screen, FramedScreen):
            from screens.dialogs.partner_form import show_partner

            run_newest(self, "partner", show_partner, self, self.desk)

    def action_recipients(self) -> None:
        """*Quem recebe?* of the chosen company (R30)."""
        if self.desk.ready.is_set() and isinstance(self.screen, FramedScreen):
            from screens.dialogs.who_receives import WhoReceives

            self.push_screen(WhoReceives(self.desk, self.desk.company))

    def action_arrived(self) -> None:
        """*Chegou?*: what became of a message that was read (R43)."""
        if self.desk.ready.is_set() and isinstance(self.screen, FramedScreen):
            from screens.dialogs.arrived import Arrived

            self.push_screen(Arrived(self.desk))

    def action_keys_help(self) -> None:
        """All keys of the screen in front, and its help."""
        from screens.dialogs.help import HelpDialog

        if isinstance(self.screen, FramedScreen):
            self.push_screen(HelpDialog(self.screen.title_words(), self.screen.help_words()))

    def action_manual(self) -> None:
        """The manual, at the chapter of this screen."""
        from screens.dialogs.manual import CHAPTER_OF, ManualDialog

        self.push_screen(ManualDialog(at=CHAPTER_OF.get(self.screen_key)))

    @property
    def can_change_language(self) -> bool:
        """Not under a dialog: what is typed there would be lost."""
        return self.desk.ready.is_set() and all(
            isinstance(each, (FramedScreen, CommandPalette)) for each in self.screen_stack
        )

    def action_language(self) -> None:
        """The other language, in the screen in front and wherever one goes from there."""
        if self.can_change_language and isinstance(self.screen, FramedScreen):
            run_newest(self, "language", change, self, self.desk)

    def show_again(self) -> None:
        """What stands around every screen, in the language in force."""
        self._show_place()
        self._show_activity()
        self._liveness.note()

    def action_guidance(self) -> None:
        """What the providers ask before a mailbox works (R51)."""
        from screens.dialogs.guidance import GuidanceDialog

        if not isinstance(self.screen, GuidanceDialog):
            self.push_screen(GuidanceDialog())

    def action_help_quit(self) -> None:
        """Ctrl+C says how to leave: it is too near to copying to leave by itself."""
        notify_safe(self, _("F10 ou Ctrl+Q sai do Carteiro"), "information")

    async def action_leave(self) -> None:
        """Leave; what was typed and not saved is not lost without a question."""
        from screens.dialogs.confirm import Confirm
        from tui_app.leaving import losses

        if isinstance(self.screen, Confirm) and self.screen.leaving:
            return
        happens = losses(self.screen_stack, self.works)
        if happens:
            run_newest(self, "leave", self._ask_and_leave, happens)
        else:
            await self._leave()

    async def _ask_and_leave(self, happens: Sequence[str]) -> None:
        from screens.dialogs.confirm import Confirm

        text = "\n".join(happens)
        question = Confirm(_("Sair do Carteiro?"), text, danger=True, leaving=True)
        if await self.push_screen_wait(question):
            await self._leave()

    def _leave_at_once(self, status: int) -> None:
        """Nobody is there to be asked: what is typed and not saved is dropped."""
        run_beside(self, "end", self._leave, status)

    async def _leave(self, status: int = 0) -> None:
        """Bulk works end their chunk, the jobs drain, claims go back."""
        await self.works.stop()
        if self._jobs is not None:
            notify_safe(self, _("Encerrando: terminando o que está em andamento…"), "information")
            await self._jobs.drain(self.DRAIN_SECONDS)
        if self.desk.is_open:
            await self.desk.office.close()
        self.exit(status)

    def action_command_palette(self) -> None:
        """Everything that can be done now, by name."""
        if not isinstance(self.screen, CommandPalette):
            self.push_screen(
                Palette(
                    placeholder=_("Buscar um comando, uma empresa, caixa ou documento…"),
                    id="--command-palette",
                )
            )

    def search_themes(self) -> None:
        """The themes, by name."""
        self.push_screen(Palette(providers=[ThemeProvider], placeholder=_("Buscar um tema…")))

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """The palette: what can be done now; nothing of Textual's that writes files."""
        from screens.dialogs.manual import palette_entries

        yield from palette(screen)
        if isinstance(screen, FramedScreen):
            yield from palette_entries(self)


def run(settings: Settings, user: str | None = None, *, mouse: bool = True) -> int:
    """Run the console until the person leaves; the exit status."""
    return conduct(CarteiroApp(settings, user), mouse=mouse)


def conduct(app: CarteiroApp, *, mouse: bool = True) -> int:
    """Run ``app`` until the person leaves; the exit status. Without ``mouse`` the terminal keeps it."""
    # What stays in threads must not keep a key press waiting.
    sys.setswitchinterval(0.001)
    few = app.desk.settings.theme is None and app.console.color_system in (None, "standard")
    if few or app.no_color:
        app.theme = ANSI.name
    status = app.run(mouse=mouse and app.desk.settings.mouse and tty.takes_mouse())
    return status if status is not None else app.return_code or 0
