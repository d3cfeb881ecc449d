"""``carteiro server`` as a contract: words, exit statuses, JSON."""

from __future__ import annotations

from typing import Any

import pytest

from services.failure import Failure, Stage
from services.health import facts
from services.store.engine import Store
from services.store.models import Function
from tests.cli.conftest import Run
from tests.registry.partner_servers import cnpj_number
from tests.servers.dovecot import Dovecot
from tests.servers.postfix import DOMAIN, Postfix

CNPJ = "11222333000181"
LOJA = "12ABC34501DE35"
ADD = (
    *("server", "add", "--kind", "both", "--nickname", "Notas", "--sender-name", "Contábil"),
    *("--email", "notas@contabil.com.br", "--password-stdin", "--partner-key", "K"),
    *("--smtp-host", "smtp.contabil.com.br", "--pop-host", "pop.contabil.com.br", "--json"),
)


def add(carteiro: Run, *more: str, email: str = "notas@contabil.com.br") -> dict[str, Any]:
    words = list(ADD)
    words[words.index("--email") + 1] = email
    made = carteiro(*words, *more, stdin="segredo\n")
    assert made.status == 0, made.err
    found: dict[str, Any] = made.json
    return found


@pytest.fixture
def shop(carteiro: Run) -> str:
    """A second company, without Document Import."""
    words = ("company", "add", "--cnpj", LOJA, "--nickname", "Loja", "--legal-name", "Loja")
    assert carteiro(*words).status == 0
    return LOJA


def test_the_fields_of_the_contract(carteiro: Run) -> None:
    """R15, R17: added, listed, edited, removed; never the password."""
    made = add(carteiro, "--user", "contabil", "--no-verify-certificate", "--timeout", "9")
    listed = carteiro("server", "list", "--json")
    assert listed.json == [made]
    for name in (
        *("id", "kind", "nickname", "sender_name", "email", "active", "inactive_code"),
        *("inactive_reason", "inactive_since", "health", "origin", "companies"),
    ):
        assert name in made
    assert (made["username"], made["verify_certificate"], made["timeout"]) == ("contabil", False, 9)
    assert made["companies"] == []
    edited = carteiro(
        *("server", "edit", str(made["id"]), "--inactive", "--no-auth", "--kind", "send"),
        *("--smtp-port", "587", "--delete-after", "7", "--json"),
    ).json
    assert (edited["active"], edited["authenticate"], edited["kind"]) == (False, False, "send")
    assert (edited["smtp_port"], edited["pop_host"], edited["delete_after"]) == (587, None, "7")
    assert "segredo" not in listed.out
    shown = carteiro("server", "list", "--status", "inactive")
    assert "envio" in shown.out
    assert carteiro("server", "list", "--status", "active", "--json").json == []
    assert carteiro("server", "remove", str(made["id"]), "--json").json["removed"] is True
    assert "carteiro server add" in carteiro("server", "list").out


@pytest.mark.parametrize(
    ("option", "value", "status", "field"),
    [
        ("--partner-key", "k", 1, "partner_key"),
        ("--email", "a@b@c", 1, "email"),
        ("--smtp-host", "a b", 1, "smtp_host"),
        ("--pop-port", "0", 1, "pop_port"),
        ("--pop-port", "x", 1, "pop_port"),
        ("--timeout", "601", 1, "timeout"),
        ("--kind", "relay", 2, None),
    ],
)
def test_a_bad_value_names_its_field(
    carteiro: Run, option: str, value: str, status: int, field: str | None
) -> None:
    """R17, R22: the field is the option's name; nothing is saved."""
    words = [w for w in ADD if w != "--json"]
    if option in words:
        words[words.index(option) + 1] = value
    else:
        words += [option, value]
    refused = carteiro(*words, "--json", stdin="segredo\n")
    assert (refused.status, refused.error.get("field")) == (status, field)
    assert carteiro("server", "list", "--json").json == []


