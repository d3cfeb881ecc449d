"""The language of the console: another one at once, kept for the person who chose it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from textual.widgets import Input

from screens.desk import Desk
from screens.frame import FramedScreen
from screens.widgets.foreign import notify_safe
from screens.widgets.list import WindowList
from services import language
from services.errors import CarteiroError
from tui_app.makers import MAKERS

if TYPE_CHECKING:
    from tui_app.app import CarteiroApp


async def change(app: CarteiroApp, desk: Desk) -> None:
    """Speak the other language, and keep it as the person's own."""
    from services.registry import people

    at = language.LANGUAGES.index(language.chosen())
    language.speak(language.LANGUAGES[(at + 1) % len(language.LANGUAGES)])
    await retell(app, desk)
    try:
        await desk.do(people.speak, language.chosen())
    except CarteiroError as e:
        notify_safe(app, e.message, "error")


async def retell(app: CarteiroApp, desk: Desk) -> None:
    """The screen in front in the language in force, standing where it stood.

    Screens are made when somebody goes there: no other has old words.
    """
    before = app.screen
    if not isinstance(before, FramedScreen):
        return
    typed, listed = [*before.query(Input)], [*before.query(WindowList)]
    awake = next((at for at, each in enumerate(listed) if each.has_focus), None)
    screen = MAKERS[before.key](desk)
    app.clear_notifications()
    with app.batch_update():
        if len(app.screen_stack) > 1:
            await app.switch_screen(screen)
        else:
            await app.push_screen(screen)
    if desk.ready.is_set():
        app.show_again()
    for line, was in zip(screen.query(Input), typed, strict=False):
        line.value = was.value
    await screen.narrow_as(before)
    for at, (rows, was) in enumerate(zip(screen.query(WindowList), listed, strict=False)):
        if at == awake:
            rows.focus()
        await rows.stand_as(was)
