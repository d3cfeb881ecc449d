"""The console inside tmux and GNU screen: drawn, resized, left running and come back to."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from services.registry.access import Actor
from services.settings import Settings
from services.store.engine import Store
from tests.access.terminal import PtyProgram
from tests.servers.ports import need
from tests.terminals.conftest import OURS

World = tuple[Settings, Store, Actor]
_SCREENRC = "startup_message off\nmaptimeout 10\naltscreen on\nterm "
_TMUX = (
    "set -s escape-time 10\nset -g default-terminal tmux-256color\n"
    'set -as terminal-features ",*:RGB"\nset -g status off\n'
)


@dataclass(frozen=True)
class Multiplexer:
    """How one is begun, left by its key, come back to and ended."""

    begin: tuple[str, ...]
    again: tuple[str, ...]
    end: tuple[str, ...]
    leave: str
    environment: dict[str, str]


@pytest.fixture(params=["tmux", "screen", "screen-256color"])
def within(request: pytest.FixtureRequest) -> Iterator[Multiplexer]:
    """A multiplexer of our own, set up as the documentation has it, screen also with few colours;
    ended with all that is in it."""
    # A private folder of a short name: the path of a socket holds about 100 bytes.
    with TemporaryDirectory(prefix="mux-") as folder:
        found = _set_up(request.param, Path(folder))
        yield found
        subprocess.run(found.end, check=False, capture_output=True, env=found.environment)


def _set_up(kind: str, folder: Path) -> Multiplexer:
    settings = folder / "settings"
    base = {n: v for n, v in os.environ.items() if n not in OURS}
    base |= {"TERM": "xterm-256color", "LANG": "C.UTF-8"}
    if kind == "tmux":
        settings.write_text(_TMUX)
        words = (need("tmux", "tmux"), "-S", str(folder / "socket"), "-f", str(settings))
        return Multiplexer(
            (*words, "new-session", "--"),
            (*words, "attach"),
            (*words, "kill-server"),
            "\x02d",
            base,
        )
    settings.write_text(f"{_SCREENRC}{kind}\n")
    words = (need("screen", "screen"), "-U", "-c", str(settings))
    return Multiplexer(
        (*words, "-S", "carteiro"),
        (*words, "-r", "carteiro"),
        (*words, "-S", "carteiro", "-X", "quit"),
        "\x01d",
        base | {"SCREENDIR": str(folder)},
    )


def test_left_running_and_come_back_to(within: Multiplexer, world: World, tmp_path: Path) -> None:
    """Painted at 80×24, grown to 120×40 and back, detached, reattached, ended with status 0."""
    environment = within.environment | {"CARTEIRO_HOME": str(world[0].home)}
    status = tmp_path / "status"
    console = f"{sys.executable} -m tui_app; echo $? > {status}"
    with PtyProgram(
        [*within.begin, "sh", "-c", console], environment=environment, size=(80, 24)
    ) as first:
        first.shows("Primeiros passos", "Fechar")
        first.type("\x1b")
        first.until(lambda: "Fechar" not in first.text, "a lone Esc arrives")
        first.type("4")
        first.shows("Padaria 000", "Contábil Sul")
        first.resize(120, 40)
        first.shows("Padaria 029")
        first.resize(80, 24)
        first.until(lambda: "Padaria 029" not in first.text, "smaller again")
        first.type(within.leave)
        assert first.ends() == 0
        assert first.modes == first.modes_before
    assert not status.exists()
    with PtyProgram(within.again, environment=environment, size=(100, 30)) as second:
        second.shows("▸ Padaria 000", "Padaria 020")
        second.type("\x11")
        second.ends()
        assert second.modes == second.modes_before
    assert status.read_text() == "0\n"
