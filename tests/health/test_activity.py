"""What mailboxes send and read over time, and what companies usually get (R50, R53)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from services import clock
from services.health import activity
from services.outbox.claims import Claim
from services.outbox.outcomes import Finished, Outcome
from services.registry import access, people
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.registry.people import UserDraft
from services.store.engine import Store
from services.store.mail import CompanyDay, OutboxState, ServerHour
from services.store.models import Kind
from tests.screens.partner import add_company, add_server, link

NOW = datetime(2026, 11, 27, 15, 30, tzinfo=UTC)


@pytest.fixture(autouse=True)
def at() -> Iterator[None]:
    clock.set_source(lambda: NOW)
    yield
    clock.set_source(None)


def ago(**given: float) -> None:
    clock.set_source(lambda: NOW - timedelta(**given))


def ended(server_id: int, *states: OutboxState) -> tuple[list[Outcome], list[Finished]]:
    claims = [Claim(number, 1, 1, 1) for number in range(len(states))]
    outcomes = [Outcome(claim, (), server_id) for claim in claims]
    finished = [Finished(n, 1, 1, None, "", state, ()) for n, state in enumerate(states)]
    return outcomes, finished


@pytest.fixture
def bakery(store: Store, actor: Actor) -> CompanyView:
    return add_company(store, actor, "Padaria", 1, document_import=True)


@pytest.fixture
def market(store: Store, actor: Actor) -> CompanyView:
    return add_company(store, actor, "Mercado", 2, document_import=True)


@pytest.fixture
def rui(store: Store, actor: Actor, bakery: CompanyView) -> Actor:
    """A user of the bakery alone."""
    with store.writing() as session:
        draft = UserDraft("rui", "Rui", "rui@x.example", "company", (bakery.cnpj,))
        people.add_user(session, actor, draft)
    with store.reading() as session:
        return access.identify(session, nickname="rui", owns_state=True)


def test_hours_and_days_add_up(store: Store, actor: Actor, bakery: CompanyView) -> None:
    """R50: the present hour is the last bar; what waits for its next attempt is not counted."""
    server = add_server(store, actor, "notas", kind=Kind.BOTH)
    sent, failed, waits = OutboxState.SENT, OutboxState.FAILED, OutboxState.DEFERRED
    for hours, states in (
        (0, (sent, sent, failed)),
        (0, (sent, waits)),
        (23, (sent,)),
        (50, (failed,)),
    ):
        ago(hours=hours)
        with store.writing() as session:
            activity.count_sent(session, *ended(server.id, *states))
            activity.count_read(session, server.id, 5, {bakery.id: 4})
    ago(hours=0)
    with store.reading() as session:
        found = activity.activity(session, actor)
        assert found.sent.hours[-1] == 3
        assert found.sent.hours[0] == 1
        assert sum(found.sent.hours) == 4
        assert found.failed.days[-3:] == (1, 0, 1)
        assert sum(found.fetched.days) == 20
        alone = activity.by_server(session, actor, [server.id])[server.id]
        assert alone == replace(found, email=server.email)
        assert activity.server_ids(session, actor) == [server.id]
        assert activity.server_ids(session, actor, filter="outra") == []


def test_a_mailbox_of_others_too_is_not_counted_for_a_company(
    store: Store, actor: Actor, rui: Actor, bakery: CompanyView, market: CompanyView
) -> None:
    """R53: the counts of a shared mailbox would tell what another company sends."""
    own = add_server(store, actor, "notas", kind=Kind.SEND)
    shared = add_server(store, actor, "todos", kind=Kind.SEND)
    link(store, actor, own, bakery)
    link(store, actor, shared, bakery, market)
    with store.writing() as session:
        for server in (own, shared):
            activity.count_sent(session, *ended(server.id, OutboxState.SENT))
    with store.reading() as session:
        assert sum(activity.activity(session, actor).sent.hours) == 2
        assert sum(activity.activity(session, rui).sent.hours) == 1
        assert activity.server_ids(session, rui) == [own.id]
        assert activity.by_server(session, rui, [shared.id]) == {}
        assert activity.company_ids(session, rui) == [bakery.id]
        assert list(activity.arrivals(session, rui, [bakery.id, market.id])) == [bakery.id]


def test_what_is_usual_is_held_against_what_came(
    store: Store, actor: Actor, bakery: CompanyView, market: CompanyView
) -> None:
    """R50: the median of the weeks before; a company without a custom is told of without one."""
    for week, count in enumerate((10, 12, 40, 11)):
        ago(days=7 * (4 - week))
        with store.writing() as session:
            activity.count_read(session, 1, count, {bakery.id: count})
    ago(days=1)
    with store.writing() as session:
        activity.count_read(session, 1, 3, {bakery.id: 3, market.id: 3})
    ago(days=0)
    with store.reading() as session:
        found = activity.arrivals(session, actor, [bakery.id, market.id])
        assert (found[bakery.id].expected, found[bakery.id].arrived) == (12, 3)
        assert found[bakery.id].low
        assert (found[market.id].expected, found[market.id].low) == (None, False)
        assert activity.company_ids(session, actor) == [bakery.id, market.id]
        assert activity.company_ids(session, actor, sort="nickname")[0] == market.id


def test_old_counts_go(store: Store, actor: Actor, bakery: CompanyView) -> None:
    ago(days=70)
    with store.writing() as session:
        activity.count_read(session, 1, 3, {bakery.id: 3})
    ago(days=0)
    with store.writing() as session:
        activity.count_read(session, 1, 2, {bakery.id: 2})
        activity.forget(session)
    with store.reading() as session:
        assert session.scalar(select(func.sum(ServerHour.fetched))) == 2
        assert session.scalar(select(func.sum(CompanyDay.documents))) == 2
