"""``carteiro read --dry-run`` over a real Dovecot (R42)."""

from __future__ import annotations

import pytest

from tests.cli.conftest import Run
from tests.documents import generator
from tests.reading.conftest import keys_of, letter
from tests.servers.dovecot import Dovecot


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_would_happen(carteiro: Run, dovecot: Dovecot) -> None:
    """R42: one JSON document, message by message; nothing is imported, deleted or remembered."""
    user = "ensaio-cli"
    dovecot.add_user(user, "segredo")
    for raw in (letter(1), letter(2, recipient=generator.cnpj(9))):
        dovecot.deliver(user, raw)
    made = carteiro(
        *("mailbox", "add", "--company", "11222333000181", "--function", "read", "--json"),
        *("--nickname", "Entrada", "--sender-name", "X", "--email", f"{user}@x.example"),
        *("--user", user, "--password-stdin", "--pop-host", dovecot.host),
        *("--pop-port", str(dovecot.port), "--pop-security", "none"),
        stdin="segredo\n",
    )
    assert made.status == 0, made.err
    number = made.json["id"]
    told = carteiro("read", "--dry-run", "--mailbox", str(number), "--json")
    assert told.status == 0, told.err
    assert (told.json["dry_run"], told.json["mailboxes"], told.json["failures"]) == (True, 1, [])
    first, second = told.json["messages"]
    assert (first["outcome"], first["deleted"], first["mailbox_id"]) == ("import", True, number)
    assert first["found"] == [
        {
            "kind": "NFe",
            "access_key": keys_of([1])[0],
            "company": "11222333000181",
            "outcome": "imported",
        }
    ]
    assert (second["outcome"], second["held"][0]["reason"]) == ("quarantine", "foreign_company")
    words = carteiro("read", "--dry-run")
    assert "importaria" in words.out
    assert "Nada foi excluído" in words.out
    for command in ("document", "quarantine"):
        assert carteiro(command, "list", "--json").json == []
    assert len(dovecot.messages(user)) == 2
    assert carteiro("read", "--json").json["documents"] == 1
    assert dovecot.messages(user) == []
