"""Importing durably against the peers that only deliver, from the same Dovecot."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable
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
_MESSAGES = 2_000
_ROUNDS = 3


@pytest.fixture(scope="module")
def mails() -> list[bytes]:
    """2,000 messages of about 80 KB, each with a signed NF-e and a PDF."""
    return [
        generator.mail([generator.nfe(ISSUER, CNPJ, n, signed="cached")], seed=n)
        for n in range(1, _MESSAGES + 1)
    ]


def _fill(dovecot: Dovecot, user: str, mails: list[bytes]) -> None:
    dovecot.add_user(user, PASSWORD)
    for raw in mails:
        dovecot.deliver(user, raw)
    os.sync()


def _read(folder: Path, dovecot: Dovecot, user: str, *more: str) -> dict[str, float]:
    home = folder / user
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
    register(store, actor, company, dovecot.host, dovecot.port, user)
    store.close()
    argv = [sys.executable, "-m", "tests.benchmarks.read_once", home, settings.database_url, *more]
    done = subprocess.run(argv, check=True, capture_output=True, cwd=_ROOT)
    told: dict[str, float] = json.loads(done.stdout)
    assert told["documents"] == _MESSAGES
    assert told["checked"] == (_MESSAGES if more else 0)
    assert dovecot.messages(user) == []
    return told


def test_faster_than_mere_delivery(
    dovecot: Dovecot,
    mails: list[bytes],
    tmp_path: Path,
    record_property: Callable[[str, object], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """R36, R38: 1.4 times mpop and 14 times getmail6, within 150 MB."""
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    theirs, ours, memory = [], [], []
    for n in range(_ROUNDS):
        _fill(dovecot, f"mpop{n}", mails)
        theirs.append(peers.run_mpop(dovecot, f"mpop{n}", PASSWORD, tmp_path / f"mpop{n}"))
        _fill(dovecot, f"ours{n}", mails)
        told = _read(tmp_path, dovecot, f"ours{n}")
        ours.append(told["seconds"])
        memory.append(told["memory"] + told["child"])
    _fill(dovecot, "getmail", mails)
    getmail = peers.run_getmail6(dovecot, "getmail", PASSWORD, tmp_path / "getmail")
    mpop, mine = statistics.median(theirs), statistics.median(ours)
    record_property("ours per second", round(_MESSAGES / mine))
    record_property("mpop per second", round(_MESSAGES / mpop))
    record_property("getmail6 per second", round(_MESSAGES / getmail))
    record_property("memory MB", round(max(memory)))
    print(
        f"ours {_MESSAGES / mine:.0f}/s, mpop {_MESSAGES / mpop:.0f}/s ({mpop / mine:.2f}), "
        f"getmail6 {_MESSAGES / getmail:.0f}/s ({getmail / mine:.1f}), {max(memory):.0f} MB"
    )
    assert mpop / mine >= 1.4
    assert getmail / mine >= 14
    assert max(memory) < 150


def test_the_whole_with_its_checks(
    dovecot: Dovecot,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """R40: schema, signature, certificate and protocol of every document, at 0.7 of mpop's rate."""
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    signed = [
        generator.mail([generator.nfe(ISSUER, CNPJ, n)], seed=n) for n in range(1, _MESSAGES + 1)
    ]
    theirs, ours, memory = [], [], []
    for n in range(_ROUNDS):
        _fill(dovecot, f"mpopchecks{n}", signed)
        out = tmp_path / f"mpop{n}"
        theirs.append(peers.run_mpop(dovecot, f"mpopchecks{n}", PASSWORD, out))
        _fill(dovecot, f"checks{n}", signed)
        told = _read(tmp_path, dovecot, f"checks{n}", "checks")
        ours.append(told["seconds"])
        memory.append(told["memory"] + told["child"])
    mpop, mine = statistics.median(theirs), statistics.median(ours)
    record_property("checked per second", round(_MESSAGES / mine))
    record_property("memory MB", round(max(memory)))
    print(
        f"with checks {_MESSAGES / mine:.0f}/s, mpop {_MESSAGES / mpop:.0f}/s ({mpop / mine:.2f}), "
        f"{max(memory):.0f} MB"
    )
    assert mpop / mine >= 0.7
    assert max(memory) < 150
