"""Access tokens: renewed once whoever asks, kept each time, never an old refusal for a fresh one."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from services.clock import now
from services.failure import Stage, WireError
from services.health import sign_ins, tokens
from services.health.accounts import Account, account_of
from services.health.sign_ins import Kept
from services.health.tokens import SignIns
from services.registry import servers
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.registry.microsoft import MicrosoftDraft
from services.settings import Settings
from services.store.engine import Store
from services.store.models import EmailServer, Function, SignIn
from services.wire import entra_http, pop3, smtp
from services.wire.endpoint import Login
from tests.servers.dovecot import Dovecot
from tests.servers.entra import Entra
from tests.servers.postfix import Postfix
from tests.signed_in import register

EMAIL = "tokens@padaria.example"


@pytest.fixture
def known(settings: Settings, entra: Entra) -> Settings:
    """Settings with the fake provider."""
    return replace(
        settings,
        microsoft_authority=entra.base,
        microsoft_client_id=entra.client_id,
        ca_file=entra.ca_file,
    )


@pytest.fixture
def server_id(
    store: Store, actor: Actor, company: CompanyView, entra: Entra, known: Settings
) -> int:
    store.settings = known
    entra.lifetime = 60  # less than a token must have left: each use renews it
    draft = MicrosoftDraft("both", EMAIL, account="personal", smtp_host="localhost",
                           pop_host="localhost")  # fmt: skip
    return register(store, actor, company.id, entra, known, draft)


@pytest.fixture
def door(store: Store, known: Settings) -> Iterator[SignIns]:
    opened = SignIns(store, known)
    yield opened
    opened.close()


def account(store: Store, known: Settings, server_id: int) -> Account:
    with store.reading() as session:
        return account_of(session, server_id, known)


def kept(store: Store, server_id: int) -> Kept:
    with store.reading() as session:
        found = sign_ins.kept(session, server_id)
    assert found is not None
    return found


def refresh_tokens(found: Kept) -> list[str]:
    return [each["secret"] for each in json.loads(found.cache)["RefreshToken"].values()]


async def test_a_token_is_used_until_it_ends(
    store: Store, known: Settings, entra: Entra, server_id: int, door: SignIns
) -> None:
    """R44: renewed when it has less than five minutes left, and then no more."""
    used = account(store, known, server_id)
    entra.lifetime = 3_600
    first = await door.login(used, Function.SEND)
    second = await door.login(used, Function.READ)
    assert first is not None
    assert second is not None
    assert first.secret == second.secret == kept(store, server_id).access
    assert first.mechanism == "xoauth2"
    assert entra.refreshes[EMAIL] == 1


async def test_the_rotated_token_is_kept_every_time(
    store: Store, entra: Entra, server_id: int, door: SignIns
) -> None:
    """R44: each renewal replaces the refresh token, and the next one uses it."""
    seen = refresh_tokens(kept(store, server_id))
    for _time in range(3):
        await door.prove(server_id)
        seen += refresh_tokens(kept(store, server_id))
    assert len(set(seen)) == 4
    with store.reading() as session:
        row = session.get_one(SignIn, server_id)
        assert row.check_at is not None
        assert row.check_at > now() + timedelta(hours=23)


async def test_many_who_ask_at_once_make_one_request(
    store: Store, known: Settings, entra: Entra, server_id: int, door: SignIns
) -> None:
    """R44: single-flight, also between processes (each with its own door)."""
    entra.reply_delay = 0.3
    entra.lifetime = 3_600
    others = [SignIns(store, known) for _door in range(3)]
    used = account(store, known, server_id)
    logins = await asyncio.gather(
        *(each.login(used, f) for each in (door, *others) for f in [*Function] * 4)
    )
    assert len({login.secret for login in logins if login is not None}) == 1
    assert entra.refreshes[EMAIL] == 1
    for each in others:
        each.close()


async def test_a_refusal_is_not_remembered(
    store: Store, entra: Entra, server_id: int, door: SignIns
) -> None:
    """R48, R49: what is mended at Microsoft works at the next try, not a minute later."""
    entra.refuse(EMAIL, 53003)
    for _time in range(2):
        with pytest.raises(WireError, match="AADSTS53003"):
            await door.prove(server_id)
    assert entra.refreshes[EMAIL] == 2
    entra.accept(EMAIL)
    await door.prove(server_id)
    assert entra.refreshes[EMAIL] == 3


@pytest.mark.parametrize(
    ("status", "body", "headers", "kind"),
    [
        (500, {"error": "invalid_grant", "error_codes": [700082]}, None, "later"),
        (503, "<html>busy</html>", {"Retry-After": "120"}, "later"),
        (429, {"error": "invalid_grant", "error_codes": [50173]}, {"Retry-After": "5"}, "later"),
        (400, "<html>no JSON</html>", None, "protocol"),
        (200, "", None, "protocol"),
        (200, "[]", None, "protocol"),
        (200, {"token_type": "Bearer"}, None, "protocol"),
        (200, {"access_token": 7, "expires_in": "soon"}, None, "protocol"),
        (200, {"access_token": "x" * 2_000_000, "expires_in": 3_600}, None, "protocol"),
    ],
)
async def test_what_is_no_answer_passes_by_itself(
    store: Store, entra: Entra, server_id: int, door: SignIns,
    status: int, body: str | dict[str, object], headers: dict[str, str] | None, kind: str,
) -> None:  # fmt: skip
    """R48: never final, whatever the body says, and not replayed once it is over."""
    entra.answer(EMAIL, status, body, headers)
    with pytest.raises(WireError) as e:
        await door.prove(server_id)
    assert (e.value.failure.kind, e.value.failure.permanent) == (kind, False)
    assert e.value.failure.stage == Stage.SIGN_IN
    with store.reading() as session:
        assert session.get_one(EmailServer, server_id).inactive_code is None
    entra.accept(EMAIL)
    await door.prove(server_id)


async def test_a_provider_that_does_not_answer(
    entra: Entra, server_id: int, door: SignIns, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R48: there is a time-out, and it is no refusal."""
    monkeypatch.setattr(entra_http, "ANSWER_SECONDS", 0.5)
    entra.silence(EMAIL)
    with pytest.raises(WireError) as e:
        await door.prove(server_id)
    assert (e.value.failure.kind, e.value.failure.permanent) == ("timeout", False)
    entra.accept(EMAIL)


