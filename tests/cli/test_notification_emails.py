"""``notification-email``, ``notification-type`` and ``recipients`` as scripts use them (R23-R30)."""

from __future__ import annotations

from tests.cli.conftest import Run

CNPJ = "11222333000181"
OWNER = "dono@padaria.com.br"


def test_from_an_address_to_who_receives(carteiro: Run) -> None:
    """R23, R24, R25, R26, R30."""
    made = carteiro("notification-email", "add", "--email", "fiscal@contabil.example", "--json")
    assert made.status == 0, made.err
    number = str(made.json["id"])
    words = ("notification-email", "subscribe", number, "--company", CNPJ)
    told = carteiro(*words, "--type", "sending_failed", "--type", "general", "--json").json
    assert (told["companies"], told["types_count"]) == ([CNPJ], 2)
    found = carteiro("recipients", "--company", CNPJ, "--type", "general", "--json").json
    assert [(each["address"], each["why"]) for each in found["recipients"]] == [
        (OWNER, ["company"]),
        ("fiscal@contabil.example", ["subscription"]),
    ]
    assert found["by"] == []
    assert "caixa de envio" in found["why_none"]
    text = carteiro("recipients", "--company", CNPJ, "--type", "general")
    assert "E-mails para Notificações" in text.out
    assert "Nenhum e-mail sairia" in text.out
    gone = ("notification-email", "unsubscribe", number, "--company", CNPJ, "--json")
    assert carteiro(*gone[:-1], "--type", "general", "--json").json["types_count"] == 1
    assert carteiro(*gone).json["companies"] == []
    assert carteiro("notification-email", "remove", number).status == 0
    assert carteiro("notification-email", "list", "--json").json == []


def test_the_warning_comes_before(carteiro: Run) -> None:
    """R30: a stranger to the company's root is named, with ``--json`` in the one document."""
    carteiro(
        *("company", "add", "--cnpj", "33000167000101", "--nickname", "Mercado"),
        *("--legal-name", "Mercado", "--notification-email", "rh@mercado.example"),
    )
    made = carteiro("notification-email", "add", "--email", "rh@mercado.example", "--json").json
    words = ("notification-email", "subscribe", str(made["id"]), "--company", CNPJ)
    said = carteiro(*words, "--type", "general")
    assert said.status == 0
    assert f"rh@mercado.example, de Mercado, veria {OWNER}" in said.out
    told = carteiro(*words, "--type", "general", "--json").json
    assert told["types_count"] == 1
    (seen,) = told["exposures"]
    assert (seen["address"], seen["whose"], seen["beside"]) == (
        "rh@mercado.example", ["Mercado"], [OWNER],
    )  # fmt: skip


def test_types(carteiro: Run) -> None:
    """R29: a partner's own is listed, announced, and told to who is subscribed."""
    made = carteiro(
        *("notification-type", "add", "boleto_vencido", "--title", "Boleto vencido"),
        *("--severity", "warning", "--json"),
    )
    assert made.json == {
        "key": "boleto_vencido", "title": "Boleto vencido", "severity": "warning",
        "by_email": True, "by_bell": True, "own": True, "text": "", "quiet": 3600,
    }  # fmt: skip
    listed = carteiro("notification-type", "list", "--json").json
    assert [each["key"] for each in listed if each["own"]] == ["boleto_vencido"]
    told = ("--type", "boleto_vencido", "--subject", "Boleto", "--body", "b")
    assert carteiro("notify", "--company", CNPJ, *told).status == 0
    (entry,) = carteiro("bell", "list", "--json").json
    assert (entry["type"], entry["severity"]) == ("boleto_vencido", "warning")


def test_the_words_of_a_type(carteiro: Run) -> None:
    """R29: a type's own words are filled in, and what they miss is named."""
    carteiro(
        *("notification-type", "add", "boleto", "--title", "Boleto de {company}"),
        *("--text", "Vence em {vencimento}: {valor}."),
    )
    words = ("notify", "--company", CNPJ, "--type", "boleto", "--set", "valor=R$ 10 {cnpj}")
    missing = carteiro(*words, "--json")
    assert (missing.status, missing.error["field"]) == (1, "set")
    assert "vencimento" in missing.error["message"]
    assert carteiro(*words, "--set", "vencimento=10/12").status == 0
    (entry,) = carteiro("bell", "list", "--type", "boleto", "--json").json
    assert entry["title"] == "Boleto de Padaria São João"
    assert entry["text"].startswith("Vence em 10/12: R$ 10 {cnpj}.")
    assert carteiro(*words, "--set", "vencimento").status == 2


def test_the_bell_is_filtered(carteiro: Run) -> None:
    """R52: by company, type, severity, and what is unread; how often each happened."""
    for kind in ("general", "certificate_expiring"):
        assert carteiro("notify", "--company", CNPJ, "--type", kind, "--body", "b").status == 0
    for words, found in (
        (("--type", "general"), ["general"]),
        (("--severity", "warning"), ["certificate_expiring"]),
        (("--company", CNPJ, "--limit", "1"), ["certificate_expiring"]),
        (("--unread",), ["certificate_expiring", "general"]),
    ):
        listed = carteiro("bell", "list", *words, "--json").json
        assert [each["type"] for each in listed] == found, words
        assert {each["count"] for each in listed} == {1}
    assert carteiro("bell", "read", "--all", "--json").json == {"read": 2}
    assert carteiro("bell", "list", "--unread", "--json").json == []


def test_what_is_refused_names_its_field(carteiro: Run) -> None:
    """R24, R29."""
    add = ("notification-email", "add")
    for words, status, field in (
        ((*add, "--email", "x"), 1, "email"),
        ((*add, "--from-user", "ninguem"), 4, "nickname"),
        (add, 2, None),
        (("notification-email", "edit", "9", "--email", "a@x.example"), 4, "id"),
        (("notification-type", "add", "Á", "--title", "t"), 1, "key"),
        (("notification-type", "add", "ab", "--title", "{x.__class__}"), 1, "title"),
        (("recipients", "--company", CNPJ, "--type", "x"), 4, "type"),
        (("notify", "--company", CNPJ, "--type", "x", "--body", "b"), 4, "type"),
    ):
        ran = carteiro(*words, "--json")
        assert (ran.status, ran.error["field"]) == (status, field), words
