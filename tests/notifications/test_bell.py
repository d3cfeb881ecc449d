"""The bell: newest first, read per user, seen by whom it concerns."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from services import clock
from services.clock import now
from services.notifications import bell
from services.notifications.bell import Only
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.store.engine import Store

Ring = Callable[..., int]


@pytest.fixture
def ring(store: Store, actor: Actor, company: CompanyView) -> Ring:
    def add(title: str = "Aviso", **given: object) -> int:
        values = {"company_id": company.id, "type_key": "general", "title": title, **given}
        with store.writing() as session:
            return bell.add(session, partner_id=actor.partner_id, **values)  # type: ignore[arg-type]

    return add


def test_the_feed_and_following_it(store: Store, actor: Actor, ring: Ring) -> None:
    """R52: newest first; after a known entry, in order."""
    entries = [ring(str(n)) for n in range(3)]
    with store.reading() as session:
        assert [e.id for e in bell.feed(session, actor)] == entries[::-1]
        turn = bell.rows(session, actor, entries)[entries[0]].turn
        assert [e.id for e in bell.feed(session, actor, after=turn)] == entries[1:]
        assert [e.id for e in bell.feed(session, actor, limit=1)] == entries[2:]


def test_reading_is_per_user(store: Store, actor: Actor, ring: Ring) -> None:
    entries = [ring() for _ in range(3)]
    with store.writing() as session:
        assert bell.mark_read(session, actor, entries[:1]) == 1
        assert bell.mark_read(session, actor, entries[:1]) == 0
        assert bell.unread_count(session, actor) == 2
        assert list(bell.ids(session, actor, only=Only(unread=True))) == entries[:0:-1]
        assert bell.rows(session, actor, entries)[entries[0]].read


def test_marking_all_reads_what_is_there_and_nothing_later(
    store: Store, actor: Actor, ring: Ring
) -> None:
    old = [ring(), ring()]
    for _round in range(2):
        with store.writing() as session:
            bell.mark_all_read(session, actor)
            assert bell.unread_count(session, actor) == 0
        # The second time they have settled, and one mark stands for all.
        later = now() + timedelta(minutes=5)
        clock.set_source(lambda later=later: later)
    clock.set_source(None)
    fresh = ring()
    with store.reading() as session:
        assert list(bell.ids(session, actor, only=Only(unread=True))) == [fresh]
        assert all(bell.rows(session, actor, old)[entry].read for entry in old)


def test_filters(store: Store, actor: Actor, company: CompanyView, ring: Ring) -> None:
    """R52: company, type, severity, words."""
    bad = ring("Quebrou", type_key="sending_failed")
    own = ring("Do parceiro", company_id=None)
    with store.reading() as session:
        assert list(bell.ids(session, actor, only=Only(severity="error"))) == [bad]
        assert list(bell.ids(session, actor, only=Only(type_key="general"))) == [own]
        assert list(bell.ids(session, actor, only=Only(company_id=company.id))) == [bad]
        assert list(bell.ids(session, actor, filter="QUEBROU padaria")) == [bad]


def test_company_users_see_their_companies_only(
    store: Store, actor: Actor, company: CompanyView, ring: Ring
) -> None:
    """R53: and never the partner's own entries."""
    mine = ring()
    ring(company_id=None)
    for companies, seen in ((frozenset({company.id}), [mine]), (frozenset[int](), [])):
        user = Actor(actor.user_id, "bia", actor.partner_id, "x", "company", "bia", companies)
        with store.reading() as session:
            assert list(bell.ids(session, user)) == seen
            assert bell.unread_count(session, user) == len(seen)
