"""Waiting for a code to be used, with a network that comes and goes (R44)."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from services import clock
from services.failure import Failure, Stage, WireError
from services.health import signing_in
from services.registry.microsoft import Link
from services.settings import Settings
from services.store.models import Function
from services.wire import entra_http
from services.wire.entra import DeviceCode, Person, SignedIn, Tokens

AWAY = Failure("login.example", Stage.SIGN_IN, "network")
SIGNED = SignedIn(Person("nfe@padaria.example", "1.2"), Tokens("a", clock.now(), "{}"))


class Scripted:
    """A provider that answers each question with the next of ``answers``."""

    def __init__(self, *answers: SignedIn | Failure | None) -> None:
        self._answers: Iterator[SignedIn | Failure | None] = iter(answers)

    def poll(self, asked: DeviceCode) -> SignedIn | None:
        answer = next(self._answers)
        if isinstance(answer, Failure):
            raise WireError(answer)
        return answer


def a_code(seconds: float) -> DeviceCode:
    return DeviceCode(
        "FBLWKDAZA",
        "https://microsoft.com/devicelogin",
        clock.now() + timedelta(seconds=seconds),
        0.0,
        None,
        {},
    )


@pytest.fixture
def somewhere(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path, database_url="sqlite://")


async def test_trouble_is_told_and_outlived(
    somewhere: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R44: a question without an answer is told and asked again; the next answer ends the trouble."""
    provider = Scripted(None, AWAY, AWAY, None, SIGNED)
    monkeypatch.setattr(signing_in, "registration", lambda _settings: provider)
    told: list[Failure | None] = []
    assert await signing_in.wait(somewhere, a_code(900), told.append) is SIGNED
    assert told == [None, AWAY, AWAY, None, None]


async def test_a_code_that_nobody_used_expires(
    somewhere: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R44: also where the provider cannot say so, because the network stays away."""
    provider = Scripted(AWAY)
    monkeypatch.setattr(signing_in, "registration", lambda _settings: provider)
    with pytest.raises(WireError) as refused:
        await signing_in.wait(somewhere, a_code(-1))
    assert refused.value.failure.kind == "expired"


def test_a_silent_provider_holds_up_nobodys_leaving(somewhere: Settings) -> None:
    """R44: who cancels a sign-in and leaves is gone at once, whatever Microsoft still owes."""
    with socket.create_server(("localhost", 0)) as provider:
        known = replace(
            somewhere,
            microsoft_client_id="carteiro",
            microsoft_authority=f"https://localhost:{provider.getsockname()[1]}",
        )
        link = Link("nfe@padaria.example", "consumers", (Function.SEND,), "nfe@padaria.example")

        async def leave() -> float:
            asking = asyncio.create_task(signing_in.ask_code(known, link))
            connection, _address = await asyncio.to_thread(provider.accept)
            held.append(connection)
            asking.cancel()
            with suppress(asyncio.CancelledError):
                await asking
            return time.monotonic()

        held: list[socket.socket] = []
        left = asyncio.run(leave())
        took = time.monotonic() - left
        for connection in held:
            connection.close()
    assert took < entra_http.CONNECT_SECONDS / 4
