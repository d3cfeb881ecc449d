"""What came in, by commands: decided about, found, explained and handed on."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.conftest import Run
from tests.documents import generator
from tests.reading.conftest import ISSUER, keys_of, letter
from tests.servers.dovecot import Dovecot
from tests.store_fixtures import CNPJ

OTHER = generator.cnpj(31)
BROKEN = b'<?xml version="1.0"?><NFe xmlns="http://www.portalfiscal.inf.br/nfe"><'


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_read_decided_explained_and_exported(
    carteiro: Run, dovecot: Dovecot, tmp_path: Path
) -> None:
    """R36, R39, R41, R43: one is imported, one waits for its company, one cannot be read."""
    user = "entrada-cli"
    dovecot.add_user(user, "segredo")
    for raw in (letter(1), letter(2, recipient=OTHER), generator.mail([BROKEN], pdf_bytes=0)):
        dovecot.deliver(user, raw)
    made = carteiro(
        *("mailbox", "add", "--company", CNPJ, "--function", "read", "--nickname", "Entrada"),
        *("--sender-name", "X", "--email", f"{user}@x.example", "--user", user),
        *("--password-stdin", "--pop-host", dovecot.host, "--pop-port", str(dovecot.port)),
        *("--pop-security", "none"),
        stdin="segredo\n",
    )
    assert made.status == 0, made.err
    done = carteiro("read", "--json").json
    assert (done["messages"], done["documents"], done["quarantined"]) == (3, 1, 2)
    held = {each["reason"]: each["id"] for each in carteiro("quarantine", "list", "--json").json}
    foreign, damaged = str(held["foreign_company"]), str(held["malformed"])
    carteiro(
        *("company", "add", "--cnpj", OTHER, "--nickname", "Nova", "--legal-name", "N"),
        *("--document-import", "on"),
    )
    assert OTHER in carteiro("quarantine", "show", foreign, "--json").out
    linked = carteiro("quarantine", "link", foreign, "--company", OTHER, "--json")
    assert (linked.status, linked.json["documents"]) == (0, 1), linked.err
    again = carteiro("quarantine", "retry", damaged, "--json").json
    assert (again["documents"], again["quarantined"]) == (0, 1)
    (left,) = carteiro("quarantine", "list", "--json").json
    assert carteiro("quarantine", "reject", str(left["id"])).status == 0
    assert carteiro("quarantine", "list", "--json").json == []
    key = generator.access_key(ISSUER, 2)
    (receipt,) = carteiro("receipt", key, "--json").json
    assert receipt["deleted_at"]
    assert [(f["company"], f["outcome"]) for f in receipt["found"]] == [(OTHER, "imported")]
    assert "Importado" in carteiro("receipt", key).out
    folder = tmp_path / "notas"
    folder.mkdir()
    assert carteiro("document", "export", str(folder)).status == 0
    files = sorted(path.name for path in folder.rglob("*.xml"))
    assert files == [f"NFe-{each}.xml" for each in keys_of([1, 2])]
    dovecot.deliver(user, generator.mail([BROKEN, BROKEN + b"/"], pdf_bytes=0))
    assert carteiro("read", "--json").json["quarantined"] == 2
    both = [str(each["id"]) for each in carteiro("quarantine", "list", "--json").json]
    # One message has both: it is read again once, and neither is in the way of the other.
    twins = carteiro("quarantine", "retry", *both, "--json")
    assert (twins.status, twins.json["quarantined"]) == (0, 2), twins.err
