"""Mailboxes far away, 50 ms each way, against as many programs at once that only deliver."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from services.registry import companies, people
from services.registry.companies import CompanyDraft
from services.settings import Settings
from services.store.engine import open_store
from tests.benchmarks import peers
from tests.documents import generator
from tests.reading.conftest import ISSUER, PASSWORD, register
from tests.servers.dovecot import Dovecot
from tests.store_fixtures import CNPJ

_ROOT = Path(__file__).parents[2]
_AT_ONCE = 64
_MAILBOXES = 2 * _AT_ONCE
_EACH = 10
_ROUNDS = 3
# No host is asked for more than ten mailboxes at once.
_HOSTS = [f"127.0.0.{n}" for n in range(1, 8)]


class _Far:
    """The run's Dovecot as if it were 50 ms away, for what looks only at host and port."""

    def __init__(self, port: int) -> None:
        self.host, self.port = _HOSTS[0], port


@pytest.fixture
def far(dovecot: Dovecot) -> Iterator[_Far]:
    """Where it listens, at several addresses."""
    argv = [sys.executable, "-m", "tests.benchmarks.distance", str(dovecot.port), "50", *_HOSTS]
    with subprocess.Popen(argv, cwd=_ROOT, stdout=subprocess.PIPE, text=True) as relay:
        try:
            assert relay.stdout is not None
            yield _Far(int(relay.stdout.readline()))
        finally:
            relay.kill()


@pytest.fixture(scope="module")
def mails() -> list[bytes]:
    """As many messages of about 80 KB as all mailboxes hold, each with a signed NF-e and a PDF."""
    return [
        generator.mail([generator.nfe(ISSUER, CNPJ, n, signed="cached")], seed=n)
        for n in range(1, _MAILBOXES * _EACH + 1)
    ]


def _fill(dovecot: Dovecot, name: str, mails: list[bytes]) -> list[str]:
    users = [f"{name}{n}" for n in range(_MAILBOXES)]
    for n, user in enumerate(users):
        dovecot.add_user(user, PASSWORD)
        for raw in mails[n * _EACH : (n + 1) * _EACH]:
            dovecot.deliver(user, raw)
    os.sync()
    return users


def _mpop(far: _Far, users: list[str], folder: Path) -> float:
    folder.mkdir()
    with ThreadPoolExecutor(_AT_ONCE) as at_once:
        began = time.perf_counter()
        list(at_once.map(lambda u: peers.run_mpop(far, u, PASSWORD, folder / u), users))
        return time.perf_counter() - began


def _ours(far: _Far, users: list[str], home: Path) -> float:
    home.mkdir()
    settings = Settings(home=home, database_url=f"sqlite:///{home / 'carteiro.db'}")
    store = open_store(settings)
    with store.writing() as session:
        actor = people.initialise(
            session, partner="P", partner_key="k", nickname="ana", email="ana@p.example"
        )
        company = companies.add(
            session,
            actor,
            CompanyDraft(cnpj=CNPJ, nickname="C", legal_name="C", document_import=True),
        )
    for n, user in enumerate(users):
        register(store, actor, company, _HOSTS[n % len(_HOSTS)], far.port, user)
    store.close()
    argv = [sys.executable, "-m", "tests.benchmarks.read_once", home, settings.database_url, "64"]
    done = subprocess.run(argv, check=True, capture_output=True, cwd=_ROOT)
    told: dict[str, float] = json.loads(done.stdout)
    assert told["documents"] == _MAILBOXES * _EACH
    return told["seconds"]


def test_behind_fifty_milliseconds(
    dovecot: Dovecot,
    far: _Far,
    mails: list[bytes],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    """R36: 64 connections, at least 1.1 times as fast as 64 mpop at once."""
    theirs, ours = [], []
    for n in range(_ROUNDS):
        theirs.append(_mpop(far, _fill(dovecot, f"m{n}x", mails), tmp_path / f"mpop{n}"))
        ours.append(_ours(far, _fill(dovecot, f"o{n}x", mails), tmp_path / f"ours{n}"))
    mpop, mine = statistics.median(theirs), statistics.median(ours)
    record_property("ours seconds", round(mine, 1))
    record_property("64 mpop seconds", round(mpop, 1))
    print(f"ours {mine:.1f} s, 64 mpop {mpop:.1f} s ({mpop / mine:.2f})")
    assert mpop / mine >= 1.1
