"""A new password tried at every place of an account, against Postfix and Dovecot."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from services.health import rotate_test
from services.health.accounts import Account
from services.wire.endpoint import Endpoint, Login
from tests.servers.dovecot import Dovecot
from tests.servers.postfix import DOMAIN, Postfix
from tests.servers.scripted_smtp import SILENCE, ScriptedSmtp


def account(
    number: int, dovecot: Dovecot, postfix: Postfix | None, address: str, *, old: str = "velha"
) -> Account:
    smtp = None
    if postfix is not None:
        smtp = Endpoint("localhost", postfix.port, "starttls", ca_file=dovecot.ca_file)
    pop = Endpoint("LOCALHOST", dovecot.tls_port, "tls", ca_file=dovecot.ca_file)
    return Account(number, address, "Padaria", smtp, pop, Login(address, old))


async def test_each_place_once(dovecot: Dovecot, postfix: Postfix) -> None:
    """R15: the login at every distinct place, told as it comes; no e-mail is sent."""
    address = f"troca@{DOMAIN}"
    dovecot.add_user(address, "nova")
    first = account(1, dovecot, postfix, address)
    same = account(2, dovecot, postfix, address)
    reads = replace(account(3, dovecot, None, address))
    told: list[rotate_test.LoginTest] = []
    tests = await rotate_test.test_all([first, same, reads], "nova", on_test=told.append)
    assert told == tests
    assert [(t.protocol, t.port, t.server_ids, t.ok) for t in tests] == [
        ("smtp", postfix.port, (1, 2), True),
        ("pop", dovecot.tls_port, (1, 2, 3), True),
    ]
    assert dovecot.messages(address) == []


async def test_the_first_refusal_ends_it(dovecot: Dovecot, postfix: Postfix) -> None:
    """A wrong password is not tried elsewhere too, which could lock the account."""
    address = f"troca-recusada@{DOMAIN}"
    dovecot.add_user(address, "certa")
    tests = await rotate_test.test_all([account(1, dovecot, postfix, address)], "errada")
    (failed,) = tests
    assert (failed.protocol, failed.ok, failed.username) == ("smtp", False, address)
    assert failed.explanation
    assert "errada" not in repr(tests)


async def test_reading_is_tried_too(dovecot: Dovecot, postfix: Postfix) -> None:
    """Each user name is a place of its own: what one server takes another may refuse."""
    address = f"troca-le@{DOMAIN}"
    dovecot.add_user(address, "nova")
    reads = replace(account(2, dovecot, None, address), login=Login("ninguem", "velha"))
    tests = await rotate_test.test_all([account(1, dovecot, postfix, address), reads], "nova")
    assert [(t.protocol, t.username, t.ok) for t in tests] == [
        ("smtp", address, True),
        ("pop", address, True),
        ("pop", "ninguem", False),
    ]


async def test_nothing_to_try(dovecot: Dovecot) -> None:
    """An account without a login has no password."""
    silent = replace(account(1, dovecot, None, "x@y.example"), login=None)
    assert await rotate_test.test_all([silent], "nova") == []


async def test_it_ends_in_time_and_when_cancelled() -> None:
    """A total deadline over all places; what is not there is told in words."""
    async with ScriptedSmtp({"EHLO": SILENCE}) as server:
        place = Endpoint("127.0.0.1", server.port, "none", timeout=30)
        silent = Account(1, "a@x.example", "", place, None, Login("u", "velha"))
        (failed,) = await rotate_test.test_all([silent], "nova", deadline=0.3)
        assert failed.failure is not None
        assert failed.failure.kind == "timeout"
        running = asyncio.create_task(rotate_test.test_all([silent], "nova"))
        await asyncio.sleep(0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
    gone = replace(silent, smtp=replace(place, host="nao.existe.invalid"))
    (failed,) = await rotate_test.test_all([gone], "nova")
    assert failed.explanation
