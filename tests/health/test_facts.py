"""What a failure means for a mailbox, and what it does not."""

from __future__ import annotations

import pytest

from services.clock import now
from services.failure import Failure, Stage
from services.health import facts
from services.health.accounts import account_of
from services.notifications import bell
from services.reading import due
from services.registry import mailboxes, servers, ways_out
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.registry.mailbox_form import MailboxDraft
from services.settings import Settings
from services.store.engine import Store
from services.store.models import Company, EmailServer, Function, Health, Kind, Mailbox

WRONG = Failure("h:995", Stage.LOGIN, "password", "-ERR [AUTH] no", True, "Senha não confere")


@pytest.fixture
def server_id(store: Store, actor: Actor, company: CompanyView) -> int:
    draft = MailboxDraft(
        "read", "entrada", "", "entrada@padaria.example", password="segredo",
        host="127.0.0.1", port=995, security="tls",
    )  # fmt: skip
    with store.writing() as session:
        return mailboxes.add(session, actor, company.id, draft).server_id


def note(store: Store, server_id: int, failure: Failure) -> EmailServer:
    with store.writing() as session:
        facts.note_failure(session, server_id, failure)
    with store.reading() as session:
        return session.get_one(EmailServer, server_id)


def test_five_wrong_passwords_stop_it_with_one_notice(
    store: Store, actor: Actor, server_id: int
) -> None:
    """R48."""
    healths = [note(store, server_id, WRONG).health for _ in range(7)]
    assert healths == [Health.FAILING] * 4 + [Health.DOWN] * 3
    with store.reading() as session:
        (entry,) = bell.feed(session, actor)
    assert entry.type == "reading_failed"
    assert "Senha não confere" in entry.text


def test_a_success_between_starts_the_count_anew(store: Store, server_id: int) -> None:
    """R48: in a row."""
    for _round in range(2):
        for _time in range(4):
            note(store, server_id, WRONG)
        with store.writing() as session:
            facts.note_success(session, server_id)
    with store.reading() as session:
        server = session.get_one(EmailServer, server_id)
        assert (server.health, server.refusals, server.health_reason) == (Health.OK, 0, None)


def test_sending_and_reading_are_counted_apart(store: Store, actor: Actor, server_id: int) -> None:
    """R48: a reading that goes well says nothing of what the sending server refuses, nor the reverse."""
    with store.writing() as session:
        session.get_one(EmailServer, server_id).kind = Kind.BOTH
    for _time in range(4):
        with store.writing() as session:
            facts.note_failure(session, server_id, WRONG, function=Function.SEND)
            facts.note_success(session, server_id, function=Function.READ)
    note(store, server_id, WRONG)
    with store.reading() as session:
        server = session.get_one(EmailServer, server_id)
        assert (server.health, server.refusals, server.pop_refusals) == (Health.FAILING, 4, 1)
    with store.writing() as session:
        assert facts.note_failure(session, server_id, WRONG, function=Function.SEND) == Health.DOWN
        facts.note_success(session, server_id, function=Function.READ)
    with store.reading() as session:
        server = session.get_one(EmailServer, server_id)
        assert (server.health, server.pop_refusals) == (Health.DOWN, 0)
        assert server.health_reason is not None
    with store.writing() as session:
        facts.note_success(session, server_id)
    with store.reading() as session:
        server = session.get_one(EmailServer, server_id)
        assert (server.health, server.refusals, server.health_reason) == (Health.OK, 0, None)


def test_each_direction_has_its_own_health(
    store: Store, actor: Actor, company: CompanyView, server_id: int
) -> None:
    """R48: of a server that sends and reads, what fails in one direction says nothing of the other."""
    away = Failure("h:995", Stage.TCP, "timeout", explanation="Não respondeu")
    busy = Failure("h:587", Stage.TCP, "network", explanation="Sem caminho")
    send, read = Function.SEND, Function.READ
    with store.writing() as session:
        server = session.get_one(EmailServer, server_id)
        server.kind, server.smtp_host, server.smtp_port = Kind.BOTH, "127.0.0.1", 587
        server.smtp_security = "starttls"
        session.add(Mailbox(server_id=server_id, company_id=company.id, function=send))

    def now_is() -> tuple[dict[str, tuple[str, str | None]], str, str | None, tuple[str, ...]]:
        with store.reading() as session:
            boxes = mailboxes.list_of(session, actor, company.id)
            seen = servers.view(session, actor, server_id)
        each = {view.function: (view.health, view.health_reason) for view in boxes}
        return each, seen.health, seen.health_reason, seen.failing

    def said(function: Function, failure: Failure | None) -> None:
        with store.writing() as session:
            if failure is None:
                facts.note_success(session, server_id, function=function)
            else:
                facts.note_failure(session, server_id, failure, function=function)

    said(read, away)
    only_reading = (
        {"send": ("ok", None), "read": ("failing", "Não respondeu")},
        "failing",
        "POP3: Não respondeu",
        (read,),
    )
    assert now_is() == only_reading
    said(send, None)
    assert now_is() == only_reading
    said(send, busy)
    assert now_is() == (
        {"send": ("failing", "Sem caminho"), "read": ("failing", "Não respondeu")},
        "failing",
        "SMTP: Sem caminho · POP3: Não respondeu",
        (send, read),
    )
    said(read, None)
    assert now_is() == (
        {"send": ("failing", "Sem caminho"), "read": ("ok", None)},
        "failing",
        "SMTP: Sem caminho",
        (send,),
    )
    said(send, None)
    assert now_is() == ({"send": ("ok", None), "read": ("ok", None)}, "ok", None, ())


