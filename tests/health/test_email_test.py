"""Testar E-mail, against Postfix, Dovecot and servers that misbehave."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from services.health.accounts import Account
from services.health.email_test import run_test
from services.health.steps import Step, cure_of, plan
from services.wire.endpoint import Endpoint, Login, Security
from tests.reading.conftest import letter
from tests.reading.maildrop import Maildrop
from tests.servers.dovecot import Dovecot
from tests.servers.postfix import DOMAIN, Postfix
from tests.servers.scripted_smtp import SILENCE, ScriptedSmtp
from tests.servers.sink import Sink

CONNECTING = ["dns", "tcp", "tls", "greeting", "login"]


def sending(port: int, *, login: Login | None = None, host: str = "127.0.0.1") -> Account:
    smtp = Endpoint(host, port, "none", timeout=2)
    return Account(None, "nfe@padaria.example", "Padaria São João", smtp, None, login)


def names(steps: list[Step]) -> list[str]:
    return [step.step for step in steps]


async def test_sending_and_reading_back(dovecot: Dovecot, postfix: Postfix) -> None:
    """R19: every step, told as it comes, with times, and the e-mail found in the mailbox."""
    address = f"teste-ida@{DOMAIN}"
    dovecot.add_user(address, "segredo")
    account = Account(
        None,
        address,
        "Padaria São João",
        Endpoint("localhost", postfix.port, "starttls", ca_file=dovecot.ca_file),
        Endpoint("localhost", dovecot.tls_port, "tls", ca_file=dovecot.ca_file),
        Login(address, "segredo"),
    )
    told: list[Step] = []
    steps = await run_test(account, "both", on_step=told.append)
    assert steps == told
    assert all(step.ok for step in steps), [s for s in steps if not s.ok]
    assert [(step.protocol, step.step) for step in steps] == plan(account, "both")
    assert names(steps[8:]) == [*CONNECTING, "list", "read_back"]
    assert [step.detail for step in steps if step.step == "tcp"] == [
        f"localhost:{postfix.port} · STARTTLS",
        f"localhost:{dovecot.tls_port} · TLS",
    ]
    assert all(step.ms >= 0 for step in steps)
    assert "segredo" not in repr(steps)
    assert "MAIL FROM" in steps[7].transcript


async def test_a_server_that_takes_away_what_was_fetched_keeps_it(
    sink: Sink, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R19, R38: a document that is there is for the reading, also where the e-mail never comes."""
    monkeypatch.setattr("services.health.email_test.READ_BACK_SECONDS", 0.5)
    monkeypatch.setattr("services.health.email_test._POLL_SECONDS", 0.1)
    async with Maildrop(letter(1), letter(2), consumes=True) as server:
        pop = Endpoint("127.0.0.1", server.port, "none")
        account = replace(sending(sink.port), pop=pop, pop_login=Login("u", "segredo"))
        steps = await run_test(account, "both")
        assert (steps[-1].step, steps[-1].ok) == ("read_back", False)
        assert server.retrieved == 2
        assert len(server.messages) == 2


async def test_a_reading_mailbox_is_looked_at_and_left_as_it_was(dovecot: Dovecot) -> None:
    """R19: nothing is fetched or deleted."""
    dovecot.add_user("teste-le", "segredo")
    dovecot.deliver("teste-le", b"Subject: x\r\n\r\ny\r\n")
    pop = Endpoint("localhost", dovecot.tls_port, "tls", ca_file=dovecot.ca_file)
    account = Account(None, "teste-le@x.example", "", None, pop, Login("teste-le", "segredo"))
    steps = await run_test(account, "read")
    assert names(steps) == [*CONNECTING, "list"]
    assert steps[-1].detail.startswith("1")
    assert "RETR" not in steps[-1].transcript
    assert "segredo" not in steps[-1].transcript
    assert len(dovecot.messages("teste-le")) == 1


async def test_a_wrong_password_names_the_field_and_the_cure(dovecot: Dovecot) -> None:
    """R19, R51: the provider's own guidance, and none for an unknown one."""
    dovecot.add_user("teste-senha", "segredo")
    pop = Endpoint("localhost", dovecot.port, "starttls", ca_file=dovecot.ca_file)
    account = Account(None, "a@x.example", "", None, pop, Login("teste-senha", "errada"))
    steps = await run_test(account, "read")
    last = steps[-1]
    assert cure_of(account, last) is None
    cure = cure_of(replace(account, email="a@gmail.com"), last)
    assert cure is not None
    assert cure.key == "gmail.app_password"
    assert (last.step, last.ok, last.field) == ("login", False, "password")
    assert last.explanation
    assert "errada" not in last.transcript


@pytest.mark.parametrize(
    ("script", "step", "field"),
    [
        ({"AUTH": "535 5.7.8 bad"}, "login", "password"),
        ({"MAIL": "550 5.7.60 SendAsDenied"}, "sender", "email"),
        ({"RCPT": "550 5.1.1 no such user"}, "recipient", None),
        ({"body": "552 5.3.4 too big"}, "sent", None),
        ({"greeting": SILENCE}, "greeting", "security"),
    ],
)
async def test_the_first_failure_ends_it(
    script: dict[str, str], step: str, field: str | None
) -> None:
    """R8, R19."""
    async with ScriptedSmtp(script) as server:
        steps = await run_test(sending(server.port, login=Login("u", "segredo")), "send")
    assert [s.ok for s in steps] == [True] * (len(steps) - 1) + [False]
    assert (steps[-1].step, steps[-1].field) == (step, field)
    assert steps[-1].explanation
    assert "segredo" not in repr(steps)


@pytest.mark.parametrize("security", ["none", "tls", "starttls"])
def test_the_plan_is_what_is_to_come(security: Security) -> None:
    """R19: TLS before the greeting, or after it where it is asked for by command."""
    place = Endpoint("localhost", 1, security)
    account = Account(None, "a@x.example", "", place, place, None)
    planned = [step for protocol, step in plan(account, "send") if protocol == "smtp"]
    order = {"none": [], "tls": ["tls", "greeting"], "starttls": ["greeting", "tls"]}[security]
    assert [s for s in planned if s in ("tls", "greeting")] == (order or ["greeting"])
    assert "login" not in planned
    assert plan(replace(account, login=Login("a", "b")), "read")[-2:] == [
        ("pop", "login"),
        ("pop", "list"),
    ]


async def test_what_is_not_there(dovecot: Dovecot) -> None:
    (step,) = await run_test(sending(25, host="nao.existe.invalid"), "send")
    assert (step.step, step.field) == ("dns", "host")
    steps = await run_test(sending(1), "send")
    assert names(steps) == ["dns", "tcp"]
    (step,) = await run_test(sending(25), "read")
    assert step.field == "pop_host"


async def test_it_ends_in_time_and_when_cancelled() -> None:
    """A total deadline over all steps."""
    async with ScriptedSmtp({"EHLO": SILENCE}) as server:
        account = sending(server.port)
        began = asyncio.get_running_loop().time()
        steps = await run_test(account, "send", deadline=0.5)
        assert not steps[-1].ok
        assert asyncio.get_running_loop().time() - began < 2
        running = asyncio.create_task(run_test(account, "send"))
        await asyncio.sleep(0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
