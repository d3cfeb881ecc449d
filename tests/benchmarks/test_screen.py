"""Typing and scrolling in the real console over 10,000 companies and 12,000 servers (R15, R16)."""

from __future__ import annotations

import fcntl
import os
import pty
import struct
import sys
import termios

from sqlalchemy import text

from services.office import Office
from services.registry.access import Actor
from services.settings import Settings
from tests.benchmarks.big_partner import fill
from tests.benchmarks.list_keys import end, p95, press, read_until_quiet

DOWN, PAGE_DOWN, BACKSPACE = b"\x1b[B", b"\x1b[6~", b"\x7f"
COLD = 10
KEYS = 120
WORDS = b"padaria sao joao 43"
FRAME_MS = 1000 / 60


def _console(settings: Settings) -> tuple[int, int]:
    """The console at its list of servers, in a terminal of 120 by 40: process and terminal."""
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update(
            TERM="xterm-256color",
            COLORTERM="truecolor",
            LC_ALL="pt_BR.UTF-8",
            CARTEIRO_HOME=str(settings.home),
            CARTEIRO_DATABASE_URL=settings.database_url,
        )
        os.environ.pop("NO_COLOR", None)
        os.execv(sys.executable, [sys.executable, "-m", "tui_app"])
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    _until(fd, "notificações".encode())
    os.write(fd, b"2")
    _until(fd, b"caixa")
    read_until_quiet(fd, 1.0)
    return pid, fd


def _until(fd: int, words: bytes) -> None:
    """Read until the screen says so; the program's question for synchronised output is answered."""
    seen = b""
    while words not in seen:
        seen += os.read(fd, 65536)
        if b"\x1b[?2026$p" in seen:
            os.write(fd, b"\x1b[?2026;1$y")
            seen = seen.replace(b"\x1b[?2026$p", b"")


def test_a_key_is_answered_within_a_frame(office: Office, settings: Settings, actor: Actor) -> None:
    """Down, Page Down and letters of the filter at p95, whatever the database is doing."""
    office.do_now(fill, actor)
    if not office.store.is_sqlite:
        office.do_now(lambda session: session.execute(text("ANALYZE")))
    pid, fd = _console(settings)
    down = [press(fd, DOWN) for _n in range(COLD + KEYS)][COLD:]
    page = [press(fd, PAGE_DOWN) for _n in range(COLD + KEYS)][COLD:]
    press(fd, b"/")
    read_until_quiet(fd, 0.5)
    typed = []
    while len(typed) < KEYS:
        for key in [*(bytes([letter]) for letter in WORDS), *[BACKSPACE] * len(WORDS)]:
            typed.append(press(fd, key))
    end(pid, fd)
    print(
        f"{settings.database_url[:6]}: down {p95(down):.1f} ms, page down {p95(page):.1f} ms, "
        f"typing {p95(typed):.1f} ms at p95"
    )
    assert p95(down) <= FRAME_MS
    assert p95(page) <= FRAME_MS
    assert p95(typed) <= FRAME_MS
