"""The bell stays quick with a million entries: measured against its list of ten thousand (R52)."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

from services import clock
from services.notifications import bell, retention, ringing
from services.notifications.bell import Only
from services.office import Office
from services.registry.access import Actor
from tests.benchmarks.big_partner import COMPANIES
from tests.benchmarks.big_partner import fill as fill_partner

FEW, MANY = 10_000, 1_000_000
ROUNDS = 9
PAGE = 100
PEER = "first page"
MOST = 4.0
"""Times as long as that takes while it lists all of ten thousand entries, at most."""
_TYPES = ("document_imported", "sending_failed", "reading_failed", "general", "report_ready")
Ask = Callable[[Session], Any]


def test_a_million_entries(office: Office, actor: Actor) -> None:
    """R52: lists, counts, marks and new entries take a few times as long as the first page of
    ten thousand, measured in the same run; a list has no more than that many."""
    office.do_now(fill_partner, actor)
    companies = frozenset(range(1, 6))
    person = replace(actor, role="company", company_ids=companies, version=None)
    office.do_now(_add, actor, 0, FEW)
    few = _measure(office, actor, person)
    office.do_now(_add, actor, FEW, MANY)
    many = _measure(office, actor, person)
    for name, before in few.items():
        print(f"{name:<28} {before:7.2f} ms with {FEW}, {many[name]:7.2f} ms with {MANY}")
    assert {name: took for name, took in many.items() if took > MOST * few[PEER]} == {}


def _measure(office: Office, actor: Actor, person: Actor) -> dict[str, float]:
    """Milliseconds of each, the median; nothing is kept of what writes."""
    if office.store.is_sqlite:
        office.do_now(lambda session: session.execute(text("ANALYZE")))
    else:
        with office.store.write_engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").execute(
                text("VACUUM ANALYZE bell_entry")
            )

    def page(who: Actor, only: Only, words: str = "") -> Ask:
        def ask(session: Session) -> object:
            found = bell.ids(session, who, only=only, filter=words)
            return bell.rows(session, who, found[:PAGE])

        return ask

    def again(session: Session) -> object:
        return ringing.ring(
            session, partner_id=actor.partner_id, company_id=7, type_key="reading_failed",
            title="A leitura parou", same="caixa 7",
        )  # fmt: skip

    wanted: dict[str, Ask] = {
        PEER: page(actor, Only()),
        "first page of a person": page(person, Only()),
        "unread": page(actor, Only(unread=True)),
        "of a company": page(actor, Only(company_id=77)),
        "of a type": page(actor, Only(type_key="report_ready")),
        "of no such type": page(actor, Only(type_key="general", severity="error")),
        "errors": page(actor, Only(severity="error")),
        "errors of a company": page(actor, Only(company_id=77, severity="error")),
        "words": page(actor, Only(), "numero 77"),
        "words, none": page(actor, Only(), "inexistente"),
        "unread count": lambda s: bell.unread_count(s, actor),
        "unread count of a person": lambda s: bell.unread_count(s, person),
        "follow": lambda s: bell.feed(s, actor, limit=3),
        "a new entry": lambda s: bell.add(
            s, partner_id=actor.partner_id, company_id=7, type_key="general", title="x"
        ),
        "the same again": again,
        "mark a page read": lambda s: bell.mark_read(s, actor, bell.ids(s, actor)[:PAGE]),
        "mark all read": lambda s: bell.mark_all_read(s, actor),
        "mark all read of a person": lambda s: bell.mark_all_read(s, person),
        "drop the old": lambda s: retention.purge(s, 179.9),
    }
    return {name: _median(office, ask) for name, ask in wanted.items()}


def _median(office: Office, ask: Ask) -> float:
    took = []
    for _round in range(ROUNDS):
        with office.store.write_engine.connect() as connection, Session(connection) as session:
            session.info["store"] = office.store
            began = time.perf_counter()
            ask(session)
            took.append((time.perf_counter() - began) * 1_000)
            session.rollback()
    return statistics.median(took)


def _add(session: Session, actor: Actor, start: int, end: int) -> None:
    """Entries up to ``end``, over 180 days, the last of them an hour ago."""
    last = clock.now() - timedelta(hours=1)
    span = timedelta(days=180) // end
    microseconds = int(last.timestamp() * 1_000_000)
    step = int(span.total_seconds() * 1_000_000)
    kinds = " ".join(f"WHEN {n} THEN '{kind}'" for n, kind in enumerate(_TYPES[:4]))
    # The last type is a rare one; errors are one in five, but for one type in none.
    values = f"""
        n, n, {microseconds} - ({end} - n) * {step}, {microseconds} - ({end} - n) * {step}, 1,
        {actor.partner_id}, n % {COMPANIES} + 1,
        CASE WHEN n % 997 = 0 THEN '{_TYPES[4]}' ELSE CASE n % 4 {kinds} END END,
        CASE n % 4 WHEN 1 THEN 'error' WHEN 2 THEN 'warning' ELSE 'info' END,
        'Aviso numero ' || n, 'O que aconteceu, a quem atinge e o que fazer em seguida: ' || n
    """
    numbers = (
        f"SELECT generate_series({start + 1}::bigint, {end}::bigint) AS n"
        if session.get_bind().dialect.name == "postgresql"
        else f"WITH RECURSIVE up(n) AS (VALUES ({start + 1}) UNION ALL "
        f"SELECT n + 1 FROM up WHERE n < {end}) SELECT n FROM up"
    )
    session.execute(
        text(
            "INSERT INTO bell_entry (id, turn, at, first_at, count, partner_id, company_id, "
            f"type_key, severity, title, text) SELECT {values} FROM ({numbers}) AS numbers"
        )
    )
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text(f"SELECT setval('bell_entry_id_seq', {end})"))
