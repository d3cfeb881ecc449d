"""The peers themselves: each does all of its work, and so may be compared with."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.benchmarks import peers
from tests.benchmarks.first_paint import BARE, median_first_paint
from tests.benchmarks.load import fill
from tests.servers.dovecot import Dovecot
from tests.servers.sink import Sink

COUNT, SIZE = 2000, 80_000


@pytest.mark.parametrize("run", [peers.run_mpop, peers.run_getmail6])
def test_a_reader_delivers_everything(
    run: Callable[[Dovecot, str, str, Path], float], dovecot: Dovecot, tmp_path: Path
) -> None:
    user = run.__name__
    fill(dovecot, user, "senha", COUNT, SIZE)
    seconds = run(dovecot, user, "senha", tmp_path / "Maildir")
    delivered = list((tmp_path / "Maildir/new").iterdir())
    print(f"{user}: {COUNT / seconds:.0f} messages/s")
    assert len(delivered) == COUNT
    assert min(path.stat().st_size for path in delivered) > SIZE * 0.98
    assert dovecot.messages(user) == []


@pytest.mark.parametrize("sessions", [1, 10])
def test_smtp_source_sends_everything(sessions: int, sink: Sink) -> None:
    seconds = peers.run_smtp_source(sink.port, COUNT, SIZE, 3, sessions)
    print(f"smtp-source, {sessions} sessions, kept by the sink: {COUNT / seconds:.0f} messages/s")
    kept = sink.messages()
    assert len(kept) == COUNT
    assert {len(mail.recipients) for mail in kept} == {3}
    assert min(len(mail.raw) for mail in kept) > SIZE * 0.98
    sink.clear()
    with Sink(keep=False) as deaf:
        seconds = peers.run_smtp_source(deaf.port, COUNT, SIZE, 3, sessions)
    print(f"smtp-source, {sessions} sessions, thrown away: {COUNT / seconds:.0f} messages/s")


def test_consoles_paint() -> None:
    bare = median_first_paint(BARE)
    print(f"bare: {bare:.3f} s")
    for argv in (peers.posting(), peers.harlequin()):
        seconds = median_first_paint(argv)
        print(f"{Path(argv[0]).name}: {seconds:.3f} s, {seconds / bare:.1f} times bare")
        assert seconds > bare
