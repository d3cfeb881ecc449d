"""What *Saúde* tells: who is down, since when, why, whom it hits (R50)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update

from services.clock import now
from services.failure import Failure, Stage
from services.health import facts, overview
from services.health.incidents import MEMBERS, NEAR, incidents
from services.health.troubles import Hit, Trouble
from services.outbox import queue
from services.registry import links, people, relay
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.registry.people import UserDraft
from services.registry.server_views import ServerView
from services.store.engine import Store
from services.store.mail import OutboxMessage, OutboxState
from services.store.models import EmailServer, Function, Health, Kind, SignIn
from tests.screens.partner import add_company, add_server, link

WRONG = Failure("h:465", Stage.LOGIN, "password", "535 no", True, "Senha não confere")
QUOTA = Failure("h:465", Stage.SENDER, "quota", "452 too many", False, "Cota do dia esgotada")
EXPIRED = Failure("h", Stage.SIGN_IN, "signin", "AADSTS50173: revoked", True, code=50173)


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
        people.add_user(
            session, actor, UserDraft("rui", "Rui", "rui@x.example", "company", (bakery.cnpj,))
        )
    with store.reading() as session:
        from services.registry import access

        user = access.user_named(session, "rui")
        assert user is not None
        return access.actor_of(session, user)


def note(
    store: Store, server: ServerView, failure: Failure, function: Function = Function.SEND
) -> None:
    with store.writing() as session:
        facts.note_failure(session, server.id, failure, function=function)


def put(store: Store, server: ServerView, **values: Any) -> None:
    with store.writing() as session:
        session.execute(update(EmailServer).where(EmailServer.id == server.id).values(values))


def mail(store: Store, actor: Actor, company: CompanyView, **state: Any) -> int:
    with store.writing() as session:
        number = queue.enqueue(
            session, partner_id=actor.partner_id, company_id=company.id,
            to=["cliente@loja.example"], subject="NF-e", body="Segue.",
        )  # fmt: skip
        session.execute(
            update(OutboxMessage)
            .where(OutboxMessage.id == number)
            .values(state=OutboxState.DEFERRED, **state)
        )
    return number


def down(store: Store, actor: Actor) -> tuple[Trouble, ...]:
    """What is told; the numbers on the first screen are those of it, every time."""
    with store.reading() as session:
        found = overview.down(session, actor)
        out_of_use = [each for each in found if each.state in ("inactivated", "down")]
        assert overview.down_count(session, actor) == len(out_of_use)
        assert overview.unwell_count(session, actor) == len(found)
    return found


def test_all_is_well(store: Store, actor: Actor, bakery: CompanyView) -> None:
    """R50: what works, what nobody has tried yet and what a person switched off is not in it."""
    server = add_server(store, actor, "Notas")
    link(store, actor, server, bakery)
    off = add_server(store, actor, "Antiga")
    put(store, off, active=False, health=Health.DOWN, health_reason="recusou")
    assert down(store, actor) == ()
    with store.writing() as session:
        facts.note_success(session, server.id)
    assert down(store, actor) == ()


def test_what_a_code_inactivated(
    store: Store, actor: Actor, bakery: CompanyView, market: CompanyView
) -> None:
    """R45, R50: since when, the code with the mission's words, the companies, what they wait with."""
    server = add_server(store, actor, "Notas")
    link(store, actor, server, bakery, market)
    mail(store, actor, bakery)
    mail(store, actor, bakery)
    put(store, server, mechanism="xoauth2")
    before = now()
    note(store, server, EXPIRED)
    (trouble,) = down(store, actor)
    assert (trouble.state, trouble.code) == ("inactivated", 50173)
    assert trouble.wants_sign_in
    assert trouble.since is not None
    assert before <= trouble.since <= now()
    assert trouble.reason
    assert set(trouble.companies) == {bakery.cnpj, market.cnpj}
    assert {hit.nickname: hit.waiting for hit in trouble.hits} == {"Padaria": 2, "Mercado": 0}
    assert (trouble.companies_count, trouble.waiting) == (2, 2)
    assert trouble.mailbox_id is not None
    assert trouble.incident is None


def test_only_what_has_no_other_way_out_waits_for_it(
    store: Store, actor: Actor, bakery: CompanyView, market: CompanyView
) -> None:
    """R13, R50: a company with another usable mailbox is hit, but its e-mails are not held up."""
    server, other = add_server(store, actor, "Notas"), add_server(store, actor, "Reserva")
    link(store, actor, server, bakery, market)
    link(store, actor, other, market)
    for company in (bakery, market, market):
        mail(store, actor, company)
    mail(store, actor, bakery, sent_at=now())
    with store.writing() as session:
        session.execute(
            update(OutboxMessage)
            .where(OutboxMessage.sent_at.is_not(None))
            .values(state=OutboxState.SENT)
        )
    for _time in range(5):
        note(store, server, WRONG)
    (trouble,) = down(store, actor)
    assert (trouble.state, trouble.code) == ("down", None)
    assert not trouble.wants_sign_in
    assert "Senha não confere" in trouble.reason
    assert {hit.nickname: hit.waiting for hit in trouble.hits} == {"Padaria": 1, "Mercado": 0}


