"""The terminal, which may go away: an SSH connection that drops takes it along."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from collections.abc import Callable

from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver

_LAST_SECONDS = 30.0
"""Longer than the jobs take to drain and the sender to hang up."""


class Terminal(LinuxDriver):
    """Textual's driver for a terminal that can be lost.

    What is written to a terminal that is gone ends the thread that writes, and soon everybody
    waits for it; what is read from it is an endless end of file.
    """

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self._lost = False

    def lose(self) -> None:
        """The terminal is gone: nothing is read from it or written to it any more."""
        self._lost = True
        self.disable_input()

    def write(self, data: str) -> None:
        """Write, while there is somewhere to write to."""
        if not self._lost:
            super().write(data)


def end_on_signals(leave: Callable[[int], None], driver: Driver | None) -> None:
    """Let ``leave`` end the program, with an exit status, when the connection drops (SIGHUP) or
    the machine goes down (SIGTERM).

    A process that nobody sees must not stay: what does not end in time is ended.
    """
    loop = asyncio.get_running_loop()
    told: list[int] = []

    def end(number: signal.Signals) -> None:
        if told:
            return
        told.append(number)
        if number == signal.SIGHUP and isinstance(driver, Terminal):
            driver.lose()
        last = threading.Timer(_LAST_SECONDS, os._exit, (128 + number,))
        last.daemon = True
        last.start()
        leave(128 + number)

    for number in (signal.SIGHUP, signal.SIGTERM):
        loop.add_signal_handler(number, end, number)
