"""The QR code and the block letters, read back from what is drawn."""

from __future__ import annotations

import pytest
import segno

from screens.widgets.big_letters import big
from screens.widgets.qr import QUIET, drawn

HALVES = {" ": (0, 0), "▀": (1, 0), "▄": (0, 1), "█": (1, 1)}


@pytest.mark.parametrize(
    "address", ["https://microsoft.com/devicelogin", "https://www.microsoft.com/link"]
)
def test_the_code_is_whole_with_its_quiet_zone(address: str) -> None:
    """R44: every module as the standard has it, four light ones all round."""
    lines = drawn(address)
    assert len({len(line) for line in lines}) == 1
    rows = [[HALVES[c][half] for c in line] for line in lines for half in (0, 1)]
    modules = [
        list(row) for row in segno.make(address, error="l", micro=False, boost_error=False).matrix
    ]
    size = len(modules)
    assert [row[QUIET:-QUIET] for row in rows[QUIET : QUIET + size]] == modules
    around = [*rows[:QUIET], *rows[QUIET + size :]]
    assert len(around) >= 2 * QUIET
    assert not any(any(row) for row in around)
    assert not any(any(row[:QUIET] + row[-QUIET:]) for row in rows)


def test_letters_are_as_large_as_the_room_allows() -> None:
    """R44: one line of letters, several of the same length, or the code spaced out."""
    code = "FBLWKDAZA"
    assert big(code, 53).count("\n") == 3
    assert big(code, 52).count("\n") == 7
    assert max(len(line) for line in big(code, 33).split("\n")) <= 29
    assert big(code, 4) == "F B L W K D A Z A"
    assert big("FB_W", 80) == "F B _ W"


def test_no_two_letters_look_the_same() -> None:
    """R44: what is read off the screen is what was asked for."""
    known = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"
    assert len({big(letter, 10) for letter in known}) == len(known)