def test_one_direction_of_two(store: Store, actor: Actor, bakery: CompanyView) -> None:
    """R50: where only reading fails, reading is named and no queued e-mail waits."""
    server = add_server(store, actor, "Ambos", kind=Kind.BOTH)
    link(store, actor, server, bakery)
    mail(store, actor, bakery)
    note(store, server, WRONG, Function.READ)
    (trouble,) = down(store, actor)
    assert (trouble.state, trouble.functions, trouble.tested) == (
        "failing", (Function.READ,), "both",
    )  # fmt: skip
    assert trouble.host == "pop.contabil.example"
    assert trouble.waiting == 0
    for _time in range(5):
        note(store, server, WRONG, Function.SEND)
    (trouble,) = down(store, actor)
    assert (trouble.state, trouble.functions) == ("down", (Function.SEND, Function.READ))
    assert trouble.reason.count("Senha não confere") == 1
    assert trouble.waiting == 1


def test_a_quota_only_rests(store: Store, actor: Actor, bakery: CompanyView) -> None:
    """R34, R50: it says until when, and is no failure that anybody must mend."""
    server = add_server(store, actor, "Notas")
    link(store, actor, server, bakery)
    mail(store, actor, bakery)
    note(store, server, QUOTA)
    (trouble,) = down(store, actor)
    assert (trouble.state, trouble.ends_by_itself, trouble.waiting) == ("paused", True, 1)
    assert trouble.until is not None
    assert trouble.until > now()
    put(store, server, paused_until=now() - timedelta(seconds=1))
    (trouble,) = down(store, actor)
    assert (trouble.state, trouble.until, trouble.waiting) == ("failing", None, 0)


def test_a_refused_sign_in_is_not_a_rest(store: Store, actor: Actor, bakery: CompanyView) -> None:
    """R48, R50: what rests for want of a sign-in waits for a person, and tells its code."""
    server = add_server(store, actor, "Notas")
    link(store, actor, server, bakery)
    put(store, server, mechanism="xoauth2")
    refused = Failure("h", Stage.SIGN_IN, "signin", "AADSTS65001: consent", True, code=65001)
    note(store, server, refused)
    (trouble,) = down(store, actor)
    assert (trouble.state, trouble.code, trouble.until) == ("failing", 65001, None)
    with store.reading() as session:
        assert session.get_one(SignIn, server.id).trouble == "65001"


def test_the_relay(
    store: Store, actor: Actor, rui: Actor, bakery: CompanyView, market: CompanyView
) -> None:
    """R14, R50, R53: it holds up the companies with InvoiCy Mail on; only the partner sees it."""
    with store.writing() as session:
        values = {"host": "relay.example", "email": "nf@contabil.example", "authenticate": False}
        number = relay.set_relay(session, actor, values).relay
        assert number is not None
        from services.registry import companies

        companies.edit(session, actor, bakery.id, {"invoicy_mail": True})
        session.execute(
            update(EmailServer)
            .where(EmailServer.id == number.id)
            .values(health=Health.DOWN, health_since=now(), health_reason="recusou")
        )
    for company in (bakery, bakery, market):
        mail(store, actor, company)
    (trouble,) = down(store, actor)
    assert (trouble.kind, trouble.mailbox_id, trouble.tested) == ("relay", None, "send")
    assert [(hit.nickname, hit.waiting) for hit in trouble.hits] == [("Padaria", 2)]
    assert down(store, rui) == ()


def test_company_users_see_their_own(
    store: Store, actor: Actor, rui: Actor, bakery: CompanyView, market: CompanyView
) -> None:
    """R53: neither other companies' mailboxes, nor the other companies of a shared one."""
    shared, theirs = add_server(store, actor, "Comum"), add_server(store, actor, "Mercado")
    loose = add_server(store, actor, "Solta")
    link(store, actor, shared, bakery, market)
    link(store, actor, theirs, market)
    for company in (bakery, market):
        mail(store, actor, company)
    for server in (shared, theirs, loose):
        put(store, server, health=Health.DOWN, health_since=now(), health_reason="recusou")
    assert {each.server_id for each in down(store, actor)} == {shared.id, theirs.id, loose.id}
    (trouble,) = down(store, rui)
    assert trouble.server_id == shared.id
    assert (trouble.companies, trouble.waiting) == ((bakery.cnpj,), 1)
    assert trouble.mailbox_id is not None
    with store.writing() as session:
        links.unlink(session, actor, shared.id, [bakery.id])
    assert down(store, rui) == ()