def test_linking_and_unlinking(carteiro: Run, shop: str) -> None:
    """R20, R21: by CNPJ with or without mask; linked it stays; the refusal names the companies."""
    number = str(add(carteiro)["id"])
    linked = carteiro("server", "link", number, "11.222.333/0001-81", shop, "--json")
    assert (linked.status, linked.json) == (
        0,
        {"id": int(number), "linked": 2, "already": 0, "refused": []},
    )
    assert carteiro("server", "list", "--json").json[0]["companies"] == [CNPJ, shop]
    box = carteiro("mailbox", "list", "--company", shop, "--json").json
    assert [m["email"] for m in box] == ["notas@contabil.com.br"]
    refused = carteiro("server", "remove", number, "--json")
    assert (refused.status, refused.error["code"]) == (1, "refused")
    assert "Loja, Padaria São João" in refused.error["message"]
    assert carteiro("server", "link", number, CNPJ, "--json").json["already"] == 1
    assert carteiro("server", "unlink", number, CNPJ, shop, "--json").json["unlinked"] == 2
    assert carteiro("server", "remove", number).status == 0


def test_a_refused_company_is_told_and_the_others_linked(carteiro: Run, shop: str) -> None:
    """R3: exit status 1 with the reason, and what could be linked is."""
    number = str(add(carteiro, "--kind", "read")["id"])
    mixed = carteiro("server", "link", number, "--all-matching", "", "--json")
    assert (mixed.status, mixed.json["linked"]) == (1, 1)
    (refused,) = mixed.json["refused"]
    assert (refused["cnpj"], refused["nickname"]) == (shop, "Loja")
    assert "Importação de Documentos" in refused["why"]
    words = carteiro("server", "link", number, "--all-matching", "loja")
    assert words.status == 1
    assert "Loja: não vinculada" in words.out


def test_many_from_stdin(carteiro: Run, shop: str) -> None:
    """R20: one a line; every unknown one is named and nothing is linked."""
    number = str(add(carteiro)["id"])
    missing = [cnpj_number(1), cnpj_number(2)]
    unknown = carteiro(
        "server", "link", number, "-", "--json", stdin="\n".join([CNPJ, *missing]) + "\n"
    )
    assert (unknown.status, unknown.error["code"]) == (4, "not_found")
    assert unknown.error["message"].count("/0001-") == 2
    assert carteiro("server", "list", "--json").json[0]["companies"] == []
    done = carteiro("server", "link", number, "-", stdin=f"{CNPJ}\n{shop}\n")
    assert "2 empresas vinculadas" in done.out
    nothing = carteiro("server", "link", number, "--json")
    assert (nothing.status, nothing.error["code"]) == (2, "usage")


def test_the_filters(carteiro: Run, shop: str) -> None:
    """R16: CNPJ, company, e-mail and the user's nickname, apart and together."""
    first = add(carteiro)["id"]
    second = add(carteiro, email="loja@contabil.com.br")["id"]
    carteiro("server", "link", str(first), CNPJ)
    carteiro("server", "link", str(second), shop)

    def found(*filters: str) -> list[int]:
        return sorted(s["id"] for s in carteiro("server", "list", *filters, "--json").json)

    assert found("--cnpj", "11.222.333/0001-81") == [first]
    assert found("--company", "LOJA") == [second]
    assert found("--company", "sao joao") == [first]
    assert found("--email", "NOTAS@") == [first]
    assert found("--user-nickname", "ÁNA") == [first, second]
    assert found("--user-nickname", "ana", "--email", "loja", "--cnpj", LOJA) == [second]
    assert found("--company", "loja", "--email", "notas") == []
    assert "filtros" in carteiro("server", "list", "--email", "nada").out


def test_exit_statuses(carteiro: Run) -> None:
    """4 for what is not there, 3 for who may not, 1 for what a rule forbids."""
    for words in (
        ("edit", "9", "--nickname", "x"),
        ("remove", "9"),
        ("link", "9", CNPJ),
        ("test", "9"),
        ("rotate", "9", "--password-stdin"),
    ):
        gone = carteiro("server", *words, "--json", stdin="x\n")
        assert (gone.status, gone.error["code"]) == (4, "not_found"), words
    made = carteiro(
        *("user", "add", "--nickname", "rui", "--name", "Rui", "--role", "company"),
        *("--email", "rui@padaria.com.br", "--company", CNPJ),
    )
    assert made.status == 0, made.err
    refused = carteiro("--user", "rui", "server", "list", "--json")
    assert (refused.status, refused.error["code"]) == (3, "not_allowed")
    acting = carteiro("--user", "rui", *ADD, stdin="segredo\n")
    assert (acting.status, acting.error["code"]) == (3, "not_allowed")


