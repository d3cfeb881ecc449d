"""Real servers, started once for a run and only when a test asks for them."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator

import pytest

from tests.servers import dovecot as dovecot_server
from tests.servers import postfix as postfix_server
from tests.servers import sink as sink_server
from tests.servers.certificate import Authority
from tests.servers.dovecot import Dovecot
from tests.servers.entra import Entra
from tests.servers.ports import find, is_root, open_folder
from tests.servers.postfix import Postfix
from tests.servers.postgres import Postgres, find_binary
from tests.servers.sink import Sink
from tests.store_fixtures import (  # noqa: F401 - fixtures are found by name here
    actor,
    company,
    database_url,
    home,
    office,
    postgres_template,
    settings,
    sqlite_template,
    store,
)

# Whoever runs the tests over SSH is under no forced command (R54).
os.environ.pop("SSH_CONNECTION", None)


def _need(binary: str, path: str | None) -> None:
    """Skip for want of a server; where the run must be complete (CI=true) that is a failure."""
    if path is None:
        _without(f"not installed: {binary}")


def _without(reason: str) -> None:
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
    _need(dovecot_server.BINARY, find(dovecot_server.BINARY))
    with Dovecot(authority=authority) as server:
        yield server


@pytest.fixture(scope="session")
def postfix(dovecot: Dovecot) -> Iterator[Postfix]:
    """A Postfix that takes the logins of ``dovecot`` and delivers to its mailboxes."""
    _need(postfix_server.BINARY, find(postfix_server.BINARY))
    if not is_root():
        _without("a Postfix of one's own needs root")
    with Postfix(dovecot) as server:
        yield server


@pytest.fixture(scope="session")
def entra_of_the_run(authority: Authority) -> Iterator[Entra]:
    """The servers behind ``entra``."""
    with Entra(authority=authority) as provider:
        yield provider


@pytest.fixture
def entra(entra_of_the_run: Entra) -> Entra:
    """A fake of Microsoft's identity provider, without accounts at the start of each test."""
    entra_of_the_run.clear()
    return entra_of_the_run


@pytest.fixture(scope="session")
def exchange_pop(authority: Authority, entra_of_the_run: Entra) -> Iterator[Dovecot]:
    """A Dovecot that takes the tokens of ``entra``: take an address at padaria.example."""
    _need(dovecot_server.BINARY, find(dovecot_server.BINARY))
    with Dovecot(authority=authority, entra=entra_of_the_run) as server:
        yield server


@pytest.fixture(scope="session")
def exchange_smtp(exchange_pop: Dovecot) -> Iterator[Postfix]:
    """A Postfix that takes nothing but tokens, and delivers to the mailboxes of ``exchange_pop``."""
    _need(postfix_server.BINARY, find(postfix_server.BINARY))
    if not is_root():
        _without("a Postfix of one's own needs root")
    with Postfix(exchange_pop, domain="padaria.example", mechanisms="xoauth2") as server:
        yield server


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """A PostgreSQL for the whole run; ``postgres.database()`` is a test's own database."""
    _need("postgresql", find_binary("postgres"))
    with Postgres() as server:
        yield server


@pytest.fixture(scope="session")
def sink_of_the_run() -> Iterator[Sink]:
    """The process behind ``sink``."""
    _need(sink_server.BINARY, find(sink_server.BINARY))
    with Sink() as server:
        yield server


@pytest.fixture
def sink(sink_of_the_run: Sink) -> Sink:
    """An smtp-sink that keeps what it takes, empty at the start of each test."""
    sink_of_the_run.clear()
    return sink_of_the_run
