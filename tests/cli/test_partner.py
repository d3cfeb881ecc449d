"""``carteiro partner``: the relay and for whom it is on, as scripts and people use it."""

from __future__ import annotations

import email
import email.policy

import pytest

from tests.cli.conftest import Run
from tests.servers.sink import Sink

CNPJ = "11222333000181"
RELAY = (
    *("partner", "set", "--relay-host", "relay.contabil.example", "--relay-port", "587"),
    *("--relay-security", "starttls", "--relay-user", "nf@contabil.example", "--password-stdin"),
)


def test_set_and_show(carteiro: Run) -> None:
    """R14: what is not said stays; no secret comes back."""
    made = carteiro(*RELAY, "--auto-invoicy-mail", "on", "--json", stdin="segredo\n").json
    assert made["relay"]["email"] == "nf@contabil.example"
    assert made["auto_invoicy_mail"] is True
    assert made["companies_on"] == 0
    changed = carteiro("partner", "set", "--relay-email", "e@contabil.example", "--json").json
    assert (changed["relay"]["host"], changed["relay"]["email"]) == (
        "relay.contabil.example",
        "e@contabil.example",
    )
    shown = carteiro("partner", "show", "--json")
    assert shown.json == changed
    assert "segredo" not in shown.out
    text = carteiro("partner", "show")
    assert "relay.contabil.example:587 starttls" in text.out
    assert "Empresas com InvoiCy Mail" in text.out


def test_limits_of_the_relay(carteiro: Run) -> None:
    """R14, R34: its own, none (0), and back to the provider's."""
    set_one = ("partner", "set", "--json")
    assert carteiro(*RELAY, "--per-minute", "7", stdin="segredo\n").status == 0
    assert "7 por minuto" in carteiro("partner", "show").out
    assert carteiro(*set_one, "--per-minute", "0").json["relay"]["most_per_minute"] == 0
    assert carteiro(*set_one, "--per-minute", "provider").json["relay"]["most_per_minute"] is None
    assert carteiro(*set_one, "--per-day", "muitos").error["field"] == "per_day"


def test_new_companies_have_it_on_when_it_is_automatic(carteiro: Run) -> None:
    """R14: unless told otherwise."""
    assert carteiro("partner", "set", "--auto-invoicy-mail", "on").status == 0

    def added(cnpj: str, *options: str) -> bool:
        ran = carteiro(
            *("company", "add", "--cnpj", cnpj, "--nickname", "X", "--legal-name", "X Ltda"),
            *options,
            "--json",
        )
        return bool(ran.json["invoicy_mail"])

    assert added("33000167000101")
    assert not added("11444777000161", "--invoicy-mail", "off")
    for words in (("partner", "show"), ("company", "edit", CNPJ, "--invoicy-mail", "on")):
        assert "não está configurado: os e-mails das empresas" in carteiro(*words).out
    off = carteiro("company", "edit", CNPJ, "--invoicy-mail", "off")
    assert "não está configurado" not in off.out


@pytest.mark.parametrize(
    ("option", "value", "status", "field"),
    [
        ("--relay-host", "smtp relay", 1, "relay_host"),
        ("--relay-host", "", 1, "relay_host"),
        ("--relay-port", "0", 1, "relay_port"),
        ("--relay-port", "smtp", 1, "relay_port"),
        ("--relay-security", "ssl", 2, None),
        ("--relay-user", "a\r\nb", 1, "relay_user"),
        ("--relay-email", "nf@", 1, "relay_email"),
        ("--timeout", "0", 1, "timeout"),
        ("--auto-invoicy-mail", "yes", 2, None),
    ],
)
def test_bad_input_names_its_field_and_saves_nothing(
    carteiro: Run, option: str, value: str, status: int, field: str | None
) -> None:
    """Exit 1 (2 for wrong usage) with the field; neither relay nor switch is saved."""
    words = (*RELAY, "--relay-email", "nf@contabil.example", option, value, "--json")
    refused = carteiro(*words, stdin="segredo\n")
    assert refused.status == status
    assert refused.error["field"] == field
    assert carteiro("partner", "show", "--json").json["relay"] is None


def test_nothing_said_is_wrong_usage(carteiro: Run) -> None:
    assert carteiro("partner", "set", "--json").error["code"] == "usage"
    assert carteiro("partner", "test", "--json").error["code"] == "not_found"
    empty = carteiro(*RELAY, "--json", stdin="\n")
    assert empty.error["field"] == "password"


def test_only_for_the_partner(carteiro: Run) -> None:
    """R53: exit 3 for a company user."""
    made = carteiro(
        *("user", "add", "--nickname", "rui", "--name", "Rui", "--email", "rui@padaria.com.br"),
        *("--role", "company", "--company", CNPJ),
    )
    assert made.status == 0
    for words in (("show",), ("test",), ("set", "--auto-invoicy-mail", "on"), ("remove-relay",)):
        assert carteiro("partner", *words, "--user", "rui").status == 3


def test_a_test_and_a_company_by_the_relay(carteiro: Run, sink: Sink) -> None:
    """R14, R19: step by step with the options' names, then the company's e-mail by it."""
    there = ("--relay-port", str(sink.port), "--relay-security", "none")
    made = carteiro(
        *("partner", "set", "--relay-host", "127.0.0.1", *there),
        *("--relay-email", "nf@contabil.example"),
    )
    assert made.status == 0, made.err
    tested = carteiro("partner", "test", "--json")
    assert tested.status == 0
    assert [step["step"] for step in tested.json][-1] == "sent"
    sink.wait_for(1)
    sink.clear()
    assert carteiro("company", "edit", CNPJ, "--invoicy-mail", "on").status == 0
    queued = carteiro(
        *("notify", "--company", CNPJ, "--type", "general", "--subject", "Olá", "--body", "Texto"),
        "--json",
    ).json
    assert queued["outbox_id"] is not None
    assert carteiro("worker", "--once", "--only", "sending").status == 0
    (sunk,) = sink.wait_for(1)
    seen = email.message_from_bytes(sunk.raw, policy=email.policy.default)
    assert seen["From"] == "Padaria Ltda <nf@contabil.example>"
    shown = carteiro("outbox", "show", str(queued["outbox_id"]), "--json").json
    assert (shown["state"], shown["mailbox_id"]) == ("sent", None)
    assert shown["mailbox"] == "InvoiCy Mail (nf@contabil.example)"
    refused = carteiro("partner", "remove-relay", "--json")
    assert refused.error["code"] == "refused"
    assert carteiro("company", "edit", CNPJ, "--invoicy-mail", "off").status == 0
    assert carteiro("partner", "remove-relay", "--json").json["relay"] is None


def test_a_failing_test_names_the_option(carteiro: Run) -> None:
    """R19: the field to mend by the option's name; exit 1."""
    made = carteiro(
        *("partner", "set", "--relay-host", "127.0.0.1", "--relay-port", "1"),
        *("--relay-security", "none", "--relay-email", "nf@contabil.example"),
    )
    assert made.status == 0
    tested = carteiro("partner", "test", "--json")
    assert tested.status == 1
    assert tested.json[-1]["field"] == "relay_port"