@pytest.mark.parametrize("refused", Function)
def test_jobs_go_on_in_the_direction_that_works(
    store: Store, actor: Actor, company: CompanyView, server_id: int, refused: Function
) -> None:
    """R48: a password that POP refuses stops the polling, not the sending, and the reverse."""
    with store.writing() as session:
        server = session.get_one(EmailServer, server_id)
        server.kind, server.smtp_host, server.smtp_port = Kind.BOTH, "127.0.0.1", 587
        server.smtp_security = "starttls"
        session.add(Mailbox(server_id=server_id, company_id=company.id, function=Function.SEND))
    for _time in range(facts.MOST_REFUSALS):
        with store.writing() as session:
            facts.note_failure(session, server_id, WRONG, function=refused)
    with store.reading() as session:
        row = session.get_one(Company, company.id)
        sends = ways_out.why_none(session, row) is None
        reads = [target.server_id for target in due.due(session)] == [server_id]
        boxes = mailboxes.list_of(session, actor, company.id)
    assert (sends, reads) == (refused == Function.READ, refused == Function.SEND)
    assert {view.function: view.health == Health.DOWN for view in boxes} == {
        function: function == refused for function in Function
    }


@pytest.mark.parametrize("kind", ["network", "timeout", "dns", "certificate", "closed", "busy"])
def test_network_errors_never_stop_it(
    store: Store, actor: Actor, server_id: int, kind: str
) -> None:
    """R48."""
    failure = Failure("h:995", Stage.TCP, kind, permanent=False)
    for _time in range(10):
        server = note(store, server_id, failure)
    assert server.health == Health.FAILING
    assert server.active
    assert server.inactive_code is None
    with store.reading() as session:
        assert bell.feed(session, actor) == []


def test_a_quota_pauses(store: Store, server_id: int) -> None:
    """R34: until its time, also when reading goes well meanwhile."""
    quota = Failure("h:25", Stage.SENDER, "quota", "550 5.4.5 limit")
    with store.writing() as session:
        facts.note_failure(session, server_id, quota, function=Function.SEND)
        facts.note_success(session, server_id)
    with store.reading() as session:
        paused = session.get_one(EmailServer, server_id).paused_until
    assert paused is not None
    assert paused > now()


def test_the_account_comes_with_its_secret(
    store: Store, settings: Settings, server_id: int
) -> None:
    with store.reading() as session:
        account = account_of(session, server_id, settings)
    assert account.smtp is None
    assert account.pop is not None
    assert (account.pop.host, account.pop.port, account.pop.security) == ("127.0.0.1", 995, "tls")
    assert account.login is not None
    assert account.login.secret == "segredo"
    assert "segredo" not in repr(account)


def test_a_quota_is_told_once_until_the_mailbox_works_again(
    store: Store, actor: Actor, company: CompanyView
) -> None:
    """R34: the pause shows, and one notice says so to each company that sends by it."""
    draft = MailboxDraft(
        "send", "nfe", "Padaria", "nfe@padaria.example", host="127.0.0.1", port=25,
        security="none", authenticate=False,
    )  # fmt: skip
    with store.writing() as session:
        server_id = mailboxes.add(session, actor, company.id, draft).server_id
    full = Failure("h:25", Stage.SENDER, "quota", "550 5.4.5 limit", False, "Limite atingido.")

    def notices() -> int:
        with store.reading() as session:
            return sum(entry.count for entry in bell.feed(session, actor))

    for _hour in range(3):
        with store.writing() as session:
            facts.note_failure(session, server_id, full, function=Function.SEND)
    assert notices() == 1
    with store.writing() as session:
        facts.note_success(session, server_id, function=Function.SEND)
        facts.note_failure(session, server_id, full, function=Function.SEND)
    assert notices() == 2