async def test_an_answer_without_end_holds_up_no_other_mailbox(
    entra: Entra, server_id: int, door: SignIns, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R48: an answer that never ends is a time-out, and its turn is the next one's."""
    monkeypatch.setattr(tokens, "_LEASE_SECONDS", 0.5)
    entra.silence(EMAIL)
    async with asyncio.timeout(entra_http.ANSWER_SECONDS / 2):
        for _each in range(tokens.AT_ONCE + 1):
            with pytest.raises(WireError) as e:
                await door.prove(server_id)
            assert (e.value.failure.kind, e.value.failure.permanent) == ("timeout", False)
    entra.accept(EMAIL)


async def test_a_token_that_the_mail_server_refuses_is_renewed_once(
    store: Store, known: Settings, entra: Entra, server_id: int, door: SignIns,
    exchange_pop: Dovecot, exchange_smtp: Postfix,
) -> None:  # fmt: skip
    """R44: by both protocols; a token revoked before its time costs nobody a reading."""
    exchange_pop.add_user(EMAIL)
    entra.lifetime = 3_600
    with store.writing() as session:
        row = session.get_one(EmailServer, server_id)
        row.smtp_port, row.smtp_security = exchange_smtp.port, "starttls"
        row.pop_port, row.pop_security = exchange_pop.tls_port, "tls"
    used = account(store, known, server_id)
    await door.login(used, Function.READ)

    async def read(login: Login | None) -> int:
        assert used.pop is not None
        assert login is not None
        session = await pop3.connect(used.pop, deadline=20)
        await session.login(login)
        await session.quit()
        return 1

    async def send(login: Login | None) -> int:
        assert used.smtp is not None
        connection = await smtp.connect(used.smtp, login)
        await connection.quit()
        return 2

    for number, (attempt, function) in enumerate(((read, Function.READ), (send, Function.SEND)), 1):
        entra.revoke_access(EMAIL)
        assert await door.through(used, function, attempt) == number
        assert entra.refreshes[EMAIL] == 1 + number


async def test_a_new_password_ends_the_sign_in(
    store: Store, actor: Actor, known: Settings, entra: Entra, server_id: int, door: SignIns
) -> None:
    """R44: the mailbox goes by its password from then on, and the tokens are gone."""
    with store.writing() as session:
        servers.edit(session, actor, server_id, {"password": "segredo"})
    login = account(store, known, server_id).login
    assert login == Login(EMAIL, "segredo")
    with store.reading() as session:
        assert sign_ins.kept(session, server_id) is None
        assert session.get(SignIn, server_id) is None
    with pytest.raises(WireError):
        await door.prove(server_id)
    assert entra.refreshes[EMAIL] == 0


async def test_what_is_trusted_does_not_come_from_the_environment(
    entra: Entra, server_id: int, door: SignIns, monkeypatch: pytest.MonkeyPatch, home: Path
) -> None:
    """A library's variables neither break the sign-in nor widen what it trusts."""
    (home / "other.pem").write_text("")
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, str(home / "other.pem"))
    await door.prove(server_id)
    assert entra.refreshes[EMAIL] == 1


async def test_a_redirect_is_not_followed(entra: Entra, server_id: int, door: SignIns) -> None:
    """A refresh token goes to nobody else."""
    entra.answer(EMAIL, 307, "", {"Location": f"{entra.base}/elsewhere"})
    with pytest.raises(WireError) as e:
        await door.prove(server_id)
    assert e.value.failure.kind == "protocol"
    assert not any("elsewhere" in request.path for request in entra.requests)
