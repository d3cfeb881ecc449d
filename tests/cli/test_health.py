"""``carteiro health``: what is down, for people and for scripts, and tested again (R49, R50)."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy import update

from services.clock import now
from services.store.engine import Store
from services.store.models import EmailServer
from tests.cli.conftest import Run
from tests.servers.ports import free_port
from tests.servers.sink import Sink

CNPJ = "11222333000181"


def mailbox(carteiro: Run, name: str, port: int) -> int:
    """A sending mailbox of the company, without a login; its server's id."""
    made = carteiro(
        *("mailbox", "add", "--company", CNPJ, "--function", "send", "--nickname", name),
        *("--sender-name", "Padaria", "--email", f"{name}@padaria.example", "--no-auth"),
        *("--smtp-host", "127.0.0.1", "--smtp-port", str(port), "--smtp-security", "none"),
        "--json",
    )
    assert made.status == 0, made.err
    number: int = made.json["server_id"]
    return number


def put(store: Store, *server_ids: int, **values: Any) -> None:
    with store.writing() as session:
        session.execute(update(EmailServer).where(EmailServer.id.in_(server_ids)).values(values))


def inactivated() -> dict[str, Any]:
    return {
        "active": False, "inactive_code": 50173, "inactive_reason": "A senha foi trocada.",
        "inactive_since": now(), "health": "down",
    }  # fmt: skip


def test_all_is_well(carteiro: Run) -> None:
    """R50: exit 0, and an empty array."""
    mailbox(carteiro, "notas", 25)
    told = carteiro("health")
    assert (told.status, told.out) == (0, "Todas as caixas estão bem\n")
    told = carteiro("health", "--json")
    assert (told.status, told.json) == (0, [])


def test_a_mailbox_is_down(carteiro: Run, store: Store) -> None:
    """R50: exit 1; which, since when, why, whom it hits and what waits for it."""
    number = mailbox(carteiro, "notas", 25)
    words = ("notify", "--company", CNPJ, "--type", "general", "--subject", "s", "--body", "b")
    assert carteiro(*words).status == 0
    put(store, number, **inactivated())
    told = carteiro("health", "--json")
    assert told.status == 1
    (one,) = told.json
    assert one["since"]
    wanted = {
        "id": number, "email": "notas@padaria.example", "state": "inactivated", "code": 50173,
        "reason": "A senha foi trocada.", "companies": [CNPJ], "waiting": 1, "incident": None,
        "functions": ["send"],
    }  # fmt: skip
    assert {name: one[name] for name in wanted} == wanted
    shown = carteiro("health")
    assert shown.status == 1
    assert all(w in shown.out for w in ("notas@padaria.example", "Inativada", "AADSTS50173"))


def test_an_incident_comes_first(carteiro: Run, store: Store) -> None:
    """R50: the same code on three mailboxes is told as one, before what stands alone."""
    alone, *three = (mailbox(carteiro, f"caixa{n}", 25) for n in range(4))
    put(store, alone, health="down", health_reason="recusou", health_since=now())
    put(store, *three, **inactivated())
    told = carteiro("health").out
    assert told.startswith("Incidente: 3 caixas, AADSTS50173, desde ")
    assert told.index("caixa3@") < told.index("caixa0@")
    by_id = {one["id"]: one["incident"] for one in carteiro("health", "--json").json}
    assert by_id == {alone: None, **dict.fromkeys(three, min(three))}


def test_what_only_rests_wakes_nobody(carteiro: Run, store: Store) -> None:
    """R34, R50: a pause is shown, and is no failure."""
    put(store, mailbox(carteiro, "notas", 25), paused_until=now().replace(year=2100))
    told = carteiro("health", "--json")
    assert (told.status, told.json[0]["state"]) == (0, "paused")


def test_retest_brings_back_what_passes(carteiro: Run, store: Store, sink: Sink) -> None:
    """R49, R50: every mailbox is tested, one line each; those that pass are in use again."""
    good = [mailbox(carteiro, f"boa{n}", sink.port) for n in range(3)]
    bad = mailbox(carteiro, "ruim", free_port())
    put(store, *good, bad, **inactivated())
    told = carteiro("health", "--retest", "--json")
    assert told.status == 1, told
    events = [json.loads(line) for line in told.out.splitlines()]
    assert {each["event"] for each in events} == {"tested"}
    assert {each["id"]: each["ok"] for each in events} == {**dict.fromkeys(good, True), bad: False}
    assert next(each["why"] for each in events if each["id"] == bad)
    assert [each["id"] for each in carteiro("health", "--json").json] == [bad]
    listed = {one["id"]: one["active"] for one in carteiro("server", "list", "--json").json}
    assert listed == {**dict.fromkeys(good, True), bad: False}
    bell = [entry["type"] for entry in carteiro("bell", "list", "--json").json]
    assert bell.count("mailbox_recovered") == 3
    put(store, bad, smtp_port=sink.port)
    again = carteiro("health", "--retest")
    assert again.status == 0, again
    assert again.out.startswith("✓ ruim@padaria.example")
    assert again.out.endswith("Todas as caixas estão bem\n")


@pytest.mark.parametrize("may_register", ["on", "off"])
def test_who_may_not_change_a_mailbox_does_not_bring_it_back(
    carteiro: Run, store: Store, sink: Sink, may_register: str
) -> None:
    """R11, R49, R53: a company user tests what is the company's; reactivating is changing it."""
    number = mailbox(carteiro, "notas", sink.port)
    words = ("user", "add", "--nickname", "rui", "--name", "Rui", "--email", "rui@x.example")
    assert carteiro(*words, "--role", "company", "--company", CNPJ).status == 0
    assert carteiro("company", "edit", CNPJ, "--may-register", may_register).status == 0
    put(store, number, **inactivated())
    told = carteiro("--user", "rui", "health", "--retest", "--json")
    event = json.loads(told.out)
    back = may_register == "on"
    assert (told.status, event["ok"], event["back"]) == (0 if back else 1, True, back)
    assert bool(event["why"]) is not back
