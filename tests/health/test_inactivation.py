"""The seven codes take a mailbox out of use, with one notice a company; nothing else does."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from services.clock import now
from services.failure import Failure, Stage
from services.health import facts, sign_ins
from services.notifications import bell
from services.registry import companies, links, mailboxes, servers
from services.registry.access import Actor
from services.registry.companies import CompanyDraft, CompanyView
from services.registry.mailbox_form import MailboxDraft
from services.registry.servers import ServerDraft
from services.store.engine import Store
from services.store.mail import OutboxMessage
from services.store.models import AuditEntry, Company, EmailServer, Function, Health, SignIn
from services.wire import aadsts
from tests.store_fixtures import PARTNER_KEY

OTHER = "33000167000101"


def refusal(code: int | None, kind: str = "inactivated", *, permanent: bool = True) -> Failure:
    return Failure(
        "login.microsoftonline.com", Stage.SIGN_IN, kind, f"AADSTS{code}: words", permanent,
        "por quê", code=code,
    )  # fmt: skip


@pytest.fixture
def server_id(store: Store, actor: Actor, company: CompanyView) -> int:
    """A server that both sends and reads, linked to two companies."""
    with store.writing() as session:
        session.get_one(Company, company.id).notification_email = "dono@padaria.example"
        other = companies.add(
            session, actor, CompanyDraft(OTHER, "Mercado", "Mercado Ltda", document_import=True)
        )
        made = servers.add(
            session, actor,
            ServerDraft(
                "both", "nfe", "Padaria", "nfe@padaria.example", PARTNER_KEY, password="x",
                smtp_host="127.0.0.1", smtp_port=587, smtp_security="starttls",
                pop_host="127.0.0.1", pop_port=995, pop_security="tls",
            ),
        )  # fmt: skip
        links.link(session, actor, made.id, [company.id, other.id])
    return made.id


def note(
    store: Store, server_id: int, failure: Failure, function: Function = Function.READ
) -> EmailServer:
    with store.writing() as session:
        facts.note_failure(session, server_id, failure, function=function)
    return row(store, server_id)


def row(store: Store, server_id: int) -> EmailServer:
    with store.reading() as session:
        return session.get_one(EmailServer, server_id)


def of_type(store: Store, actor: Actor, key: str) -> list[str]:
    with store.reading() as session:
        return [entry.text for entry in bell.feed(session, actor) if entry.type == key]


@pytest.mark.parametrize("code", aadsts.seven())
def test_at_the_first_return(store: Store, actor: Actor, server_id: int, code: int) -> None:
    """R45, R46, R47: out of use in the same unit of work as one notice for each company."""
    for function in (Function.SEND, Function.READ, Function.READ):
        server = note(store, server_id, refusal(code), function)
    assert (server.active, server.inactive_code) == (False, code)
    assert server.inactive_reason == aadsts.description(code)
    assert server.inactive_since is not None
    told = of_type(store, actor, "mailbox_inactivated")
    assert len(told) == 2
    for text in told:
        assert aadsts.description(code) in text
        assert aadsts.remedy(code) in text
    with store.reading() as session:
        trail = session.scalars(select(AuditEntry).where(AuditEntry.action == "inactivate")).all()
    assert [entry.user_nickname for entry in trail] == ["carteiro"]


def test_a_login_that_names_a_code_counts_too(store: Store, server_id: int) -> None:
    """R45: whoever met it, also the mail server that passes Microsoft's words on."""
    told = Failure("h:995", Stage.LOGIN, "signin", "-ERR AADSTS50173: expired", True)
    assert note(store, server_id, told).inactive_code == 50173


@pytest.mark.parametrize(
    "reply",
    ["-ERR AADSTS700005: no", "-ERR AADSTS53003: no", "-ERR AADSTS7000: no", "-ERR 70000 messages"],
)
def test_a_login_that_names_none_of_the_seven(store: Store, server_id: int, reply: str) -> None:
    """R48."""
    told = Failure("h:995", Stage.LOGIN, "signin", reply, True)
    assert note(store, server_id, told).inactive_code is None


