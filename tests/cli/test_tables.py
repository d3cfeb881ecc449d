"""Tables are for people: words of their language, nothing cut, no codes of ``--json``."""

from __future__ import annotations

import re
import sys
from decimal import Decimal
from typing import Any

import pytest

from services.store.engine import Store
from services.store.mail import Document, Quarantine
from tests.access.world import CNPJ, MARK, build
from tests.cli.conftest import Run
from tui_app.cli.columns import aligned

TABLES = (
    "company list",
    "user list",
    f"mailbox list --company {CNPJ}",
    "server list",
    "microsoft list",
    "notification-email list",
    "notification-type list",
    f"recipients --company {CNPJ} --type sending_failed",
    "outbox list",
    "document list",
    "quarantine list",
    "bell list",
    "audit list",
    "health",
    "health --arrivals",
    "doctor",
)
SAME = {"Id", "CNPJ", "InvoiCy Mail", "Total", "E-mail"}
"""Heads that are called so in both languages."""
CODES = {
    *("state", "kind", "function", "severity", "role", "health", "reason", "check", "entity"),
    *("action", "account_kind", "inactive_code"),
}
"""Fields of ``--json`` whose values are codes."""
LONG = "Nenhuma empresa vinculada a esta caixa tem o CNPJ que o documento diz ter, e " * 3


def cells(line: str) -> list[str]:
    return re.split(r"\s{2,}", line.strip())


def codes(told: Any) -> set[str]:
    """The values of all fields that hold codes."""
    rows = told if isinstance(told, list) else []
    return {
        value
        for row in rows
        for name, value in row.items()
        if name in CODES and isinstance(value, str)
    }


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_words_and_no_codes(bare: Run, store: Store) -> None:
    """Each head is said in either language, what scripts know by a code stands there in words, and a
    CNPJ has its mask."""
    with store.writing() as session:
        build(session)
    wrong = []
    for words in map(str.split, TABLES):
        here, there = bare(*words).out, bare(*words, "--lang", "en").out
        heads, english = cells(here.splitlines()[0]), cells(there.splitlines()[0])
        wrong += [
            f"{words}: {one}"
            for one, other in zip(heads, english, strict=True)
            if one == other and one not in SAME
        ]
        shown = {cell for line in here.splitlines()[1:] for cell in cells(line)}
        known = codes(bare(*words, "--json").json)
        wrong += [f"{words}: {code}" for code in (known & shown) - {MARK}]
        wrong += [f"{words}: {cnpj}" for cnpj in re.findall(r"(?<!\d)\d{14}(?!\d)", here)]
    assert wrong == []
    assert "sino 180 dias" in bare("doctor").out


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_every_table_fits_a_terminal(
    bare: Run, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of 80 columns: what its lines are broken by is the table, and columns stay columns."""
    with store.writing() as session:
        build(session)
    monkeypatch.setattr(type(sys.stdout), "isatty", lambda _self: True)
    monkeypatch.setenv("COLUMNS", "80")
    wide = {
        (words, tongue): line
        for words in TABLES
        for tongue in ("pt_BR", "en")
        for line in bare(*words.split(), "--lang", tongue).out.splitlines()
        if len(line) > 80 and not line.startswith(("O que fazer: ", "What to do: "))
    }
    assert wide == {}


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_long_reason_is_whole(bare: Run, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """R41: on one line for whatever reads it, over several on a terminal, as wide as that is."""
    with store.writing() as session:
        item = session.get_one(Quarantine, build(session).quarantine)
        item.part = LONG
    assert LONG.strip() in bare("quarantine", "list").out
    monkeypatch.setattr(type(sys.stdout), "isatty", lambda _self: True)
    monkeypatch.setenv("COLUMNS", "100")
    told = bare("quarantine", "list").out
    assert max(map(len, told.splitlines())) <= 100
    assert "…" not in told
    assert all(told.count(word) >= LONG.count(word) for word in set(LONG.split()))


def test_narrow_columns_break_between_words() -> None:
    """The widest gives way; keys and addresses stay whole, wide characters count twice."""
    key = "3" * 44
    told = list(aligned([("Chave", "Motivo"), (key, "um motivo bem longo 中文")], 60))
    assert told == [
        f"{'Chave':<44}  Motivo",
        f"{key}  um motivo bem",
        f"{'':<44}  longo 中文",
    ]
    assert list(aligned([("a", "b c d e f")], 3)) == ["a  b", "   c", "   d", "   e", "   f"]
    assert list(aligned([("a", "b c d")], None)) == ["a  b c d"]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_amounts_as_on_the_screens(bare: Run, store: Store) -> None:
    """R40: people read amounts in Brazilian form, with both decimals; scripts read numbers."""
    with store.writing() as session:
        number = build(session).document
        session.get_one(Document, number).total = Decimal("15107.1")
    for words in (("list",), ("total",), ("show", str(number))):
        assert "15.107,10" in bare("document", *words).out
    assert bare("document", "list", "--json").json[0]["total"] == 15107.1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_cancelled_document_says_so_beside_its_kind(bare: Run, store: Store) -> None:
    """One column for both, so that the table fits 80."""
    with store.writing() as session:
        document = session.get_one(Document, build(session).document)
        event = {"kind": "EventoNFe", "event_id": "110111", "authorised": True}
        kept = ("partner_id", "company_id", "access_key", "sha256", "inbound_id", "mailbox_id")
        session.add(Document(**event, **{name: getattr(document, name) for name in kept}))
    assert "NF-e, cancelado" in bare("document", "list").out


def test_what_is_broken_where_no_room_is_for_words() -> None:
    """A column with nothing in it goes first, then the longest word breaks, at a joint if it can."""
    heads = ("Id", "Chave", "Nada", "Servidor")
    rows = [heads, ("7", "12345678" * 2, "", "smtp.loja.example:587 tls")]
    assert list(aligned(rows, 43)) == [
        "Id  Chave             Servidor",
        "7   1234567812345678  smtp.loja.example:587",
        "                      tls",
    ]
    assert list(aligned(rows, 30)) == [
        "Id  Chave         Servidor",
        "7   123456781234  smtp.loja.",
        "    5678          example:587",
        "                  tls",
    ]
