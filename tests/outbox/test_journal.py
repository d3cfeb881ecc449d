"""The journal of a claimant: what is read back, cut off, written anew, and given up."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.outbox import journal
from services.outbox.claims import Claim
from services.outbox.journal import Journal, Trace
from services.outbox.outcomes import Outcome, RecipientOutcome
from services.settings import Settings
from services.store import owner
from services.store.mail import OutboxState

CLAIM = Claim(7, 2, 1, 1)
TAKEN = Outcome(
    CLAIM,
    (RecipientOutcome(0, OutboxState.SENT, "250 ação ✓"), RecipientOutcome(1, OutboxState.FAILED)),
    3,
    4,
    "por quê",
    "C: DATA\nS: 250",
)


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, database_url="sqlite://")


@pytest.fixture
def written(settings: Settings) -> Iterator[Journal]:
    """The journal of a claimant."""
    opened = Journal(settings, "a/1/2/b")
    yield opened
    opened.close()


def test_what_was_heard_is_read_back_word_for_word(settings: Settings, written: Journal) -> None:
    """R33: the outcome as it was; of what is not mentioned, nothing has left."""
    written.leaving(CLAIM)
    assert journal.traces(settings, "a/1/2/b") == {(7, 2): Trace(None, in_doubt=True)}
    written.heard(TAKEN)
    assert journal.traces(settings, "a/1/2/b") == {(7, 2): Trace(TAKEN)}
    written.leaving(CLAIM)
    assert journal.traces(settings, "a/1/2/b") == {(7, 2): Trace(TAKEN, in_doubt=True)}
    assert journal.traces(settings, "another") is None


def test_a_line_that_was_cut_off_had_not_begun(settings: Settings, written: Journal) -> None:
    written.leaving(CLAIM)
    written.heard(TAKEN)
    (path,) = (settings.home / "sending").iterdir()
    whole = path.read_bytes()
    for cut in range(len(whole)):
        path.write_bytes(whole[:cut])
        found = journal.traces(settings, "a/1/2/b")
        assert found in ({}, {(7, 2): Trace(None, in_doubt=True)}, {(7, 2): Trace(TAKEN)})


def test_it_stays_small_and_forgets_nothing_that_is_not_on_record(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(journal, "MOST_BYTES", 2_000)
    written = Journal(settings, "a/1/2/b")
    open_claim = Claim(1_000, 1, 1, 1)
    written.leaving(open_claim)
    for number in range(200):
        written.leaving(Claim(number, 1, 1, 1))
        written.settled([number])
    (path,) = (settings.home / "sending").iterdir()
    assert path.stat().st_size < 3_000
    found = journal.traces(settings, "a/1/2/b")
    assert found is not None
    assert found[1_000, 1].in_doubt
    written.close()
    assert path.exists(), "one e-mail is not on record"
    assert len(list(path.parent.iterdir())) == 1


def test_it_goes_with_its_last_e_mail(settings: Settings) -> None:
    written = Journal(settings, "a/1/2/b")
    written.leaving(CLAIM)
    written.settled([7])
    written.close()
    assert not list((settings.home / "sending").iterdir())


def test_a_full_disk_leaves_no_half_of_it(settings: Settings) -> None:
    """Half a journal would call an e-mail unsent that has left; sending goes on without one."""
    written = Journal(settings, "a/1/2/b")
    full = os.open("/dev/full", os.O_WRONLY)
    os.dup2(full, written._file)
    os.close(full)
    written.leaving(CLAIM)
    written.heard(TAKEN)
    assert journal.traces(settings, "a/1/2/b") is None
    written.settled([7])
    written.close()


def test_a_folder_that_cannot_be_made_stops_nothing(tmp_path: Path) -> None:
    (tmp_path / "sending").write_text("in the way")
    written = Journal(Settings(home=tmp_path, database_url="sqlite://"), "a/1/2/b")
    written.leaving(CLAIM)
    written.close()


def test_what_ended_processes_left_is_swept_up(settings: Settings) -> None:
    """But not while their claims are open, nor what has just been opened."""
    code = "from services.store import owner; print(owner.name())"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    ended = ran.stdout.strip()
    opened = [Journal(settings, name) for name in (ended, f"{ended}x", owner.name())]
    journal.sweep(settings, [ended])
    folder = settings.home / "sending"
    assert len(list(folder.iterdir())) == 3
    an_hour_ago = time.time() - 3_600
    for path in folder.iterdir():
        os.utime(path, (an_hour_ago, an_hour_ago))
    journal.sweep(settings, [ended])
    assert len(list(folder.iterdir())) == 2
    journal.sweep(settings, [])
    assert len(list(folder.iterdir())) == 1
    for each in opened:
        each.close()
