"""One run's tests among several processes: each takes the next module, on one database, that is free.

``pytest -p tests.sharing --taken=FOLDER`` in each of them; the folder is theirs alone, empty at first.
With a space for the sign pytest would look for tests in it.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--taken", type=Path, help="folder with a file for each module that is taken")


def pytest_configure() -> None:
    """Hear Ctrl-C: a shell has what it puts in the background ignore it, and all that is started there."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_runtestloop(session: pytest.Session) -> bool | None:
    """pytest's loop, over what this process takes; what could not be collected is left to pytest's own."""
    folder: Path | None = session.config.option.taken
    if folder is None or session.testsfailed or session.config.option.collectonly:
        return None
    tests = _taken(session, folder)
    test = next(tests, None)
    while test is not None:
        following = next(tests, None)
        test.ihook.pytest_runtest_protocol(item=test, nextitem=following)
        if session.shouldfail:
            raise session.Failed(session.shouldfail)
        if session.shouldstop:
            raise session.Interrupted(session.shouldstop)
        test = following
    return True


def _taken(session: pytest.Session, folder: Path) -> Iterator[pytest.Item]:
    """The last first: the run ends with small modules, and no process waits long for another."""
    modules: dict[str, list[pytest.Item]] = {}
    for test in session.items:
        database = "postgresql" if "postgresql" in test.nodeid else "any"
        name = f"{test.path.relative_to(session.config.rootpath)}-{database}".replace("/", "-")
        modules.setdefault(name, []).append(test)
    for name in reversed(modules):
        try:
            (folder / name).touch(exist_ok=False)
        except FileExistsError:
            continue
        yield from modules[name]
