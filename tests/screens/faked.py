"""What the pictures have in the place of the world outside: the same answers in the same time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from services.failure import Failure, Stage, WireError
from services.health.accounts import Account
from services.health.steps import Step
from services.reading.foresight import Foreseen
from services.reading.receipts import Found
from services.reading.rehearsal import Rehearsal
from services.reading.taking_apart.problems import Problem
from services.registry.microsoft import Link
from services.settings import Settings
from services.store.models import Function
from services.wire import aadsts
from services.wire.aadsts import Meaning
from services.wire.discovery import Candidate, Discovery
from services.wire.entra import MICROSOFT, DeviceCode, PastedAddress
from tests.screens import sample

BLOCKED = "bloqueada@padaria.example"
CLIENT_ID = "3f5a1c2e-7b1d-4c55-9a0e-0d3b5b1c8e77"


async def failing_test(
    account: Account,
    function: Function,
    *,
    on_step: Callable[[Step], None],
    hostname: str | None,
    sign_ins: object = None,
) -> list[Step]:
    """What a test of a server without an answer tells."""
    steps = [
        Step("dns", True, "203.0.113.25", "", None, 12.0, ""),
        Step(
            "tcp",
            False,
            "sem resposta em 10 s",
            "O servidor não respondeu: confira endereço e porta, e se um firewall os bloqueia.",
            "host",
            10_000.0,
            "",
        ),
    ]
    for step in steps:
        on_step(step)
    return steps


async def ask_code(settings: Settings, link: Link) -> DeviceCode:
    """A code; where the organization blocks them, what Microsoft says of that."""
    if link.email == BLOCKED:
        raise WireError(
            Failure(
                "login.microsoftonline.com",
                Stage.SIGN_IN,
                Meaning.ADMIN.value,
                "AADSTS53003: Access has been blocked by Conditional Access policies.",
                permanent=True,
                explanation=aadsts.advice(Meaning.ADMIN),
                code=53003,
            )
        )
    expires_at = sample.NOON + timedelta(minutes=14, seconds=42)
    return DeviceCode("FBLWKDAZA", "https://microsoft.com/devicelogin", expires_at, 5.0, None, {})


async def wait(settings: Settings, asked: DeviceCode, on_trouble: object) -> None:
    """Nobody uses the code."""
    await asyncio.Event().wait()


async def ask_address(settings: Settings, link: Link) -> PastedAddress:
    """An address as long as Microsoft's."""
    words = {
        "client_id": CLIENT_ID,
        "response_type": "code",
        "redirect_uri": "http://localhost",
        "scope": "https://outlook.office.com/SMTP.Send offline_access openid profile",
        "state": "gk2x0s9Vb7yQm1Tz4LrPcw",
        "code_challenge": "5nJkq3p0o0n7r1o4n8m2b6c9v3x7z1a5s9d3f7g1h5j",
        "code_challenge_method": "S256",
        "nonce": "8d1f0a3c5b7e9a2c4e6f8091a3b5c7d9e1f20314253647586970a1b2c3d4e5f6",
        "client_info": "1",
        "login_hint": link.signs_in,
    }
    url = f"{MICROSOFT}/{link.tenant}/oauth2/v2.0/authorize?{urlencode(words)}"
    return PastedAddress(url, None, {})


async def rehearsed(rehearsal: Rehearsal) -> AsyncGenerator[Foreseen, None]:
    """What a mailbox with one message of each sort would tell."""
    rehearsal.total = 4
    key = "42260344483401000135550010000018411000000018"
    mill = "Moinho <nfe@moinho.example>"
    yield Foreseen(1, "uidl-1", 80_214, "known", True, "NF-e 1840", mill)
    found = (Found("NFe", key, "11222333000181", "imported"),)
    yield Foreseen(2, "uidl-2", 81_377, "import", True, "NF-e 1841", mill, found)
    held = (Problem("foreign_company", key, "nfe-1842.xml"),)
    yield Foreseen(3, "uidl-3", 79_950, "quarantine", True, "NF-e 1842", mill, (), held)
    yield Foreseen(4, "uidl-4", 3_104, "nothing", True, "Promoção de março", mill)


async def discovered(email: str) -> Discovery:
    """Two servers of the address's own domain."""
    domain = email.rpartition("@")[2]
    ways = (("smtp", 465, "tls"), ("mail", 587, "starttls"))
    return Discovery(
        domain,
        tuple(
            Candidate("smtp", f"{host}.{domain}", port, security, "srv", outside=False)
            for host, port, security in ways
        ),
    )


FAKED: dict[str, Any] = {
    "services.health.email_test.run_test": failing_test,
    "services.health.signing_in.ask_code": ask_code,
    "services.health.signing_in.wait": wait,
    "services.health.signing_in.ask_address": ask_address,
    "services.reading.rehearsal.Rehearsal.run": rehearsed,
    "services.wire.discovery.discover": discovered,
    "screens.widgets.topbar.can_draw_bell": lambda: True,
    "screens.widgets.qr.can_draw_blocks": lambda: True,
    "screens.dialogs.sign_in_sheets.can_draw_blocks": lambda: True,
}
"""By the name of what they stand for."""
