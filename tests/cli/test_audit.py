"""``carteiro audit list``: narrowed by company, person, kind and day; the JSON as it was (R53, R55)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from services import clock
from tests.cli.conftest import Run

CNPJ = "11222333000181"
KEYS = {
    *("id", "at", "user", "os_account", "company", "action", "entity", "entity_id"),
    *("before", "after"),
}


def told(run: Run, *words: str) -> list[tuple[str, str]]:
    """Action and entity of what is listed, the newest first."""
    ran = run("audit", "list", *words, "--json")
    assert ran.status == 0, ran.err
    assert all(each.keys() == KEYS for each in ran.json)
    return [(each["action"], each["entity"]) for each in ran.json]


def test_narrowed(carteiro: Run) -> None:
    """R55: each option by itself and together; the newest first."""
    assert carteiro("company", "edit", CNPJ, "--nickname", "Nova").status == 0
    company = [("edit", "company"), ("add", "company")]
    everything = [*company, ("add", "user"), ("init", "partner")]
    assert told(carteiro) == told(carteiro, "--by", "ANA") == everything
    assert told(carteiro, "--company", "11.222.333/0001-81") == company
    assert told(carteiro, "--entity", "user") == [("add", "user")]
    assert told(carteiro, "--limit", "1") == company[:1]
    today = clock.now().astimezone()
    assert told(carteiro, "--since", f"{today:%Y-%m-%d}", "--company", CNPJ) == company
    assert told(carteiro, "--since", f"{today + timedelta(days=1):%d/%m/%Y}") == []
    assert told(carteiro, "--by", "rui") == []


def test_for_people(carteiro: Run) -> None:
    """R55: words for actions, kinds, fields and values."""
    carteiro("company", "edit", CNPJ, "--document-import", "off")
    shown = carteiro("audit", "list")
    assert "empresa: alteração" in shown.out
    assert "Importação de Documentos: sim → não" in shown.out


@pytest.mark.parametrize(
    ("words", "status", "field"),
    [
        (("--since", "ontem"), 1, "since"),
        (("--limit", "0"), 1, "limit"),
        (("--limit", "x"), 1, "limit"),
        (("--company", "12ABC34501DE35"), 4, "company"),
        (("--entity", "nada"), 2, None),
    ],
)
def test_refuses(carteiro: Run, words: tuple[str, ...], status: int, field: str | None) -> None:
    """A value that is none names its option."""
    ran = carteiro("audit", "list", *words, "--json")
    assert (ran.status, ran.error["field"]) == (status, field)


def test_not_for_company_users(carteiro: Run) -> None:
    """R53, R54: in the name of a company user it is refused, wherever ``--user`` stands."""
    words = ("user", "add", "--nickname", "rui", "--name", "Rui", "--email", "rui@x.com")
    assert carteiro(*words, "--role", "company", "--company", CNPJ).status == 0
    assert carteiro("audit", "list", "--user", "rui").status == 3
    assert carteiro("--user", "rui", "audit", "list").status == 3
