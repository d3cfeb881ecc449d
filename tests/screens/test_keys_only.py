"""Every screen and dialog by keyboard alone: what takes the focus is reached, and seen to have it."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

import screens
import tui_app
from screens.commands import declared, possible
from screens.widgets.panel import places
from tests.screens.conftest import Console
from tests.screens.tour import STOPS, Stop, go, over_sample

pytestmark = pytest.mark.usefixtures("still")

LISTS = (
    "mailboxes", "servers", "notification_emails", "companies", "users", "outbox", "documents",
    "quarantine", "health", "audit", "bell",
)  # fmt: skip
SAME = {
    *LISTS, "home", "mailboxes_copy", "mailboxes_linked", "linked_form", "sign_in_refused",
    "servers_filter", "health_incident", "quarantine_item", "audit_entry", "manual_chapter",
    "field_help",
}  # fmt: skip
"""Stops with the controls of another one, or that are gone through in one run."""
BESIDES = (
    Stop("agenda", ((("9",), "caixa"), (("v",), "Agenda das contas")), also="linked"),
    Stop("activity", ((("9",), "caixa"), (("m",), "Movimento por caixa")), also="down"),
    Stop("arrivals", ((("9",), "caixa"), (("p",), "Esperados e recebidos")), also="down"),
    Stop("bell_entry", ((("b",), "inativada"), (("enter",), "Esc Fechar"))),
    Stop("bell_filter", ((("b",), "inativada"), (("f",), "Filtrar notificações"))),
    Stop(
        "choose_user",
        (
            (("3",), "fiscal@contabil"),
            (("n",), "Novo e-mail"),
            (("shift+tab", "right", "f8"), "Usuário que recebe"),
        ),
        also="told",
        chosen=False,
    ),
)
"""Dialogs that have no picture there."""
BY_KEY = {
    "PlaceLine": "app.mailboxes",
    "TopBar": "app.bell",
    "KeyLine": "app.help",
    "Form": "form.advanced",
    "Switch": "field.toggle",
    "Choice": "field.next",
    "WayLine": "register_way.take",
    "WindowList": "list.choose",
}
"""What a click does, by the class that takes it: a command that does the same."""


def test_nothing_is_done_by_mouse_alone() -> None:
    """R5: whatever takes a click has a command with a key that does the same."""
    for room in (screens, tui_app):
        for module in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)
    takes = {cls.__name__ for cls in _classes(Widget) if "on_click" in vars(cls)}
    assert takes - set(BY_KEY) == set()
    assert {BY_KEY[name] for name in takes} - set(declared) == set()


async def test_the_screens_of_the_panel(home: Path) -> None:
    """R5: each screen has a key; there Tab goes round all that takes the focus."""
    stop = next(s for s in STOPS if s.name == "mailboxes")
    app = over_sample(home, stop)
    async with app.run_test(size=(80, 24)) as pilot:
        console = Console(app, pilot)
        try:
            await go(console, stop)
            for _group, members in places():
                for place in members:
                    await console.press(place.digit)
                    await console.until(partial(_is_at, console, place.key), place.key)
                    await _check(console)
        finally:
            await app._leave()


@pytest.mark.parametrize(
    "stop", [*(s for s in STOPS if s.name not in SAME), *BESIDES], ids=lambda s: s.name
)
async def test_all_is_reached_and_seen(stop: Stop, home: Path) -> None:
    """R5: Tab goes round all that takes the focus, Shift+Tab back; what has the focus stands on the
    screen and looks different for it; and some key does something there."""
    app = over_sample(home, stop)
    async with app.run_test(size=(80, 24)) as pilot:
        console = Console(app, pilot)
        try:
            await go(console, stop)
            await _check(console)
        finally:
            await app._leave()


def _is_at(console: Console, key: str) -> bool:
    return console.app.screen_key == key and console.app.screen.focused is not None


async def _check(console: Console) -> None:
    front = console.app.screen
    wanted = {w for w in front.query("*") if w.focusable and _shown(w)}
    assert wanted == set(await _round(console, len(wanted)))
    assert [entry for entry in possible(front) if entry.keys]


async def _round(console: Console, count: int) -> list[Widget]:
    """Once round: what had the focus, each seen to have it."""
    front = console.app.screen
    awake: dict[Widget, list[Strip]] = {}
    for _time in range(count):
        await console.press("tab")
        assert console.app.screen is front, "Tab leads away"
        focused = front.focused
        assert focused is not None, "Tab leads nowhere"
        await console.until(partial(_in_view, focused), f"{focused} in view")
        awake[focused] = _picture(focused)
    for widget, picture in awake.items():
        alone = len(awake) == 1 or widget.has_focus
        assert alone or _picture(widget) != picture, f"{widget} looks the same without the focus"
    reached = list(awake)
    if len(reached) > 1:
        await console.press("shift+tab")
        assert front.focused is reached[-2]
    return reached


def _classes(cls: type) -> Iterator[type]:
    for sub in cls.__subclasses__():
        if sub.__module__.startswith(("screens.", "tui_app.")):
            yield sub
        yield from _classes(sub)


def _shown(widget: Widget) -> bool:
    return all(node.display for node in widget.ancestors_with_self if isinstance(node, Widget))


def _in_view(widget: Widget) -> bool:
    region = widget.region
    for node in widget.ancestors:
        if isinstance(node, Widget):
            region = region.intersection(node.region)
    return bool(region)


def _picture(widget: Widget) -> list[Strip]:
    """It and what is in it as drawn, wherever it stands."""
    parts = [widget, *widget.query("*").results(Widget)]
    return [
        strip
        for part in parts
        for strip in part.render_lines(Region(0, 0, part.size.width, part.size.height))
    ]