def test_the_warning_never_leaves_by_the_dead_mailbox(
    store: Store, actor: Actor, company: CompanyView, server_id: int
) -> None:
    """R46: without another way the bell says why no e-mail left; with one it is queued."""
    note(store, server_id, refusal(700082))
    with store.reading() as session:
        assert session.scalars(select(OutboxMessage)).all() == []
    assert any(
        "Nenhum e-mail foi enviado" in t for t in of_type(store, actor, "mailbox_inactivated")
    )
    draft = MailboxDraft(
        "send", "outra", "Padaria", "outra@padaria.example", password="x",
        host="127.0.0.1", port=25, security="none",
    )  # fmt: skip
    with store.writing() as session:
        mailboxes.add(session, actor, company.id, draft)
        session.execute(update(EmailServer).where(EmailServer.id == server_id).values(
            active=True, inactive_code=None))  # fmt: skip
    note(store, server_id, refusal(50173))
    with store.reading() as session:
        (message,) = session.scalars(select(OutboxMessage)).all()
    assert message.company_id == company.id


def test_a_mailbox_of_nobody_warns_the_partner(
    store: Store, actor: Actor, server_id: int, company: CompanyView
) -> None:
    """R46: it is always in the bell."""
    with store.writing() as session:
        linked = [company.id, companies.by_cnpj(session, actor, OTHER).id]
        links.unlink(session, actor, server_id, linked)
    note(store, server_id, refusal(70000))
    (text,) = of_type(store, actor, "mailbox_inactivated")
    assert "nfe@padaria.example" in text


def test_many_at_the_same_moment_make_one_notice(
    store: Store, actor: Actor, server_id: int
) -> None:
    """R45, R46: sending, reading, test and check meet it together."""
    ready = threading.Barrier(6)

    def meet(function: Function) -> None:
        ready.wait()
        note(store, server_id, refusal(50076), function)

    threads = [threading.Thread(target=meet, args=(f,)) for f in [*Function] * 3]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(of_type(store, actor, "mailbox_inactivated")) == 2


@pytest.fixture
def travel(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Moves the clock on."""
    from services import clock

    moved = [timedelta()]
    real = now()

    def on(by: timedelta) -> None:
        moved[0] += by

    monkeypatch.setattr(clock, "_source", lambda: real + moved[0])
    return on


def test_other_refusals_rest_longer_and_longer(
    store: Store, actor: Actor, server_id: int, travel: Callable[[timedelta], None]
) -> None:
    """R48: an hour, six, a day; one notice while it is the same, and it never inactivates."""
    for hours in (1, 6, 24, 24):
        for function in Function:
            server = note(store, server_id, refusal(53003, "admin"), function)
        assert server.paused_until == now() + timedelta(hours=hours)
        assert (server.active, server.inactive_code, server.health) == (True, None, Health.FAILING)
        travel(timedelta(hours=hours, seconds=1))
    failed = of_type(store, actor, "sending_failed")
    assert len(failed) == 2
    note(store, server_id, refusal(65001, "signin"))
    assert len(of_type(store, actor, "sending_failed")) == 4


def test_a_sign_in_that_works_ends_the_rest(store: Store, server_id: int) -> None:
    """R48: cleared by success."""
    from services.wire.entra import Tokens

    note(store, server_id, refusal(53003, "admin"))
    with store.writing() as session:
        tokens = Tokens("token", now() + timedelta(hours=1), "{}")
        sign_ins.keep(session, server_id, tokens, 3_600)
    server = row(store, server_id)
    assert (server.health, server.paused_until, server.health_reason) == (Health.OK, None, None)
    with store.reading() as session:
        state = session.get_one(SignIn, server_id)
    assert (state.trouble, state.failures) == (None, 0)


@pytest.mark.parametrize("kind", ["network", "timeout", "later", "protocol", "certificate"])
def test_what_passes_by_itself_never_inactivates(
    store: Store, actor: Actor, server_id: int, kind: str
) -> None:
    """R48: not after any number of times, and without a notice."""
    for _time in range(8):
        server = note(store, server_id, refusal(None, kind, permanent=False))
    assert (server.active, server.inactive_code, server.health) == (True, None, Health.FAILING)
    with store.reading() as session:
        assert bell.feed(session, actor) == []
