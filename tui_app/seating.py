"""Who is at the keyboard: the wizard where nobody is known yet, then the person and what they lack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.app import App

from screens.desk import Desk
from screens.home import HomeScreen
from services import language
from tui_app.tongue import retell

if TYPE_CHECKING:
    from services.office import Office
    from tui_app.app import CarteiroApp


async def seat(app: CarteiroApp, desk: Desk, office: Office) -> bool:
    """Let the person be known to every screen; False when they left before anybody was."""
    from services.health.setup import setup
    from services.registry import access
    from services.registry.companies import only

    if not await office.ask(access.has_partner):
        from screens.dialogs.wizard import Wizard

        if isinstance(app.screen, HomeScreen):
            app.screen.opened()
        if not await app.push_screen_wait(Wizard(desk)):
            return False
    actor = await office.ask(
        access.identify, nickname=desk.user, owns_state=access.owns_state(desk.settings)
    )
    if language.prefer(actor.language):
        await retell(app, desk)
    desk.company = await office.ask(only, actor)
    if actor.is_partner and isinstance(app.screen, HomeScreen):
        app.screen.setup = await office.ask(setup, actor)
    desk.seat(actor)
    return True


def go_on(app: App[int]) -> None:
    """Who is in the middle of the first steps goes on there."""
    home = app.screen
    if isinstance(home, HomeScreen) and home.setup is not None and home.setup.is_first_run:
        home.opened()
        home.action_steps()
