"""Fifty ways in which a sign-in can fail, met by four processes at the same moment."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

from sqlalchemy import select

from services.notifications.announce import announce
from services.registry import companies
from services.registry.access import Actor
from services.registry.companies import CompanyDraft
from services.registry.microsoft import MicrosoftDraft
from services.settings import Settings
from services.store.engine import Store
from services.store.models import EmailServer
from services.store.notices import BellEntry
from services.wire import aadsts
from tests.documents.generator import cnpj
from tests.servers.entra import Entra
from tests.signed_in import register

TOP = Path(__file__).resolve().parents[2]
SEVEN = aadsts.seven()
CODES = (
    *SEVEN,
    *(700005, 7000, 53003, 65001, 50055, 50126, 700084, 16000, 50034, 50053, 50057, 50105, 90094),
    *(530003, 500011, 700016, 7000218, 9002331, 90002, 50196, 90033, 90024, 80012, 123456789),
)
ANSWERS: tuple[tuple[int, str | dict[str, Any], dict[str, str] | None], ...] = (
    (500, {"error": "server_error", "error_codes": [70000]}, None),
    (502, "<html>bad gateway</html>", None),
    (503, {"error": "temporarily_unavailable", "error_codes": [90033]}, None),
    (503, "AADSTS700082: down", {"Retry-After": "3600"}),
    (504, "", None),
    (429, {"error": "invalid_grant", "error_codes": [50173]}, {"Retry-After": "60"}),
    (429, "slow down", None),
    (400, "AADSTS70000: no JSON at all", None),
    (400, {"error": "invalid_grant"}, None),
    (400, {"error": "invalid_grant", "error_description": "AADSTS700005: The provided code"}, None),
    (400, {"error": "interaction_required", "suberror": "basic_action"}, None),
    (400, {"error": "temporarily_unavailable"}, None),
    (401, {"error": "invalid_client", "error_codes": [7000215]}, None),
    (403, "<html>proxy: 50076 forbidden</html>", None),
    (400, "[]", None),
    (200, "", None),
    (200, "<html>captive portal AADSTS50079</html>", None),
    (200, {"token_type": "Bearer"}, None),
)  # fmt: skip
SILENT = 1


def test_exactly_the_seven_inactivate_with_one_notice_each(
    store: Store, actor: Actor, entra: Entra, settings: Settings
) -> None:
    """R45, R46, R48: fifty refusals; sending, reading and the check meet each in two processes."""
    assert len(CODES) + len(ANSWERS) + SILENT == 50
    known = replace(
        settings,
        microsoft_authority=entra.base,
        microsoft_client_id=entra.client_id,
        ca_file=entra.ca_file,
    )
    store.settings = known
    entra.lifetime = 60
    expected: dict[int, int] = {}
    for number in range(50):
        email = f"n{number}@padaria.example"
        server_id = _mailbox(store, actor, entra, known, number, email)
        if number < len(CODES):
            entra.refuse(email, CODES[number])
            if CODES[number] in SEVEN:
                expected[server_id] = CODES[number]
        elif number < len(CODES) + len(ANSWERS):
            entra.answer(email, *ANSWERS[number - len(CODES)])
        else:
            entra.silence(email)
    entra.reply_delay = 0.05
    _all_jobs_at_once(known)
    with store.reading() as session:
        servers = session.scalars(select(EmailServer)).all()
        told = session.execute(
            select(BellEntry.company_id, BellEntry.type_key).where(
                BellEntry.company_id.is_not(None)
            )
        ).all()
    found = {server.id: server.inactive_code for server in servers if not server.active}
    assert found == expected
    assert all(server.inactive_code is None for server in servers if server.active)
    notices = Counter(company for company, key in told if key == "mailbox_inactivated")
    assert sorted(notices.values()) == [1] * len(SEVEN)
    others = Counter(
        company for company, key in told if key in ("sending_failed", "reading_failed")
    )
    assert set(others.values()) == {1}
    assert not notices.keys() & others.keys()
    assert all(entra.refreshes[server.email] == 1 for server in servers if not server.active)


def _mailbox(
    store: Store, actor: Actor, entra: Entra, known: Settings, number: int, email: str
) -> int:
    """A company with one mailbox that sends and reads, and an e-mail that waits."""
    with store.writing() as session:
        company = companies.add(
            session,
            actor,
            CompanyDraft(
                cnpj(number), f"Loja {number}", "Loja Ltda", document_import=True,
                notification_email="dono@padaria.example",
            ),
        )  # fmt: skip
    # No mail server is ever reached: nobody gets as far as a token.
    draft = MicrosoftDraft(
        "both", email, account="personal", smtp_host="localhost", smtp_port=1, pop_host="localhost",
        pop_port=1,
    )  # fmt: skip
    server_id = register(store, actor, company.id, entra, known, draft)
    with store.writing() as session:
        announce(
            session, partner_id=actor.partner_id, company_id=company.id, type_key="general",
            subject="espera", body="texto",
        )  # fmt: skip
    with store.writing() as session:
        from services.store.models import SignIn

        session.get_one(SignIn, server_id).check_at = None
    return server_id


def _all_jobs_at_once(known: Settings) -> None:
    words = (
        *(str(known.home), known.database_url, known.microsoft_authority),
        *(str(known.microsoft_client_id), str(known.ca_file)),
    )
    program = str(Path(__file__).with_name("jobs_process.py"))
    started = [
        subprocess.Popen(
            [sys.executable, program, *words, names],
            cwd=TOP,
            env={"PYTHONPATH": str(TOP), "PATH": "/usr/bin:/bin"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        for names in ("sending,reading", "inactivation", "sending,reading", "inactivation")
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write(b"go\n")
        process.stdin.close()
    try:
        assert [process.wait(timeout=120) for process in started] == [0] * len(started)
    finally:
        for process in started:
            process.kill()
            process.wait()
