"""``outbox`` and the pauses of mailboxes, as scripts use them."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Run

pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
CNPJ = "11222333000181"


def office(carteiro: Run) -> int:
    """A sending mailbox of the company, with a limit; its id."""
    return int(
        carteiro(
            "mailbox", "add", "--company", CNPJ, "--function", "send", "--nickname", "Notas",
            "--sender-name", "Padaria", "--email", "nfe@padaria.example", "--no-auth",
            "--smtp-host", "smtp.padaria.example", "--per-day", "300", "--connections", "2", "--json",
        ).json["id"]
    )  # fmt: skip


def notify(carteiro: Run) -> int:
    return int(
        carteiro(
            "notify", "--company", CNPJ, "--type", "general", "--subject", "s", "--body", "b",
            "--json",
        ).json["outbox_id"]
    )  # fmt: skip


def test_limits_are_told_changed_and_given_back(carteiro: Run) -> None:
    """R34: None is the provider's, 0 none."""
    box = office(carteiro)
    shown = carteiro("mailbox", "edit", str(box), "--per-minute", "0", "--json").json
    assert (shown["most_connections"], shown["most_per_minute"], shown["most_per_day"]) == (
        2, 0, 300,
    )  # fmt: skip
    shown = carteiro("mailbox", "edit", str(box), "--per-day", "provider", "--json").json
    assert shown["most_per_day"] is None
    refused = carteiro("mailbox", "edit", str(box), "--per-day", "muitos", "--json")
    assert (refused.status, refused.error["field"]) == (1, "per_day")


def test_a_paused_mailbox_says_who_and_what_waits_for_it(carteiro: Run) -> None:
    """R34: pause, status and resume, each with its exit code."""
    box, message = office(carteiro), notify(carteiro)
    before = carteiro("outbox", "status", "--json").json
    assert (before["due"], before["held"], before["per_minute"]) == (1, 0, 0)
    assert carteiro("outbox", "show", str(message), "--json").json["waits_for"] == "turn"
    paused = carteiro("mailbox", "pause", str(box), "--json").json
    assert (paused["paused_by"], paused["paused_until"]) == ("ana", None)
    assert "pausada por ana" in carteiro("mailbox", "list", "--company", CNPJ).out
    waiting = carteiro("outbox", "show", str(message), "--json").json
    assert waiting["waits_for"] == "paused_by_hand"
    assert "foi pausada por ana" in waiting["why"]
    assert carteiro("outbox", "status", "--company", CNPJ, "--json").json["held"] == 1
    server = str(paused["server_id"])
    assert carteiro("server", "resume", server, "--json").json["paused_by"] is None
    assert carteiro("server", "resume", server).status == 1
    assert [e["action"] for e in carteiro("audit", "list", "--json").json][:2] == [
        "resume", "pause",
    ]  # fmt: skip


def test_what_waits_is_listed_by_mailbox_and_cancelled(carteiro: Run) -> None:
    """R33: by the mailbox that it may leave by."""
    office(carteiro)
    message = notify(carteiro)
    listed = carteiro("outbox", "list", "--mailbox", "nfe@padaria", "--json").json
    assert [m["id"] for m in listed] == [message]
    assert carteiro("outbox", "list", "--mailbox", "outra@", "--json").json == []
    assert carteiro("outbox", "cancel", str(message), "--json").json == {"cancelled": 1}
    assert carteiro("outbox", "cancel", str(message)).status == 1
