"""*Testar E-mail* on the command line: one direction, and both in one run."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import update

from services.settings import Settings
from services.store.engine import Store
from services.store.models import EmailServer
from tests.cli.conftest import Run
from tests.servers.dovecot import Dovecot
from tests.servers.ports import free_port
from tests.servers.postfix import DOMAIN, Postfix
from tests.servers.sink import Sink

CNPJ = "11222333000181"


def server_of_both(
    carteiro: Run, store: Store, email: str, password: str, smtp_port: int, pop_port: int
) -> str:
    """A server that sends and reads, on this machine; its id."""
    made = carteiro(
        *("mailbox", "add", "--company", CNPJ, "--function", "send", "--nickname", "Ambos"),
        *("--sender-name", "Padaria", "--email", email, "--password-stdin", "--json"),
        *("--smtp-host", "localhost", "--smtp-port", str(smtp_port)),
        *("--smtp-security", "starttls"),
        stdin=password + "\n",
    )
    assert made.status == 0, made.err
    with store.writing() as session:
        session.execute(
            update(EmailServer).values(
                kind="both", pop_host="localhost", pop_port=pop_port, pop_security="tls"
            )
        )
    (server,) = carteiro("server", "list", "--json").json
    return str(server["id"])


@pytest.fixture
def trusted(monkeypatch: pytest.MonkeyPatch, dovecot: Dovecot) -> Path:
    """The servers' authority is trusted."""
    monkeypatch.setenv("CARTEIRO_CA_FILE", str(dovecot.ca_file))
    return dovecot.ca_file


def test_both_directions_in_one_run(
    carteiro: Run, store: Store, dovecot: Dovecot, postfix: Postfix, trusted: Path
) -> None:
    """R19: one e-mail goes out and is read back; every step names its protocol."""
    email = f"cli-ambos@{DOMAIN}"
    dovecot.add_user(email, "segredo")
    number = server_of_both(carteiro, store, email, "segredo", postfix.port, dovecot.tls_port)
    before = len(dovecot.messages(email))
    ran = carteiro("server", "test", number, "--json")
    assert ran.status == 0, ran.out
    steps = [(step["protocol"], step["step"]) for step in ran.json]
    assert steps[0] == ("smtp", "dns")
    assert steps[7:9] == [("smtp", "sent"), ("pop", "dns")]
    assert steps[-1] == ("pop", "read_back")
    wanted = {"step", "ok", "detail", "explanation", "field", "ms", "protocol"}
    assert all(set(step) == wanted for step in ran.json)
    assert len(dovecot.messages(email)) == before + 1
    told = carteiro("server", "test", number).out
    assert "Endereço do servidor (SMTP)" in told
    assert "Endereço do servidor (POP)" in told


def test_a_failure_brings_its_guidance(
    carteiro: Run, store: Store, dovecot: Dovecot, postfix: Postfix, trusted: Path
) -> None:
    """R19, R51: the steps end at the first failure, and what cures it follows."""
    dovecot.add_user("cli-guia@gmail.com", "certa")
    number = server_of_both(
        carteiro, store, "cli-guia@gmail.com", "errada", postfix.port, dovecot.tls_port
    )
    ran = carteiro("server", "test", number, "--json")
    assert ran.status == 1
    assert (ran.json[-1]["step"], ran.json[-1]["field"]) == ("login", "password")
    told = carteiro("server", "test", number).out
    assert "Gmail: senha de app (carteiro guidance gmail.app_password)" in told


def test_nothing_listens(carteiro: Run, store: Store) -> None:
    """R19: no guidance for what none cures."""
    number = server_of_both(carteiro, store, "a@gmail.com", "x", free_port(), free_port())
    told = carteiro("server", "test", number)
    assert told.status == 1
    assert "carteiro guidance" not in told.out


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_it_gives_the_name_that_e_mails_leave_under(
    carteiro: Run, store: Store, settings: Settings, sink: Sink
) -> None:
    """R19: a server that takes letters from one host only is not tested from another."""
    (settings.home / "carteiro.toml").write_text('hostname = "saida.contabil.example"\n')
    made = carteiro(
        *("mailbox", "add", "--company", CNPJ, "--function", "send", "--nickname", "Notas"),
        *("--sender-name", "Padaria", "--email", "notas@padaria.example", "--no-auth"),
        *("--smtp-host", sink.host),
        *("--smtp-port", str(sink.port), "--smtp-security", "none", "--json"),
    )
    assert carteiro("mailbox", "test", str(made.json["id"])).status == 0
    assert sink.wait_for(1)[0].helo == "saida.contabil.example"
