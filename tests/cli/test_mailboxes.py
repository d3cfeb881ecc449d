"""``carteiro mailbox``: how a company's own mailbox is registered, tested and refused."""

from __future__ import annotations

from tests.cli.conftest import Run
from tests.servers.sink import Sink

CNPJ = "11222333000181"


def words(function: str, email: str, *more: str) -> tuple[str, ...]:
    """Register a mailbox of the company."""
    return (
        *("mailbox", "add", "--company", CNPJ, "--function", function, "--nickname", "Caixa"),
        *("--sender-name", "Padaria", "--email", email, "--password-stdin", *more, "--json"),
    )


def test_registered_tested_and_a_server_of_the_partner(carteiro: Run, sink: Sink) -> None:
    """R5, R8, R10: every advanced option, the test step by step, and the server linked to it."""
    place = ("--smtp-host", "127.0.0.1", "--smtp-port", str(sink.port), "--smtp-security", "none")
    options = ("--no-auth", "--no-verify-certificate", "--timeout", "7", "--per-minute", "9")
    made = carteiro(*words("send", "nfe@padaria.example", *place, *options), stdin="x\n").json
    assert (made["port"], made["security"], made["authenticate"]) == (sink.port, "none", False)
    assert (made["verify_certificate"], made["timeout"], made["most_per_minute"]) == (False, 7, 9)
    tested = carteiro("mailbox", "test", str(made["id"]), "--json")
    assert (tested.status, tested.json[-1]["step"]) == (0, "sent")
    assert sink.wait_for(1)[0].recipients == ("nfe@padaria.example",)
    (server,) = carteiro("server", "list", "--json").json
    assert (server["email"], server["companies"]) == ("nfe@padaria.example", [CNPJ])


def test_what_the_company_is_not_open_for(carteiro: Run) -> None:
    """R2, R3, R7: the reason on one line, exit 1, and nothing is saved."""
    place = ("--pop-host", "pop.padaria.example")
    sender = carteiro(*words("send", "a@padaria.example", "--smtp-host", "h.example"), stdin="x\n")
    assert sender.status == 0
    taken = carteiro(*words("read", "A@padaria.example", *place), stdin="x\n")
    assert (taken.status, taken.error["field"]) == (1, "email")
    assert "caixa de envio desta empresa" in taken.error["message"]
    edit = ("company", "edit", CNPJ)
    assert carteiro(*edit, "--document-import", "off").status == 0
    reader = carteiro(*words("read", "b@padaria.example", *place), stdin="x\n")
    assert (reader.status, "Importação de Documentos" in reader.error["message"]) == (1, True)
    assert carteiro(*edit, "--invoicy-mail", "on").status == 0
    relayed = carteiro(*words("send", "c@padaria.example"), stdin="x\n")
    assert (relayed.status, "InvoiCy Mail" in relayed.error["message"]) == (1, True)
    assert len(carteiro("server", "list", "--json").json) == 1
