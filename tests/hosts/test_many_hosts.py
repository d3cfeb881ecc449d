"""A console and two workers on machines of their own over one PostgreSQL: one is cut off, one killed."""

from __future__ import annotations

import os
import re
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.outbox import queue
from services.registry import companies, mailboxes, people
from services.registry.companies import CompanyDraft
from services.registry.mailbox_form import MailboxDraft
from services.settings import Settings
from services.store.engine import Store, open_store
from services.store.mail import Document, OutboxAttempt, OutboxMessage, OutboxState
from tests.documents import generator
from tests.hosts.machines import SERVERS, Bridge, Machine, servers_address
from tests.reading.conftest import ISSUER, PASSWORD
from tests.servers.dovecot import Dovecot
from tests.servers.ports import find, is_root, wait_until
from tests.servers.postgres import Postgres
from tests.servers.sink import Sink
from tests.store_fixtures import CNPJ

_ROOT = Path(__file__).parents[2]
_MAILBOXES, _EACH = 12, 10
_LETTERS = 600
_TAKEN_OVER = 60.0


@pytest.fixture
def network() -> Iterator[None]:
    """Where machines of their own can be made: root has the right to, and the tool is there."""
    if not is_root() or find("ip") is None:
        reason = "only root, with iproute2, makes network namespaces"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(reason)
    with servers_address():
        yield


@pytest.fixture
def shared(network: None) -> Iterator[Postgres]:
    """A PostgreSQL that other machines reach."""
    with Postgres(beyond=SERVERS) as server:
        yield server


def test_one_cut_off_one_killed_over_postgresql(
    shared: Postgres,
    dovecot: Dovecot,
    sink: Sink,
    home: Path,
    tmp_path: Path,
    record_property: Callable[[str, object], None],
) -> None:
    """R33, R38: nothing lost, nothing double but what is doubted, taken over within a minute."""
    url = shared.database()
    settings = Settings(home=home, database_url=url)
    store = open_store(settings)
    _fill(store, dovecot, sink)
    with ExitStack() as everything:
        for port in (dovecot.port, sink.port):
            everything.enter_context(Bridge(port))
        machines = [everything.enter_context(Machine(n)) for n in range(3)]
        # The first is somebody's console, which works as long as it is open.
        for machine, words in zip(machines, ((), ("worker",), ("worker",)), strict=True):
            own = tmp_path / machine.name
            own.mkdir(mode=0o700)
            (own / "carteiro.toml").write_text("reading_interval = 3\nsending_connections = 4\n")
            machine.start(
                [sys.executable, "-m", "tui_app", *words],
                {
                    **{k: v for k, v in os.environ.items() if k != "DBUS_SESSION_BUS_ADDRESS"},
                    "CARTEIRO_HOME": str(own),
                    "CARTEIRO_DATABASE_URL": url.replace("127.0.0.1", SERVERS),
                    "CARTEIRO_KEY_FILE": str(home / "master.key"),
                    "PYTHONPATH": str(_ROOT),
                    "TERM": "xterm-256color",
                },
            )
        wait_until(lambda: _at_work(store, machines), "all three work", 90)
        machines[1].cut()
        machines[2].kill()
        began, held = time.monotonic(), _claims(store)
        wait_until(lambda: not held & _claims(store), "what they held is taken over", _TAKEN_OVER)
        taken = time.monotonic() - began
        wait_until(lambda: _done(store), "the one that is left does the work of all", 120)
        done = time.monotonic() - began
        machines[1].mend()
        assert machines[1].alive()
        with store.writing() as session:
            last = _letter(session, 1_000)
        wait_until(lambda: _state(store, last) == OutboxState.SENT, "work goes on", 60)
        # Imported by one that then died, and deleted on the server by whoever goes on.
        wait_until(lambda: _emptied(dovecot), "every mailbox is empty", _TAKEN_OVER)
    with store.reading() as session:
        keys = session.scalars(select(Document.access_key)).all()
        doubted = set(
            session.scalars(
                select(OutboxMessage.message_id)
                .join(OutboxAttempt, OutboxAttempt.message_id == OutboxMessage.id)
                .where(OutboxAttempt.outcome == OutboxState.UNCERTAIN)
            )
        )
    store.close()
    assert len(keys) == len(set(keys)) == _MAILBOXES * _EACH
    copies = Counter(
        re.search(rb"^Message-ID: (\S+)", m.raw, re.MULTILINE | re.IGNORECASE)[1].decode()  # type: ignore[index]
        for m in sink.messages()
    )
    twice = {message for message, count in copies.items() if count > 1}
    record_property("seconds until taken over", round(taken, 1))
    record_property("seconds until all was done", round(done, 1))
    record_property("sent twice", len(twice))
    print(f"taken over after {taken:.1f} s, done after {done:.1f} s, {len(twice)} sent twice")
    assert len(copies) == _LETTERS + 1
    # The server took it and its host was gone before the record: nobody can know.
    assert twice <= doubted
    assert max(copies.values()) <= 2


