"""The console over the demonstration: it says so, shows round, and signs in for whoever has to."""

from __future__ import annotations

from typing import Any, ClassVar

from screens.background import run_newest
from screens.commands import Command
from screens.dialogs.sign_in import SignIn
from screens.frame import FramedScreen
from screens.widgets.foreign import notify_safe
from services.language import _, later
from services.office import Office
from services.registry import companies
from tui_app.app import CarteiroApp
from tui_app.demo.demo import Demo
from tui_app.demo.tour import TourCard, steps

MARK = "DEMO"
DIES_AFTER = 60.0
ACCEPTED_AFTER = 8.0
"""Seconds until the code of a sign-in is accepted by itself."""


class DemoApp(CarteiroApp):
    """The world is made behind the first paint; the tour begins as soon as it is there."""

    CSS_PATH = "../app.tcss"
    # What is cut then is thrown away anyhow.
    DRAIN_SECONDS = 2.0
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command(
            "demo.tour",
            "f12",
            later("Visita guiada"),
            "tour",
            later("Mostra o que há para ver na demonstração, e por quais teclas"),
            order=89,
        ),
    )

    def __init__(
        self,
        demo: Demo,
        user: str | None = None,
        *,
        dies_after: float = DIES_AFTER,
        accepted_after: float = ACCEPTED_AFTER,
    ) -> None:
        super().__init__(demo.settings, user)
        self.desk.mark = MARK
        self.desk.opening = _("Montando a demonstração…")
        self.demo = demo
        self._dies_after = dies_after
        self._accepted_after = accepted_after
        self._at = 0
        self._signing_in: SignIn | None = None

    def open_office(self) -> Office:
        """Make the world first."""
        self.demo.populate(dies_after=self._dies_after)
        return super().open_office()

    def on_ready(self) -> None:
        """After every console's own beginning: the tour."""
        self.set_interval(1.0, self._accept)
        run_newest(self, "tour", self._welcome)

    async def _welcome(self) -> None:
        await self.desk.ready.wait()
        await self._tour()

    def notify(self, *args: Any, **kwargs: Any) -> None:
        """No toast covers the tour: the bell has them all."""
        if not isinstance(self.screen, TourCard):
            super().notify(*args, **kwargs)

    def action_command_palette(self) -> None:
        """That of the screen under the tour: the tour itself has nothing to find."""
        if isinstance(self.screen, TourCard):
            self.screen.action_leave()
            self.call_after_refresh(super().action_command_palette)
        else:
            super().action_command_palette()

    def action_tour(self) -> None:
        """Go on with the tour where it was left."""
        run_newest(self, "tour", self._tour)

    async def _tour(self) -> None:
        told = steps()
        while isinstance(self.screen, FramedScreen):
            step = told[self._at]
            if step.screen == "mailboxes" and self.desk.company is None:
                bakery = self.demo.world.companies[1]
                self.desk.company = await self.desk.ask(companies.view, bakery)
            await self.action_go(step.screen)
            card = TourCard(step, self._at, len(told), self.desk.settings.keys)
            moved = await self.push_screen_wait(card)
            if moved is None:
                return
            self._at += moved
            if self._at >= len(told):
                self._at = 0
                return

    def _accept(self) -> None:
        """Nobody can type a code anywhere: whoever has to sign in does so after a while."""
        dialog = self.screen
        if not isinstance(dialog, SignIn):
            return
        if dialog is not self._signing_in:
            self._signing_in = dialog
            words = _(
                "Demonstração: em poucos segundos o código é aceito sozinho, sem digitar nada."
            )
            notify_safe(self, words)
        self.demo.servers.microsoft.accept(dialog.link.signs_in, after=self._accepted_after)
