"""Does a new password open every place of an account? Asked by logging in only, no e-mail is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from services.errors import Invalid
from services.failure import Failure, Stage, WireError
from services.health.accounts import Account
from services.language import _
from services.wire import pop3, smtp
from services.wire.endpoint import Endpoint, Login
from services.wire.replies import explain

DEADLINE = 90.0
"""Seconds that all the logins together may take."""


@dataclass(frozen=True, slots=True)
class LoginTest:
    """One place where a password was tried; ``failure`` None when it was let in.

    ``protocol`` is "smtp" or "pop"; ``server_ids`` are the registrations that go there.
    """

    protocol: str
    host: str
    port: int
    username: str
    server_ids: tuple[int, ...]
    failure: Failure | None = None

    @property
    def ok(self) -> bool:
        """Was it let in?"""
        return self.failure is None

    @property
    def explanation(self) -> str:
        """Why it was not let in, in plain words."""
        if self.failure is None:
            return ""
        return self.failure.explanation or explain(self.failure.kind)


@dataclass(frozen=True, slots=True)
class _Place:
    protocol: str
    endpoint: Endpoint
    username: str
    server_ids: tuple[int, ...]


async def test_all(
    accounts: Iterable[Account],
    password: str,
    *,
    hostname: str | None = None,  # noqa: PT028 - no test of pytest
    deadline: float = DEADLINE,  # noqa: PT028
    on_test: Callable[[LoginTest], None] | None = None,  # noqa: PT028
) -> list[LoginTest]:
    """Try ``password`` once at each distinct protocol, host, port, security and user name.

    SMTP logs in and quits, POP logs in and asks for the count (STAT). One place after the other,
    and the first failure ends it: a wrong password is not tried at the others too, which could
    lock the account. Nothing is raised for what a server does; a cancelled test closes its
    connection. Accounts without a login have nothing to try.
    """
    ends = asyncio.get_running_loop().time() + deadline
    done: list[LoginTest] = []
    for place in _places(accounts):
        failure = await _try(place, Login(place.username, password), hostname, ends)
        endpoint = place.endpoint
        done.append(
            LoginTest(
                place.protocol,
                endpoint.host,
                endpoint.port,
                place.username,
                place.server_ids,
                failure,
            )
        )
        if on_test is not None:
            on_test(done[-1])
        if failure is not None:
            break
    return done


def _places(accounts: Iterable[Account]) -> list[_Place]:
    found: dict[tuple[object, ...], _Place] = {}
    for account in accounts:
        if account.login is None:
            continue
        for protocol, endpoint in (("smtp", account.smtp), ("pop", account.pop)):
            if endpoint is None:
                continue
            name = account.login.username
            key = (protocol, endpoint.host.lower(), endpoint.port, endpoint.security, name)
            ids = found[key].server_ids if key in found else ()
            mine = (account.server_id,) if account.server_id is not None else ()
            found[key] = _Place(protocol, endpoint, name, (*ids, *mine))
    return list(found.values())


async def _try(place: _Place, login: Login, hostname: str | None, ends: float) -> Failure | None:
    """Why the login did not work, or None."""
    try:
        async with asyncio.timeout_at(ends):
            if place.protocol == "smtp":
                await _smtp(place.endpoint, login, hostname)
            else:
                await _pop(place.endpoint, login, ends)
    except TimeoutError:
        words = _("O teste passou do tempo máximo: o servidor responde devagar demais")
        return Failure(place.endpoint.who, Stage.LOGIN, "timeout", explanation=words)
    except WireError as e:
        return e.failure
    except Invalid as e:
        return Failure(place.endpoint.who, Stage.LOGIN, "config", explanation=e.message)
    return None


async def _smtp(endpoint: Endpoint, login: Login, hostname: str | None) -> None:
    connection = await smtp.connect(endpoint, login, local_hostname=hostname)
    try:
        await connection.quit()
    finally:
        connection.abort()


async def _pop(endpoint: Endpoint, login: Login, ends: float) -> None:
    left = ends - asyncio.get_running_loop().time()
    session = await pop3.connect(endpoint, deadline=left)
    try:
        await session.login(login)
        await session.stat()
        await session.quit()
    finally:
        session.abort()
