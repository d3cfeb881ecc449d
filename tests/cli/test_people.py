"""``user``: who may see what, from the command line."""

from __future__ import annotations

import pytest

from services.fiscal.cnpj import check_digits
from tests.cli.conftest import Run

CNPJ = "11222333000181"
OTHER = "112223330002" + check_digits("112223330002")


@pytest.fixture
def rui(carteiro: Run) -> Run:
    """Another company, and a user of the first."""
    carteiro(
        *("company", "add", "--cnpj", OTHER, "--nickname", "Loja", "--legal-name", "Loja Ltda")
    )
    words = ("user", "add", "--nickname", "Rúi", "--name", "Rui", "--email", "rui@x.com")
    assert carteiro(*words, "--role", "company", "--company", CNPJ).status == 0
    return carteiro


def test_edit(rui: Run) -> None:
    """What is told changes, the rest stays; accents and case of the nickname do not matter."""
    words = ("user", "edit", "RUI", "--json")
    assert rui(*words, "--email", "", "--os-account", "rlima").json["os_account"] == "rlima"
    seen = rui(*words, "--grant", OTHER, "--name", "Rui Lima").json
    assert (seen["name"], seen["email"], seen["companies"]) == ("Rui Lima", None, [CNPJ, OTHER])
    assert rui(*words, "--revoke", CNPJ).json["companies"] == [OTHER]
    assert rui(*words, "--company", CNPJ).json["companies"] == [CNPJ]
    assert rui(*words, "--inactive").json["active"] is False
    assert rui("--user", "rui", "company", "list").status == 3
    assert rui(*words, "--active", "--nickname", "rui.lima").json["nickname"] == "rui.lima"
    assert "rui.lima" in rui("user", "list", "--filter", "lima").out
    partner = rui("user", "edit", "rui.lima", "--role", "partner", "--json").json
    assert (partner["companies"], partner["companies_count"]) == ([], 0)
    assert "todas" in rui("user", "list").out


@pytest.mark.parametrize(
    ("extra", "status", "field"),
    [
        (("--revoke", CNPJ), 1, "company"),
        (("--grant", "12ABC34501DE35"), 4, "company"),
        (("--os-account", "a b"), 1, "os_account"),
        (("--nickname", "ana"), 5, "nickname"),
        (("--email", "x"), 1, "email"),
        (("--role", "partner", "--company", CNPJ), 1, "company"),
        (("--active", "--inactive"), 2, None),
    ],
)
def test_refused_as_a_whole(
    rui: Run, extra: tuple[str, ...], status: int, field: str | None
) -> None:
    """The option to mend is named, and nothing of the command was done."""
    before = rui("user", "list", "--json").json
    refused = rui("user", "edit", "rui", "--name", "Novo", *extra, "--json")
    assert (refused.status, refused.error["field"]) == (status, field)
    assert rui("user", "list", "--json").json == before


def test_nobody_locks_himself_out(rui: Run) -> None:
    """R54: neither by role nor by state."""
    assert rui("user", "edit", "ana", "--role", "company", "--company", CNPJ).status == 1
    assert rui("user", "edit", "ana", "--inactive").status == 1
    assert rui("user", "edit", "nobody", "--inactive").status == 4
