"""Many small mailboxes against eight programs at once that only deliver, from the same Dovecot."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
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
_MAILBOXES = 200
_EACH = 10
_AT_ONCE = 8
_ROUNDS = 3


@pytest.fixture(scope="module")
def mails() -> list[bytes]:
    """As many messages of about 80 KB as all mailboxes hold, each with a signed NF-e and a PDF."""
    return [
        generator.mail([generator.nfe(ISSUER, CNPJ, n, signed="cached")], seed=n)
        for n in range(1, _MAILBOXES * _EACH + 1)
    ]


def _pieces(mails: list[bytes]) -> list[list[bytes]]:
    return [mails[start : start + _EACH] for start in range(0, len(mails), _EACH)]


def _fill(dovecot: Dovecot, name: str, mails: list[bytes]) -> list[str]:
    users = [f"{name}{n}" for n in range(_MAILBOXES)]
    for user, batch in zip(users, _pieces(mails), strict=True):
        dovecot.add_user(user, PASSWORD)
        for raw in batch:
            dovecot.deliver(user, raw)
    os.sync()
    return users


def _mpop(dovecot: Dovecot, users: list[str], folder: Path) -> float:
    """Seconds that eight of them take together, each for one mailbox after the other."""
    folder.mkdir()
    with ThreadPoolExecutor(_AT_ONCE) as at_once:
        began = time.perf_counter()
        list(at_once.map(lambda u: peers.run_mpop(dovecot, u, PASSWORD, folder / u), users))
        return time.perf_counter() - began


def _ours(dovecot: Dovecot, users: list[str], home: Path) -> dict[str, float]:
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
    for user in users:
        register(store, actor, company, dovecot.host, dovecot.port, user)
    store.close()
    argv = [sys.executable, "-m", "tests.benchmarks.read_once", home, settings.database_url]
    done = subprocess.run(argv, check=True, capture_output=True, cwd=_ROOT)
    told: dict[str, float] = json.loads(done.stdout)
    assert told["documents"] == _MAILBOXES * _EACH
    assert not any(dovecot.messages(user) for user in users)
    return told


def test_two_hundred_mailboxes(
    dovecot: Dovecot,
    mails: list[bytes],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    """R36: 200 mailboxes of 10 messages, at least as fast as 8 mpop at once, within 150 MB."""
    theirs, ours, memory = [], [], []
    for n in range(_ROUNDS):
        theirs.append(_mpop(dovecot, _fill(dovecot, f"m{n}x", mails), tmp_path / f"mpop{n}"))
        told = _ours(dovecot, _fill(dovecot, f"o{n}x", mails), tmp_path / f"ours{n}")
        ours.append(told["seconds"])
        memory.append(told["memory"] + told["child"])
    count = _MAILBOXES * _EACH
    mpop, mine = statistics.median(theirs), statistics.median(ours)
    record_property("ours per second", round(count / mine))
    record_property("8 mpop per second", round(count / mpop))
    print(
        f"ours {count / mine:.0f}/s, 8 mpop {count / mpop:.0f}/s ({mpop / mine:.2f}), "
        f"{max(memory):.0f} MB"
    )
    assert mpop / mine >= 1.0
    assert max(memory) < 150