def servers_of(dovecot: Dovecot, postfix: Postfix) -> tuple[str, ...]:
    return (
        *("--smtp-host", "localhost", "--smtp-port", str(postfix.port)),
        *("--smtp-security", "starttls", "--pop-host", "localhost"),
        *("--pop-port", str(dovecot.tls_port), "--pop-security", "tls"),
    )


def test_the_health_of_each_direction(carteiro: Run, store: Store) -> None:
    """R48: what fails in reading is not said of sending; the server says which of the two."""
    number = add(carteiro)["id"]
    assert carteiro("server", "link", str(number), CNPJ).status == 0
    failure = Failure("h:995", Stage.TCP, "timeout", explanation="Não respondeu")
    with store.writing() as session:
        facts.note_failure(session, number, failure, function=Function.READ)
    (server,) = carteiro("server", "list", "--json").json
    assert (server["health"], server["failing"]) == ("failing", ["read"])
    assert "POP3: Não respondeu" in carteiro("server", "list").out
    boxes = carteiro("mailbox", "list", "--company", CNPJ, "--json").json
    assert {box["function"]: (box["health"], box["health_reason"]) for box in boxes} == {
        "send": ("ok", None),
        "read": ("failing", "Não respondeu"),
    }


def test_tested_by_both_protocols(
    carteiro: Run, dovecot: Dovecot, postfix: Postfix, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R19: the steps as JSON, sent and read back; refusals counted before are forgotten (R48)."""
    monkeypatch.setenv("CARTEIRO_CA_FILE", str(dovecot.ca_file))
    address = f"cli-teste@{DOMAIN}"
    dovecot.add_user(address, "segredo")
    number = str(add(carteiro, *servers_of(dovecot, postfix), email=address)["id"])
    tested = carteiro("server", "test", number, "--json")
    assert tested.status == 0, tested.out + tested.err
    assert {"sent", "list"} <= {step["step"] for step in tested.json}
    assert all(step["ok"] for step in tested.json)
    assert carteiro("server", "list", "--json").json[0]["health"] == "ok"


def test_rotated_everywhere_after_a_test(
    carteiro: Run, dovecot: Dovecot, postfix: Postfix, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The new password goes to every registration of the account, or to none."""
    monkeypatch.setenv("CARTEIRO_CA_FILE", str(dovecot.ca_file))
    address = f"cli-troca@{DOMAIN}"
    dovecot.add_user(address, "velha")
    places = servers_of(dovecot, postfix)
    first = add(carteiro, *places, email=address)["id"]
    smtp = places[: places.index("--pop-host")]
    box = carteiro(
        *("mailbox", "add", "--company", CNPJ, "--function", "send", "--nickname", "Da padaria"),
        *("--sender-name", "Padaria", "--email", address, "--password-stdin", "--json", *smtp),
        stdin="segredo\n",
    ).json
    dovecot.change_password(address, "nova")
    rotate = ("server", "rotate", str(first), "--password-stdin")
    wrong = carteiro(*rotate, "--json", stdin="errada\n")
    assert (wrong.status, wrong.error["field"]) == (1, "password")
    assert f"localhost:{postfix.port}" in wrong.error["message"]
    assert "errada" not in wrong.err
    assert carteiro("server", "test", str(first), "--json").status == 1
    done = carteiro(*rotate, "--json", stdin="nova\n")
    assert done.status == 0, done.err
    assert [each["id"] for each in done.json["rotated"]] == [first, box["server_id"]]
    assert [each["protocol"] for each in done.json["tested"]] == ["smtp", "pop"]
    assert carteiro("mailbox", "test", str(box["id"]), "--json").status == 0
    dovecot.change_password(address, "de novo")
    only = carteiro(*rotate, "--only-this", stdin="de novo\n")
    assert "1 cadastro" in only.out
    assert carteiro("mailbox", "test", str(box["id"]), "--json").status == 1
    unread = carteiro("server", "rotate", str(first), "--json")
    assert (unread.status, unread.error["code"]) == (2, "usage")
