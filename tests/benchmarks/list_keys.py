"""What a key costs in a list of 100,000 rows: time until its frame is out, and bytes.

Run it: ``python -m tests.benchmarks.list_keys``. A tiny program runs in a pseudo-terminal of
120 by 40; a key's frame is out when the synchronised update ends. Figures drift with the machine.
"""

from __future__ import annotations

import asyncio
import fcntl
import importlib
import os
import pty
import select
import statistics
import struct
import sys
import termios
import time
from array import array
from collections.abc import Mapping, Sequence
from pathlib import Path

ROWS = 100_000
KEYS = 200
QUIET = 0.04
FRAME_END = b"\x1b[?2026l"


def show(home: str = "", job: str = "reading") -> None:
    """The program under measurement; with ``home`` it does a job meanwhile, as the console does."""
    from tui_app import collector

    sys.setswitchinterval(0.001)
    collector.hold()
    from textual.app import App, ComposeResult
    from textual.events import Event, Key

    from screens.widgets import status
    from screens.widgets.columns import Cell, Column
    from screens.widgets.list import WindowList
    from services.courtesy import person
    from tui_app.theme import THEMES

    states = ("sent", "queued", "failed", "deferred")

    class Memory:
        async def ids(self, filter: str, sort: str | None, descending: bool) -> Sequence[int]:  # noqa: A002
            return array("q", range(ROWS))

        async def rows(self, ids: Sequence[int]) -> Mapping[int, Sequence[Cell]]:
            return {
                n: (
                    str(n),
                    f"Empresa Comercial {n} Ltda",
                    f"pessoa{n}@exemplo.com.br",
                    status.cell(states[n % 4]),
                    "24/11/2026 10:32",
                )
                for n in ids
            }

    class Bench(App[None]):
        def compose(self) -> ComposeResult:
            yield WindowList(
                Memory(),
                [
                    Column("id", "Nº", 7, "right", sortable=True),
                    Column("company", "Empresa", 20, wide=True),
                    Column("address", "E-mail", 20, wide=True),
                    Column("state", "Situação", 14),
                    Column("at", "Quando", 16),
                ],
            )

        async def on_event(self, event: Event) -> None:
            if isinstance(event, Key):
                person.came()
            await super().on_event(event)

        def on_mount(self) -> None:
            for theme in THEMES:
                self.register_theme(theme)
            self.theme = THEMES[0].name
            self.set_timer(1.0, collector.settle)
            if home:
                work = {"reading": _read_mail, "sign-ins": _check_sign_ins}[job]
                self.run_worker(work(home), exit_on_error=False)

    Bench().run()


async def _read_mail(home: str) -> None:
    # As the console does: what is heavy to import is imported beside the loop.
    await asyncio.to_thread(importlib.import_module, "services.reading.tick")
    from services.reading.tick import Reader
    from services.settings import Settings
    from services.store.engine import open_store

    settings = Settings(home=Path(home), database_url=f"sqlite:///{home}/carteiro.db")
    store = open_store(settings)
    reader = Reader(store, settings)
    began = time.perf_counter()
    summary = await reader.run_due()
    told = f"{summary.messages} {time.perf_counter() - began:.2f}"
    (Path(home) / "read.txt").write_text(told)


async def _check_sign_ins(home: str) -> None:
    await asyncio.to_thread(importlib.import_module, "services.wire.entra")
    from services.health.tokens import SignIns
    from services.jobs.inactivation import check_sign_ins
    from services.settings import load
    from services.store.engine import open_store

    settings = load(Path(home) / "carteiro.toml", {})
    store = open_store(settings)
    began = time.perf_counter()
    done = await check_sign_ins(store, SignIns(store, settings))
    (Path(home) / "done.txt").write_text(f"{done.proven} {time.perf_counter() - began:.2f}")


def read_until_quiet(fd: int, quiet: float = QUIET) -> bytes:
    out = b""
    while select.select([fd], [], [], quiet)[0]:
        try:
            out += os.read(fd, 65536)
        except OSError:  # the program has left
            break
    return out


def press(fd: int, key: bytes) -> tuple[float, int]:
    """Milliseconds until the frame that follows ``key`` is out, and all bytes of it."""
    start = time.perf_counter()
    os.write(fd, key)
    out, took = b"", 0.0
    while select.select([fd], [], [], QUIET)[0]:
        out += os.read(fd, 65536)
        if not took and FRAME_END in out:
            took = (time.perf_counter() - start) * 1000
    return took or (time.perf_counter() - start) * 1000, len(out)


def _figures(words: str, taken: list[tuple[float, int]]) -> None:
    times = sorted(ms for ms, _bytes in taken)
    sizes = sorted(count for _ms, count in taken)
    print(
        f"{words:12} p50 {statistics.median(times):5.1f} ms  p95 {times[int(len(times) * 0.95)]:5.1f} ms"
        f"  bytes median {statistics.median(sizes):6.0f}  max {sizes[-1]}"
    )


def start(*words: str) -> tuple[int, int]:
    """The program in a terminal of 120 by 40, its first rows shown: process and terminal."""
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update(TERM="xterm-256color", COLORTERM="truecolor")
        os.environ.pop("NO_COLOR", None)
        argv = [sys.executable, "-m", "tests.benchmarks.list_keys", "show", *words]
        os.execv(sys.executable, argv)
    fcntl.ioctl(fd, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 120, 0, 0))
    # The program asks whether synchronised output is known here: yes.
    first = b""
    while b"Empresa Comercial" not in first:
        first += os.read(fd, 65536)
        if b"\x1b[?2026$p" in first:
            os.write(fd, b"\x1b[?2026;1$y")
            first = first.replace(b"\x1b[?2026$p", b"")
    return pid, fd


def end(pid: int, fd: int) -> None:
    """Leave the program."""
    os.write(fd, b"\x11")
    read_until_quiet(fd, 0.5)
    os.waitpid(pid, 0)
    os.close(fd)


def p95(taken: list[tuple[float, int]]) -> float:
    """Milliseconds that 95 of 100 keys keep to."""
    return sorted(ms for ms, _bytes in taken)[int(len(taken) * 0.95)]


def median_bytes(taken: list[tuple[float, int]]) -> float:
    """Bytes of a key."""
    return statistics.median(count for _ms, count in taken)


def measure() -> None:
    """Start the program, press keys, print figures."""
    pid, fd = start()
    try:
        read_until_quiet(fd, 0.5)
        _figures("down", [press(fd, b"\x1b[B") for _n in range(KEYS)])
        _figures("j", [press(fd, b"j") for _n in range(KEYS)])
        _figures("page down", [press(fd, b"\x1b[6~") for _n in range(KEYS // 3)])
        _figures("end, home", [press(fd, k) for _n in range(20) for k in (b"\x1b[F", b"\x1b[H")])
    finally:
        end(pid, fd)


if __name__ == "__main__":
    show(*sys.argv[2:]) if sys.argv[1:2] == ["show"] else measure()
