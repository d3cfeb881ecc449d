"""Every screen as it looks, at 80×24 and 120×40: clock, data and cursor stand still."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from textual.pilot import Pilot

from tests.screens.conftest import Console
from tests.screens.tour import STOPS, Stop, go, over_sample
from tui_app.demo import console
from tui_app.demo.tour import TourCard, steps

SHOWN = ("home", "mailboxes", "mailbox_form", "email_test", "guidance", "outbox", "documents", "send_document", "document", "quarantine", "quarantine_item", "arrived", "rehearsal", "bell",
         "partner_form", "wizard", "first_steps", "choose_company", "help", "field_help", "manual", "manual_chapter", "companies", "many_companies",
         "users", "user_form", "register_way", "microsoft_form", "sign_in", "sign_in_address", "sign_in_refused",
         "mailboxes_linked", "linked_form", "choose_mailbox", "import_mailbox",
         "mailboxes_copy", "copy_form", "resync",
         "notification_emails", "address_form", "type_matrix", "who_receives", "coverage",
         "servers", "servers_filter", "server_form", "link_companies",
         "health", "health_incident", "audit")  # fmt: skip
pytestmark = pytest.mark.usefixtures("still")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
@pytest.mark.parametrize("stop", [s for s in STOPS if s.name in SHOWN], ids=lambda s: s.name)
def test_screen_looks_as_it_did(
    stop: Stop,
    size: tuple[int, int],
    home: Path,
    snap_compare: Callable[..., bool],
) -> None:
    """R1, R5, R19, R52: what a person sees; a change here is to be looked at, then accepted."""
    app = over_sample(home, stop)

    async def walk(pilot: Pilot[int]) -> None:
        await go(Console(app, pilot), stop)

    assert snap_compare(app, terminal_size=size, run_before=walk)


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
def test_tour_looks_as_it_did(
    size: tuple[int, int], home: Path, snap_compare: Callable[..., bool]
) -> None:
    """A card of the demonstration's tour, and the bar that says what this is."""
    app = over_sample(home, next(stop for stop in STOPS if stop.name == "health"))
    app.desk.mark = console.MARK

    async def walk(pilot: Pilot[int]) -> None:
        screen = Console(app, pilot)
        await screen.at_home()
        await screen.press("9")
        await screen.shows("caixas paradas")
        told = steps()
        at = next(n for n, step in enumerate(told) if step.screen == "health")
        await app.push_screen(TourCard(told[at], at, len(told), {}))
        await screen.shows(told[at].title)
        await screen.settled()

    assert snap_compare(app, terminal_size=size, run_before=walk)
