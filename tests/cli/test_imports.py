"""Importing mailboxes, undoing it, order and re-sync by the command line (R6, R13)."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Run

ROOT = Path(__file__).resolve().parents[2]
HEAD = "11222333000181"
BRANCH = "11222333000262"


@pytest.fixture
def branch(carteiro: Run) -> Run:
    """A headquarters with one sending mailbox, its branch with another."""
    made = carteiro(
        *("company", "add", "--cnpj", BRANCH, "--nickname", "Filial", "--legal-name", "Filial"),
        *("--headquarters", HEAD),
    )
    assert made.status == 0, made.err
    add(carteiro, HEAD, "matriz")
    add(carteiro, BRANCH, "loja")
    return carteiro


def add(run: Run, cnpj: str, name: str) -> Any:
    made = run(
        *("mailbox", "add", "--company", cnpj, "--function", "send", "--nickname", name),
        *("--sender-name", name, "--email", f"{name}@x.com", "--smtp-host", "smtp.x.com"),
        *("--password-stdin", "--json"),
        stdin="segredo\n",
    )
    assert made.status == 0, made.err
    return made.json


def emails(run: Run, cnpj: str = BRANCH) -> list[str]:
    return [m["email"] for m in run("mailbox", "list", "--company", cnpj, "--json").json]


FROM_HEAD = ("mailbox", "import-from-headquarters", "--company", BRANCH)


def test_import_and_undo(branch: Run) -> None:
    """R6: the copy with its origin in the contract's JSON; undone, the old one is back."""
    made = branch(*FROM_HEAD, "--sender-name", "Filial", "--yes", "--json").json
    assert (made["email"], made["sender_name"]) == ("matriz@x.com", "Filial")
    assert made["removed"] == ["loja@x.com"]
    (head,) = branch("mailbox", "list", "--company", HEAD, "--json").json
    assert made["origin"] == {
        "kind": "headquarters",
        "server_id": head["server_id"],
        "label": "matriz <matriz@x.com>",
        "drifted": False,
    }
    assert head["origin"] is None
    assert emails(branch) == ["matriz@x.com"]
    servers = branch("server", "list", "--json").json
    assert sorted(s["origin"] is None for s in servers) == [False, True]
    listed = branch("mailbox", "list", "--company", BRANCH)
    assert "matriz <matriz@x.com>" in listed.out
    undone = branch("mailbox", "undo-import", "--company", BRANCH, "--json").json
    assert [m["email"] for m in undone["back"]] == ["loja@x.com"]
    assert undone["copy"] == "goes"
    assert emails(branch) == ["loja@x.com"]
    again = branch("mailbox", "undo-import", "--company", BRANCH, "--json")
    assert (again.status, again.error["code"]) == (1, "refused")


def test_without_yes_and_terminal_it_says_what_to_add(branch: Run) -> None:
    """R6: nothing happens unasked; what would go and come is shown first."""
    told = branch(*FROM_HEAD)
    assert told.status == 1
    assert "--yes" in told.err
    assert "loja@x.com" in told.out
    assert "matriz@x.com" in told.out
    refused = branch(*FROM_HEAD, "--json")
    assert (refused.status, refused.error["field"]) == (1, "yes")
    assert emails(branch) == ["loja@x.com"]


@pytest.mark.parametrize(("answer", "status"), [("s", 0), ("n", 1)])
def test_asks_at_a_terminal(branch: Run, answer: str, status: int) -> None:
    """R6: only a yes is a yes."""
    keyboard, terminal = pty.openpty()
    with subprocess.Popen(
        [sys.executable, "-m", "tui_app", *FROM_HEAD],
        cwd=ROOT,
        stdin=terminal,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        os.close(terminal)
        os.write(keyboard, f"{answer}\n".encode())
        out, err = process.communicate(timeout=60)
    os.close(keyboard)
    assert process.returncode == status, err
    assert "[s/N]" in out
    assert emails(branch) == (["loja@x.com"] if status else ["matriz@x.com"])


def test_from_the_partner(branch: Run) -> None:
    """R6: by the server's number; what is not there is not found, without it the usage is wrong."""
    words = ("mailbox", "import-from-partner", "--company", BRANCH, "--yes", "--json")
    (head,) = branch("mailbox", "list", "--company", HEAD, "--json").json
    assert branch(*words).status == 2
    gone = branch(*words, "--server", "999")
    assert (gone.status, gone.error["field"]) == (4, "server")
    made = branch(*words, "--server", str(head["server_id"]))
    assert made.json["origin"]["kind"] == "partner"


def test_several_are_to_be_chosen_from(branch: Run) -> None:
    """R4: without a number where there are two, the error lists them."""
    other = add(branch, HEAD, "outra")
    refused = branch(*FROM_HEAD, "--yes", "--json")
    assert (refused.status, refused.error["field"]) == (1, "server")
    assert f"{other['server_id']} (outra@x.com)" in refused.error["message"]
    made = branch(*FROM_HEAD, "--server", str(other["server_id"]), "--yes", "--json").json
    assert made["email"] == "outra@x.com"


def test_bad_sender_name(branch: Run) -> None:
    """R6: named, and nothing is removed."""
    refused = branch(*FROM_HEAD, "--sender-name", "a\r\nBcc: x@y.com", "--yes", "--json")
    assert (refused.status, refused.error["field"]) == (1, "sender_name")
    assert emails(branch) == ["loja@x.com"]


def test_resync(branch: Run) -> None:
    """R6: the list tells a drifted copy; after re-syncing it is the origin's again."""
    made = branch(*FROM_HEAD, "--yes", "--json").json
    (head,) = branch("mailbox", "list", "--company", HEAD, "--json").json
    edited = branch("mailbox", "edit", str(made["id"]), "--smtp-port", "26", "--json")
    assert (edited.status, edited.error["code"]) == (1, "refused")
    branch("mailbox", "edit", str(head["id"]), "--smtp-port", "2525")
    (copy,) = branch("mailbox", "list", "--company", BRANCH, "--json").json
    assert copy["origin"]["drifted"] is True
    assert "≠" in branch("mailbox", "list", "--company", BRANCH).out
    synced = branch("mailbox", "resync", str(made["id"]), "--json").json
    assert (synced["port"], synced["changed"]) == (2525, ["smtp_port"])
    assert branch("mailbox", "resync", str(head["id"])).status == 1


def test_order(branch: Run) -> None:
    """R13: the place counts from 0, as in the JSON."""
    add(branch, BRANCH, "dois")
    last = add(branch, BRANCH, "tres")
    moved = branch("mailbox", "move", str(last["id"]), "0", "--json").json
    assert moved["position"] == 0
    assert emails(branch) == ["tres@x.com", "loja@x.com", "dois@x.com"]
    assert branch("mailbox", "move", "999", "0").status == 4