def test_the_worst_first_then_the_oldest(store: Store, actor: Actor) -> None:
    """R50."""
    at = now()
    wanted = []
    for n, (health, minutes) in enumerate(
        [("down", 30), ("down", 5), ("failing", 90), ("failing", 1)]
    ):
        server = add_server(store, actor, f"C{n}", smtp_host=f"smtp{n}.example")
        put(store, server, health=health, health_since=at - timedelta(minutes=minutes))
        wanted.append(server.id)
    assert [each.server_id for each in down(store, actor)] == wanted


def test_one_code_within_minutes_is_one_incident(
    store: Store, actor: Actor, bakery: CompanyView, market: CompanyView
) -> None:
    """R50: companies and e-mails that several members hold up count once."""
    at = now()
    members = []
    for n, minutes in enumerate((40, 31, 22)):
        server = add_server(store, actor, f"M{n}")
        link(store, actor, server, bakery)
        put(
            store, server, active=False, inactive_code=50173, inactive_reason="Revogado",
            inactive_since=at - timedelta(minutes=minutes),
        )  # fmt: skip
        members.append(server.id)
    late = add_server(store, actor, "Depois")
    link(store, actor, late, market)
    put(store, late, active=False, inactive_code=50173, inactive_since=at - timedelta(minutes=11))
    mail(store, actor, bakery)
    troubles = down(store, actor)
    (incident,) = overview.incidents(troubles)
    assert incident.server_ids == tuple(members)
    assert (incident.code, incident.companies_count, incident.waiting) == (50173, 1, 1)
    assert incident.last - incident.first == timedelta(minutes=18)
    part_of = {each.server_id: each.incident for each in troubles}
    assert part_of == {**dict.fromkeys(members, incident.id), late.id: None}


START = datetime(2026, 3, 9, 12, tzinfo=UTC)


@st.composite
def troubles(draw: st.DrawFn) -> list[Trouble]:
    count = draw(st.integers(0, 14))
    return [
        Trouble(
            server_id=n,
            mailbox_id=None,
            kind="send",
            email=f"m{n}@x.example",
            nickname="",
            mechanism="password",
            host=draw(st.sampled_from(("", "a.example", "b.example"))),
            state=state,
            since=draw(st.none() | st.integers(0, 90).map(lambda m: START + timedelta(minutes=m))),
            until=None,
            code=draw(st.sampled_from((50173, 70000))) if state == "inactivated" else None,
            reason="",
            functions=(Function.SEND,),
            tested="send",
            hits=tuple(Hit(c, str(c), "", c) for c in sorted(draw(st.sets(st.integers(1, 4))))),
        )
        for n in range(1, count + 1)
        for state in (draw(st.sampled_from(overview.STATES)),)
    ]


@given(troubles(), st.randoms())
def test_incidents_are_made_of_neighbours(given_ones: list[Trouble], chance: Any) -> None:
    """R50: each mailbox in one at most; three or more alike; none could join; the order is nothing."""
    found = incidents(given_ones)
    by_id = {each.server_id: each for each in given_ones}
    members = [server_id for incident in found for server_id in incident.server_ids]
    assert len(members) == len(set(members))
    for incident in found:
        group = [by_id[server_id] for server_id in incident.server_ids]
        assert len(group) >= MEMBERS
        assert incident.id == min(incident.server_ids)
        assert {each.code for each in group} == {incident.code}
        assert incident.code is not None or {each.host for each in group} == {incident.host}
        assert all(each.state != "paused" for each in group)
        times = sorted(each.since for each in group if each.since is not None)
        assert len(times) == len(group)
        assert (times[0], times[-1]) == (incident.first, incident.last)
        assert all(b - a <= NEAR for a, b in pairwise(times))
        hit = {hit.company_id: hit.waiting for each in group for hit in each.hits}
        assert (incident.companies_count, incident.waiting) == (len(hit), sum(hit.values()))
    for left in (each for each in given_ones if each.server_id not in members):
        alike = [
            each
            for each in given_ones
            if each.since is not None
            and left.since is not None
            and each.state != "paused"
            and left.state != "paused"
            and each.code == left.code
            and (each.code is not None or (each.host == left.host and each.host))
            and abs(each.since - left.since) <= NEAR
        ]
        # Itself and one neighbour at most: with two it would be one.
        assert len(alike) < MEMBERS
    shuffled = list(given_ones)
    chance.shuffle(shuffled)
    assert incidents(shuffled) == found
