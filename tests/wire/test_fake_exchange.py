"""Mail servers that take tokens: what is sent by one is read by the other, or refused by both."""

from __future__ import annotations

import asyncio

import pytest

from services.failure import Stage, WireError
from services.wire import pop3, smtp
from services.wire.endpoint import Endpoint, Login
from tests.servers.dovecot import Dovecot
from tests.servers.entra import Entra
from tests.servers.postfix import Postfix

SENDER, READER = "nfe@padaria.example", "fiscal@padaria.example"
RAW = b"From: nfe@padaria.example\r\nTo: fiscal@padaria.example\r\nSubject: nota\r\n\r\noi\r\n"


@pytest.fixture
def mailboxes(entra: Entra, exchange_pop: Dovecot) -> None:
    for email in (SENDER, READER):
        entra.add_account(email)
        exchange_pop.add_user(email)
        for path in exchange_pop.messages(email):
            path.unlink()


def token(entra: Entra, email: str, *scopes: str) -> str:
    given: str = entra.tokens_for(email, *scopes)["access_token"]
    return given


async def connected(server: Postfix, login: Login) -> smtp.SmtpConnection:
    return await smtp.connect(
        Endpoint("localhost", server.port, "starttls", ca_file=server.ca_file), login
    )


async def read(server: Dovecot, login: Login) -> list[bytes]:
    """All messages of the mailbox."""
    where = Endpoint("localhost", server.port, "starttls", ca_file=server.ca_file)
    session = await pop3.connect(where, deadline=30)
    try:
        await session.login(login)
        listed = await session.list_messages()
        found = [
            item.data
            async for item in session.retrieve(
                [each.number for each in listed], [each.size for each in listed]
            )
            if isinstance(item, pop3.Retrieved)
        ]
        await session.quit()
    finally:
        session.abort()
    return found


async def refused(server: Dovecot | Postfix, login: Login) -> str:
    """The server's words when it lets nobody in."""
    with pytest.raises(WireError) as refusal:
        await (read(server, login) if isinstance(server, Dovecot) else connected(server, login))
    failure = refusal.value.failure
    assert failure.stage is Stage.LOGIN
    # Nobody is told to type a password again that there is not.
    assert (failure.kind, failure.permanent) == ("signin", True)
    assert login.secret not in failure.reply
    return failure.reply


@pytest.mark.usefixtures("mailboxes")
async def test_a_token_sends_and_another_reads(
    entra: Entra, exchange_pop: Dovecot, exchange_smtp: Postfix
) -> None:
    connection = await connected(exchange_smtp, Login(SENDER, token(entra, SENDER), "xoauth2"))
    assert connection.extensions["AUTH"] == "XOAUTH2"
    delivery = await connection.deliver(SENDER, [READER], RAW)
    await connection.quit()
    assert [outcome.verdict for outcome in delivery.outcomes] == [smtp.Verdict.SENT]
    await asyncio.to_thread(exchange_pop.wait_for, READER, 1)
    (raw,) = await read(exchange_pop, Login(READER, token(entra, READER), "xoauth2"))
    assert raw.endswith(b"\r\n\r\noi\r\n")


@pytest.mark.usefixtures("mailboxes")
async def test_a_revoked_token_is_refused_with_the_reason(
    entra: Entra, exchange_pop: Dovecot, exchange_smtp: Postfix
) -> None:
    login = Login(READER, token(entra, READER), "xoauth2")
    assert await read(exchange_pop, login) == []
    await (await connected(exchange_smtp, login)).quit()
    entra.revoke_access(READER)
    for server in (exchange_pop, exchange_smtp):
        assert '{"status":"401","schemes":"bearer"' in await refused(server, login)
    assert await read(exchange_pop, Login(READER, token(entra, READER), "xoauth2")) == []


@pytest.mark.usefixtures("mailboxes")
async def test_a_token_opens_its_own_mailbox_and_those_shared_with_it(
    entra: Entra, exchange_pop: Dovecot, exchange_smtp: Postfix
) -> None:
    login = Login(READER, token(entra, SENDER), "xoauth2")
    for server in (exchange_pop, exchange_smtp):
        assert "401" in await refused(server, login)
    entra.share(READER, SENDER)
    exchange_pop.deliver(READER, b"Subject: x\n\n")
    assert await read(exchange_pop, login) == [b"Subject: x\r\n\r\n"]
    assert "401" in await refused(exchange_smtp, login)


@pytest.mark.usefixtures("mailboxes")
async def test_a_token_works_for_what_it_was_given_until_it_expires(
    entra: Entra, exchange_pop: Dovecot, exchange_smtp: Postfix
) -> None:
    to_read = Login(
        READER, token(entra, READER, "https://outlook.office.com/POP.AccessAsUser.All"), "xoauth2"
    )
    assert await read(exchange_pop, to_read) == []
    assert "401" in await refused(exchange_smtp, to_read)
    entra.lifetime = 0
    over = Login(READER, token(entra, READER), "xoauth2")
    assert "401" in await refused(exchange_pop, over)


@pytest.mark.usefixtures("mailboxes")
async def test_passwords_send_nothing(exchange_pop: Dovecot, exchange_smtp: Postfix) -> None:
    exchange_pop.add_user(SENDER, "a password")
    with pytest.raises(WireError):
        await connected(exchange_smtp, Login(SENDER, "a password"))
