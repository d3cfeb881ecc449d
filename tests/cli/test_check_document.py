"""``document check`` and the checks in ``document show`` as a contract."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import select

from services.store.engine import Store
from services.store.models import Company
from tests.cli.conftest import Run
from tests.documents import certificates, kinds
from tests.jobs.test_checking import put


def test_check_again(
    carteiro: Run, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R40: by id or all of them; with a file of trusted issuers the chain is told, and doctor knows it."""
    with store.reading() as session:
        company = session.scalars(select(Company)).one()
        owner = company.partner_id, company.id
    number = put(store, *owner, kinds.samples()["nfe"])
    assert carteiro("document", "check", "--json").status == 2
    assert carteiro("document", "check", "999", "--json").status == 4
    assert carteiro("document", "check", str(number), "--json").json == {"asked": 1, "checked": 1}
    shown = carteiro("document", "show", str(number), "--json").json
    assert shown["checks"] == {
        **dict.fromkeys(("access_key", "schema", "signature", "certificate", "protocol"), "ok"),
        "chain": "unasked",
    }
    file = tmp_path / "confiaveis.pem"
    monkeypatch.setenv("CARTEIRO_TRUSTED_ISSUERS_FILE", str(file))
    doctor = {each["check"]: each for each in carteiro("doctor", "--json").json}
    assert not doctor["trusted_issuers"]["ok"]
    file.write_bytes(certificates.stranger())
    assert carteiro("document", "check", "--all").status == 0
    shown = carteiro("document", "show", str(number), "--json").json
    assert shown["checks"]["chain"] == "failed"
    assert "AC Carteiro de Teste" in shown["check_reasons"]["chain"]
    doctor = {each["check"]: each for each in carteiro("doctor", "--json").json}
    assert doctor["trusted_issuers"]["ok"]
