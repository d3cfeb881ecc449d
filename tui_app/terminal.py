"""The terminal: keys as they come, pictures as it takes them, and its end.

An SSH connection that drops takes it along; one that stands still takes nothing.
"""

from __future__ import annotations

import asyncio
import os
import select
import signal
import sys
import threading
from codecs import getincrementaldecoder
from collections.abc import Callable

from textual import constants
from textual._xterm_parser import XTermParser
from textual.driver import Driver
from textual.drivers.linux_driver import LinuxDriver

from tui_app.glyphs import glyphs_for
from tui_app.outlet import Outlet

_LAST_SECONDS = 30.0
"""Longer than the jobs take to drain and the sender to hang up."""
_DRAIN_SECONDS = 1.0
_LOOK = 0.1
"""Seconds after which the thread that reads sees that it is to end."""
_KEYS = 4096


class Terminal(LinuxDriver):
    """Textual's driver for a terminal that can be slow, poor or lost.

    Textual's own tells of an Esc at the next of ten looks a second, ends the program for a letter
    that is no UTF-8, and lets everybody wait for a terminal that takes nothing.
    """

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        self._lost = False
        self._encoding = getattr(sys.__stderr__, "encoding", None) or "utf-8"
        self._glyphs = glyphs_for(self._encoding, os.environ.get("TERM", ""))
        self._outlet = Outlet(sys.__stderr__.fileno(), self._draw_again)  # type: ignore[union-attr]

    def lose(self) -> None:
        """The terminal is gone: nothing is read from it or written to it any more."""
        self._lost = True
        self._outlet.close()
        self.disable_input()

    def write(self, data: str) -> None:
        """Write, while there is somewhere to write to; returns at once."""
        if self._lost:
            return
        if self._glyphs is not None:
            data = data.translate(self._glyphs)
        self._outlet.write(data.encode(self._encoding, "replace"))

    def close(self) -> None:
        """Let the terminal take what is left."""
        super().close()
        self._outlet.drain(_DRAIN_SECONDS)

    def run_input_thread(self) -> None:
        """Tell of keys as they come, and of an Esc as soon as nothing has followed it in time."""
        parser = XTermParser(self._debug)
        decode = getincrementaldecoder(self._encoding)(errors="replace").decode
        look = _LOOK
        while not self.exit_event.is_set():
            if select.select([self.fileno], [], [], look)[0]:
                data = self._read()
                if not data:
                    os.kill(os.getpid(), signal.SIGHUP)
                    return
                text = decode(data)
                for message in parser.feed(text) if text else ():
                    self.process_message(message)
                look = constants.ESCAPE_DELAY
            else:
                for message in parser.tick():
                    self.process_message(message)
                look = _LOOK

    def _read(self) -> bytes:
        """What was typed; nothing when the terminal is gone."""
        try:
            return os.read(self.fileno, _KEYS)
        except OSError:
            return b""

    def _draw_again(self) -> None:
        self._loop.call_soon_threadsafe(lambda: self._app.refresh(layout=True))


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
