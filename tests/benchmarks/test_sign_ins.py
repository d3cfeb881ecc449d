"""What a key costs while the same process proves a thousand Microsoft sign-ins."""

from __future__ import annotations

from pathlib import Path

from services.registry import people
from services.settings import load
from services.store.engine import open_store
from tests.benchmarks.list_keys import end, p95, press, start
from tests.servers.entra import Entra
from tests.servers.ports import wait_until
from tests.signed_in import many

DOWN = b"\x1b[B"
KEYS = 120
COLD = 10
MAILBOXES = 1_000
FRAME_MS = 1000 / 60


def _world(home: Path, entra: Entra) -> None:
    (home / "carteiro.toml").write_text(
        f'home = "{home}"\nca_file = "{entra.ca_file}"\n'
        f'microsoft_authority = "{entra.base}"\nmicrosoft_client_id = "{entra.client_id}"\n'
    )
    store = open_store(load(home / "carteiro.toml", {}))
    with store.writing() as session:
        actor = people.initialise(
            session, partner="P", partner_key="k", nickname="ana", email="ana@p.example"
        )
    many(store, actor, entra, MAILBOXES)
    store.close()


def test_keys_while_a_thousand_sign_ins_are_proven(home: Path, entra: Entra) -> None:
    """A key is answered within a frame of 60 a second at p95, as at rest; each is renewed once."""
    _world(home, entra)
    pid, fd = start()
    rest = [press(fd, DOWN) for _n in range(COLD + KEYS)][COLD:]
    end(pid, fd)
    pid, fd = start(str(home), "sign-ins")
    wait_until(lambda: sum(entra.refreshes.values()) > 10, "the check has begun")
    busy = [press(fd, DOWN) for _n in range(COLD + KEYS)][COLD:]
    still_checking = not (home / "done.txt").exists()
    wait_until((home / "done.txt").exists, "all are proven", timeout=120)
    end(pid, fd)
    proven, seconds = (home / "done.txt").read_text().split()
    print(
        f"down at rest {p95(rest):.1f} ms, meanwhile {p95(busy):.1f} ms; "
        f"{proven} proven in {seconds} s"
    )
    assert still_checking
    assert int(proven) == sum(entra.refreshes.values()) == MAILBOXES
    assert set(entra.refreshes.values()) == {1}
    assert p95(busy) <= FRAME_MS