def _emptied(dovecot: Dovecot) -> bool:
    return not any(dovecot.messages(f"host{n}") for n in range(_MAILBOXES))


def _fill(store: Store, dovecot: Dovecot, sink: Sink) -> None:
    with store.writing() as session:
        actor = people.initialise(
            session, partner="P", partner_key="k", nickname="ana", email="ana@p.example"
        )
        company = companies.add(
            session,
            actor,
            CompanyDraft(cnpj=CNPJ, nickname="C", legal_name="C", document_import=True),
        )
        mailboxes.add(session, actor, company.id, _draft("send", "nfe", sink.port))
        for number in range(_MAILBOXES):
            user = f"host{number}"
            dovecot.add_user(user, PASSWORD)
            for n in range(number * _EACH, (number + 1) * _EACH):
                xml = generator.nfe(ISSUER, CNPJ, n + 1, signed="cached")
                dovecot.deliver(user, generator.mail([xml], pdf_bytes=500, seed=n))
            mailboxes.add(session, actor, company.id, _draft("read", user, dovecot.port))
        for number in range(_LETTERS):
            _letter(session, number)


def _draft(function: str, user: str, port: int) -> MailboxDraft:
    return MailboxDraft(
        function=function,
        nickname=user,
        sender_name="C",
        email=f"{user}@empresa.example",
        username=user,
        password=PASSWORD,
        host=SERVERS,
        port=port,
        security="none",
        authenticate=function == "read",
        timeout=10,
    )


def _letter(session: Session, number: int) -> int:
    return queue.enqueue(
        session,
        partner_id=1,
        company_id=1,
        to=[f"cliente{number}@loja.example"],
        subject=f"Nota {number}",
        body="Segue.",
        attachments=[("nota.pdf", "application/pdf", os.urandom(40_000))],
    )


def _at_work(store: Store, machines: list[Machine]) -> bool:
    """Has each of them sent something, with much left?"""
    assert all(machine.alive() for machine in machines)
    with store.reading() as session:
        owners = session.scalars(
            select(OutboxMessage.lease_owner)
            .where(OutboxMessage.state == OutboxState.SENDING)
            .distinct()
        ).all()
        done = session.scalar(select(func.count()).where(OutboxMessage.state == OutboxState.SENT))
    return len(owners) == len(machines) or bool(done and done > _LETTERS // 2)


def _claims(store: Store) -> set[tuple[int, int]]:
    with store.reading() as session:
        rows = session.execute(
            select(OutboxMessage.id, OutboxMessage.fence).where(
                OutboxMessage.state == OutboxState.SENDING
            )
        )
        return {(row.id, row.fence) for row in rows}


def _done(store: Store) -> bool:
    with store.reading() as session:
        sent = session.scalar(select(func.count()).where(OutboxMessage.state == OutboxState.SENT))
        documents = session.scalar(select(func.count()).select_from(Document))
    return sent == _LETTERS and documents == _MAILBOXES * _EACH


def _state(store: Store, message_id: int) -> str:
    with store.reading() as session:
        return session.get_one(OutboxMessage, message_id).state
