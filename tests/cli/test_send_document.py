"""``send-document`` and ``document send`` as a contract."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.dispatch import printing
from tests.cli.conftest import Run
from tests.dispatch.conftest import invoice


@pytest.fixture(autouse=True)
def no_pdf(monkeypatch: pytest.MonkeyPatch) -> None:
    """The optional extra is not installed."""
    monkeypatch.setattr(printing, "is_installed", lambda: False)


@pytest.fixture
def note(tmp_path: Path) -> Path:
    """An authorised NF-e of the company, to a good and a bad address."""
    path = tmp_path / "nota.xml"
    path.write_bytes(invoice(email="cliente@loja.example;nada"))
    return path


def test_it_tells_what_is_queued(carteiro: Run, note: Path) -> None:
    """R28, R31, R32, R35: recipients, who is left out, no DANFE and no mailbox, each with the reason."""
    (row,) = carteiro("send-document", str(note), "--json").json
    assert (row["company"], row["kind"]) == ("11222333000181", "NFe")
    assert (row["recipients"], row["duplicate"]) == (["cliente@loja.example"], False)
    assert [each["address"] for each in row["invalid"]] == ["nada"]
    assert (row["danfe"], row["mailboxes"]) == (False, [])
    assert "extra danfe" in row["note"]
    assert "caixa de envio" in row["waits"]
    shown = carteiro("outbox", "show", str(row["id"]), "--json").json
    assert shown["note"] == row["note"]
    assert [a["content_type"] for a in shown["attachments"]] == ["application/xml"]
    again = carteiro("send-document", str(note), "--json").json[0]
    assert (again["id"], again["duplicate"]) == (row["id"], True)


def test_it_says_so_to_people(carteiro: Run, note: Path) -> None:
    """The same in words, in Portuguese and English."""
    told = carteiro("send-document", str(note)).out
    for words in ("na fila como e-mail 1", "fica de fora", "sem o DANFE", "espera na fila"):
        assert words in told
    assert "já está na fila" in carteiro("send-document", str(note)).out


def test_to_others_by_a_key_of_its_own(carteiro: Run, note: Path) -> None:
    """R35: ``--to`` instead of the document's addresses, once; ``--key`` makes it another time."""
    words = ("send-document", str(note), "--no-pdf", "--json")
    first = carteiro(*words).json[0]["id"]
    other = carteiro(*words, "--to", "a@x.example", "--to", "b@x.example;c@x.example").json[0]
    assert other["recipients"] == ["a@x.example", "b@x.example", "c@x.example"]
    assert "como pedido" in other["note"]
    again = carteiro(*words, "--key", "outra vez").json[0]
    assert len({first, other["id"], again["id"]}) == 3


@pytest.mark.parametrize(
    ("data", "status", "code", "field"),
    [
        (invoice(authorised=False), 1, "invalid", "file"),
        (b"<nfe", 1, "invalid", "file"),
        (invoice(email=""), 1, "invalid", "to"),
        (invoice(issuer="60701190000104"), 4, "not_found", "company"),
    ],
    ids=["not authorised", "malformed", "nobody", "not registered"],
)
def test_refusals(
    carteiro: Run, tmp_path: Path, data: bytes, status: int, code: str, field: str
) -> None:
    """R31: exit status, code, field and the way out; nothing is queued."""
    path = tmp_path / "nota.xml"
    path.write_bytes(data)
    refused = carteiro("send-document", str(path), "--json")
    assert (refused.status, refused.error["code"], refused.error["field"]) == (status, code, field)
    assert carteiro("outbox", "list", "--json").json == []


def test_of_several_each_is_named(carteiro: Run, note: Path, tmp_path: Path) -> None:
    """All or none; a file that is not there is a refusal too."""
    bad = tmp_path / "ruim.xml"
    bad.write_bytes(b"<nfe")
    refused = carteiro("send-document", str(note), str(bad), str(bad), "--json")
    assert [e["message"].partition(":")[0] for e in refused.error["errors"]] == ["ruim.xml"] * 2
    missing = carteiro("send-document", str(tmp_path / "não há.xml"), "--json")
    assert (missing.status, missing.error["field"]) == (1, "file")
    assert "não existe: confira o caminho" in missing.error["message"]
    folder = carteiro("send-document", str(tmp_path), "--json", "--lang", "en")
    assert "is a folder: name a file" in folder.error["message"]
    assert carteiro("send-document").status == 2
    assert carteiro("outbox", "list", "--json").json == []
