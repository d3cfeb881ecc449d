"""Real servers, started once for a run and only when a test asks for them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest

from tests.servers import dovecot as dovecot_server
from tests.servers import sink as sink_server
from tests.servers.certificate import Authority
from tests.servers.dovecot import Dovecot
from tests.servers.ports import find, open_folder
from tests.servers.sink import Sink


def _need(*binaries: str) -> None:
    """Skip for want of a server; where the run must be complete (CI=true) that is a failure."""
    missing = [name for name in binaries if find(name) is None]
    if not missing:
        return
    reason = f"not installed: {', '.join(missing)}"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def authority() -> Iterator[Authority]:
    """The certificate authority of every server of this run; its ``ca_file`` is to be trusted."""
    folder = open_folder("authority-")
    yield Authority(folder)
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def dovecot(authority: Authority) -> Iterator[Dovecot]:
    """A Dovecot for the whole run: take a user name of your own."""
    _need(dovecot_server.BINARY)
    with Dovecot(authority=authority) as server:
        yield server


@pytest.fixture(scope="session")
def sink_of_the_run() -> Iterator[Sink]:
    """The process behind ``sink``."""
    _need(sink_server.BINARY)
    with Sink() as server:
        yield server


@pytest.fixture
def sink(sink_of_the_run: Sink) -> Sink:
    """An smtp-sink that keeps what it takes, empty at the start of each test."""
    sink_of_the_run.clear()
    return sink_of_the_run
