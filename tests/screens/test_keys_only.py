"""Every screen and dialog by keyboard alone: what takes the focus is reached, and seen to have it."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from textual.command import CommandPalette
from textual.dom import DOMNode
from textual.geometry import Region
from textual.keys import key_to_character
from textual.screen import ModalScreen, Screen
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input

import screens
import tui_app
from screens.commands import Command, declared
from screens.dialogs.wizard import Wizard
from screens.widgets.panel import places
from tests.screens.conftest import Console
from tests.screens.tour import BESIDES, STOPS, Stop, go, over_sample

pytestmark = pytest.mark.usefixtures("still")

LISTS = (
    "mailboxes", "servers", "notification_emails", "companies", "users", "outbox", "documents",
    "quarantine", "health", "audit", "bell",
)  # fmt: skip
SAME = {
    *LISTS, "home", "mailboxes_copy", "mailboxes_linked", "linked_form", "sign_in_refused",
    "servers_filter", "health_incident", "quarantine_item", "audit_entry", "manual_chapter",
    "field_help", "resync",
}  # fmt: skip
"""Stops with the controls of another one, or that are gone through in one run."""
WALK = (*(stop for stop in STOPS if stop.name not in SAME), *BESIDES)
Deed: TypeAlias = tuple[DOMNode, str]
"""An action, and where it runs."""
DIALOGS = {
    "address_form": "AddressForm", "agenda": "Agenda", "activity": "ActivityDialog",
    "arrivals": "ArrivalsDialog", "arrived": "Arrived", "bell_entry": "BellEntryDetails",
    "bell_filter": "BellFilter", "choose_company": "ChooseCompany",
    "choose_mailbox": "ChooseMailbox", "choose_owner": "ChooseOwner", "choose_user": "ChooseUser",
    "company_form": "CompanyForm", "confirm": "Confirm", "copy_form": "MailboxForm",
    "coverage": "Coverage", "csv_choose": "CsvChoose", "csv_plan": "CsvPlan",
    "discover": "Discover", "document": "Details", "email_test": "EmailTest",
    "first_steps": "FirstSteps", "guidance": "GuidanceDialog", "help": "HelpDialog",
    "import_mailbox": "ImportMailbox", "link_companies": "ManyChoice",
    "mailbox_form": "MailboxForm", "mailbox_notice": "MailboxNotice", "manual": "ManualDialog",
    "many_companies": "ManyCompanies", "microsoft_form": "MicrosoftForm",
    "other_account": "OtherAccount", "palette": "Palette", "partner_form": "PartnerForm",
    "progress": "Progress", "register_way": "RegisterWay", "rehearsal": "RehearsalDialog",
    "rotate": "Rotate", "send_document": "SendDocument",
    "sender_name": "SenderName", "server_form": "ServerForm", "sign_in": "SignIn",
    "sign_in_address": "SignIn", "tour": "TourCard", "type_matrix": "TypeMatrix",
    "user_form": "UserForm", "ways": "SendingWays", "who_receives": "WhoReceives",
    "wizard": "Wizard",
}  # fmt: skip
"""The dialog that each stop of the walk ends in."""
BASES = {"RecordForm"}
"""Dialogs that only others are made of."""
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


@pytest.fixture(scope="module")
def rooms() -> None:
    """Every module with screens in it is imported, so that its classes are known."""
    for room in (screens, tui_app):
        for module in pkgutil.walk_packages(room.__path__, f"{room.__name__}."):
            if not module.name.endswith("__main__"):
                importlib.import_module(module.name)


def test_every_dialog_is_walked_through(rooms: None) -> None:
    """R5: a dialog that is in no stop of the walk would be one that nobody has left by keyboard."""
    assert {cls.__name__ for cls in _classes(ModalScreen)} == {*DIALOGS.values(), *BASES}
    assert set(DIALOGS) == {stop.name for stop in WALK}


def test_nothing_is_done_by_mouse_alone(rooms: None) -> None:
    """R5: whatever takes a click has a command with a key that does the same."""
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


@pytest.mark.parametrize("stop", WALK, ids=lambda s: s.name)
async def test_all_is_reached_and_seen(stop: Stop, home: Path) -> None:
    """R5: Tab goes round all that takes the focus, Shift+Tab back; what has the focus stands on the
    screen and looks different for it; what can be done is done by some key; and Esc leads back to
    what had the focus before."""
    app = over_sample(home, stop)
    async with app.run_test(size=(80, 24)) as pilot:
        console = Console(app, pilot)
        try:
            await go(console, stop)
            assert console.dialog == DIALOGS[stop.name]
            await _check(console)
            await _leave(console)
        finally:
            if app.is_running and app.desk.is_open:
                await app._leave()


def _is_at(console: Console, key: str) -> bool:
    return console.app.screen_key == key and console.app.screen.focused is not None


async def _check(console: Console) -> None:
    front = console.app.screen
    if isinstance(front, CommandPalette):
        # Textual's own: one field, whose keys go through the list.
        assert isinstance(front.focused, Input)
        return
    wanted = {w for w in front.query("*") if w.focusable and _shown(w)}
    reached, done, offered = await _round(console, len(wanted))
    assert wanted == set(reached)
    assert done
    assert offered - done == set()


async def _round(console: Console, count: int) -> tuple[list[Widget], set[Deed], set[Deed]]:
    """Once round: what had the focus, each seen to have it; what keys do then, and what is offered."""
    front = console.app.screen
    awake: dict[Widget, list[Strip]] = {}
    done, offered = set(_done(front)), set(_offered(front))
    for _time in range(count):
        before = front.focused
        await console.press("tab")
        # A key that came while the one before is under way is held until that is done.
        await console.until(partial(_goes_on, front, before, count), f"on from {before}")
        assert console.app.screen is front, "Tab leads away"
        focused = front.focused
        assert focused is not None, "Tab leads nowhere"
        await console.until(partial(_in_view, focused), f"{focused} in view")
        awake[focused] = _picture(focused)
        done.update(_done(front))
        offered.update(_offered(front))
    for widget, picture in awake.items():
        alone = len(awake) == 1 or widget.has_focus
        assert alone or _picture(widget) != picture, f"{widget} looks the same without the focus"
    reached = list(awake)
    if len(reached) > 1:
        await console.press("shift+tab")
        await console.until(lambda: front.focused is reached[-2], "the one before")
        await console.press("tab")
        await console.until(lambda: front.focused is reached[-1], "the last")
    return reached, done, offered


def _goes_on(front: Screen[Any], before: Widget | None, count: int) -> bool:
    return front.focused is not None and (front.focused is not before or count == 1)


def _done(front: Screen[Any]) -> Iterator[Deed]:
    """What some key does now; letters go into the field that has the focus."""
    for key, (node, binding, enabled, _tip) in front.active_bindings.items():
        character = key_to_character(key)
        if front.focused is not None and front.focused.check_consume_key(key, character):
            continue
        if enabled:
            yield node, binding.action


def _offered(front: Screen[Any]) -> Iterator[Deed]:
    """What the screen, and what has the focus in it, say can be done now, each by a key of its own
    unless the screen takes that before all."""
    taken = {key for command in _commands(front) if command.priority for key in _keys(command)}
    for node in (front.focused or front).ancestors_with_self:
        for command in _commands(node):
            own = command.priority or not _keys(command) <= taken
            if own and node.check_action(command.action.partition("(")[0], ()):
                yield node, command.action
        if node is front:
            return


def _commands(node: DOMNode) -> Iterator[Command]:
    for cls in type(node).__mro__:
        yield from cls.__dict__.get("VERBS", ())


def _keys(command: Command) -> set[str]:
    return set(command.key.split(","))


async def _leave(console: Console) -> None:
    """Leave the dialog by Esc: what had the focus under it has it again, or the program ends."""
    app, front = console.app, console.app.screen
    before = {screen: screen.focused for screen in app.screen_stack if screen is not front}
    await console.press("escape")
    if isinstance(front, Wizard):
        await console.until(lambda: app._exit, "the end")
        return
    await console.until(lambda: app.screen is not front, "another screen")
    if console.dialog == "Confirm":
        await console.agree()

    def back() -> bool:
        return app.screen in before and app.screen.focused is before[app.screen]

    await console.until(back, f"the focus where it was, in one of {before}")


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
