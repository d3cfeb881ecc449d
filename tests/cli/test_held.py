"""What another process has, mailboxes and e-mails, is not passed over in silence (R33, R36)."""

from __future__ import annotations

import re

from services.outbox import claims
from services.reading.under_way import lease_name
from services.store import leases
from services.store.engine import Store
from tests.cli.conftest import Run


def test_who_reads_is_told_that_another_does(carteiro: Run, store: Store) -> None:
    """R36: a reader that died holds its mailbox until its lease runs out; by then nobody waits in vain."""
    made = carteiro(
        *("mailbox", "add", "--company", "11222333000181", "--function", "read", "--json"),
        *("--nickname", "Entrada", "--sender-name", "X", "--email", "nfe@padaria.example"),
        *("--password-stdin", "--pop-host", "127.0.0.1", "--pop-port", "9"),
        stdin="segredo\n",
    )
    assert made.status == 0, made.err
    (server,) = carteiro("server", "list", "--json").json
    with store.writing() as session:
        assert leases.take(session, lease_name(server["id"]), "gone", 45)
    for words in (
        ("worker", "--once", "--only", "reading"),
        ("read", "--mailbox", str(made.json["id"])),
    ):
        told = carteiro(*words)
        assert told.status == 0
        assert re.fullmatch(
            r"carteiro: 1 caixa não foi lida: .* reservada até \d\d:\d\d:\d\d\n", told.err
        ), told
        scripts = carteiro(*words, "--json")
        (held,) = scripts.json["held"]
        assert (held["email"], scripts.err) == ("nfe@padaria.example", "")
        assert held["until"]
    with store.writing() as session:
        leases.give_back(session, lease_name(server["id"]), "gone")
    freed = carteiro("read")
    assert (freed.status, freed.err) == (1, "")


def test_who_sends_is_told_of_what_another_has_claimed(carteiro: Run, store: Store) -> None:
    """R33: a sender of another host that died keeps its e-mails until its claims run out."""
    made = carteiro(
        *("mailbox", "add", "--company", "11222333000181", "--function", "send"),
        *("--nickname", "Saida", "--sender-name", "X", "--email", "nfe@padaria.example"),
        *("--no-auth", "--smtp-host", "127.0.0.1", "--smtp-port", "9"),
    )
    assert made.status == 0, made.err
    queued = ("--type", "general", "--subject", "Aviso", "--body", "x")
    assert carteiro("notify", "--company", "11222333000181", *queued).status == 0
    with store.writing() as session:
        (claimed,) = claims.claim(session, "another.1/7/1/ab", 10)
    told = carteiro("worker", "--once", "--only", "sending")
    assert told.status == 0
    assert re.fullmatch(
        r"carteiro: 1 e-mail não foi enviado: .* reservado até \d\d:\d\d:\d\d\n", told.err
    ), told
    scripts = carteiro("worker", "--once", "--only", "sending", "--json")
    assert (scripts.json["claimed"]["count"], scripts.err) == (1, "")
    with store.writing() as session:
        claims.release(session, [(claimed.message_id, claimed.fence)], "another.1/7/1/ab")
    freed = carteiro("worker", "--once", "--only", "sending")
    assert (freed.status, freed.err) == (0, "")
