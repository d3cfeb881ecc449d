"""Writing to a terminal that is slow, or takes nothing for a while."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator

import pytest

from tui_app.outlet import Outlet

WHOLE = 300_000
"""Bytes of one picture, more than a terminal may be behind."""
DEADLINE = 20.0


class Line:
    """A terminal that reads when it is told to; ``again`` is set when a whole picture is asked for."""

    def __init__(self) -> None:
        self.out, self.into = os.pipe()
        self.reader: threading.Thread | None = None
        self.again = threading.Event()
        self.outlet = Outlet(self.into, self.again.set)

    def read(self, size: int) -> bytes:
        """The next ``size`` bytes, waited for; fewer when the line ends."""
        data = b""
        while len(data) < size and (more := os.read(self.out, size - len(data))):
            data += more
        return data

    def read_beside(self, last: bytes) -> threading.Thread:
        """All until ``last``, a byte, in a thread, which ends with the line too."""

        def read() -> None:
            data = b" "
            while data and not data.endswith(last):
                data = os.read(self.out, 65_536)

        self.reader = threading.Thread(target=read, daemon=True)
        self.reader.start()
        return self.reader

    def close(self) -> None:
        """Nobody writes any more, then nobody reads."""
        self.outlet.close()
        os.close(self.into)
        if self.reader is not None:
            self.reader.join()
        os.close(self.out)


@pytest.fixture
def line() -> Iterator[Line]:
    made = Line()
    yield made
    made.close()


def test_a_picture_of_any_size_goes_to_a_terminal_that_keeps_up(line: Line) -> None:
    """R52: one that is larger than what may wait is written all the same, and so is the next."""
    line.outlet.write(b"a" * WHOLE)
    assert line.read(WHOLE) == b"a" * WHOLE
    line.outlet.write(b"b")
    assert line.read(1) == b"b"


def test_who_was_behind_is_asked_for_the_whole_picture(line: Line) -> None:
    """What has no room is dropped; once the rest has been taken everything is drawn anew."""
    line.outlet.write(b"a" * WHOLE)
    for _picture in range(4):
        line.outlet.write(b"b" * 100_000)
    taken = line.read_beside(b"c")
    assert line.again.wait(DEADLINE)
    line.outlet.write(b"c")
    taken.join(DEADLINE)
    assert not taken.is_alive()
