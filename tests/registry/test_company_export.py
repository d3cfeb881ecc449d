"""Companies to a spreadsheet and back: as it is written, whole, and with nothing that computes."""

from __future__ import annotations

import codecs
import stat
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as rules
from hypothesis import strategies as st

from services.errors import Conflict, Invalid, InvalidFields, Refused
from services.office import Office
from services.registry import companies, company_csv, company_export, csv_text
from services.registry.access import Actor
from services.registry.companies import CompanyDraft, CompanyView
from tests.registry.spreadsheet import ALL, exported, number


def test_file_as_it_is_written(office: Office, actor: Actor, company: CompanyView) -> None:
    """Marked as UTF-8, ``;``, CR LF, Portuguese names; nothing that a spreadsheet computes."""
    office.do_now(
        companies.edit, actor, company.id, {"nickname": '=1+1;"x"', "sender_name": "@SUM(A1)"}
    )
    data = exported(office, actor)
    assert data.startswith(codecs.BOM_UTF8 + ALL.encode() + b"\r\n")
    assert data.decode("utf-8-sig").splitlines()[1] == (
        f'{company.cnpj};"\'=1+1;""x""";Padaria São João Ltda;;dono@padaria.example;'
        "sim;não;sim;'@SUM(A1);sim"
    )
    assert dict(office.ask_now(company_csv.plan, actor, data).counts)["same"] == 1


def test_saved_whole_private_and_not_over_another(
    office: Office, actor: Actor, company: CompanyView, tmp_path: Path
) -> None:
    """For its owner only; one that is there stays unless it is to be replaced."""
    path = tmp_path / "empresas.csv"
    assert office.ask_now(company_export.save, actor, path) == 1
    assert path.read_bytes() == exported(office, actor)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_bytes(b"minha")
    with pytest.raises(Conflict, match="já existe"):
        office.ask_now(company_export.save, actor, path)
    assert path.read_bytes() == b"minha"
    assert office.ask_now(company_export.save, actor, path, force=True) == 1
    assert path.read_bytes() == exported(office, actor)
    dangling = tmp_path / "elo.csv"
    dangling.symlink_to(tmp_path / "alvo")
    with pytest.raises(Conflict, match="já existe"):
        office.ask_now(company_export.save, actor, dangling)
    with pytest.raises(Refused, match="gravar"):
        office.ask_now(company_export.save, actor, tmp_path / "nada" / "x.csv")
    assert sorted(each.name for each in tmp_path.iterdir() if each.suffix == ".csv") == [
        "elo.csv",
        "empresas.csv",
    ]
    assert not [each for each in tmp_path.iterdir() if each.name.startswith(".")]


def test_broken_export_leaves_nothing(
    office: Office, actor: Actor, company: CompanyView, tmp_path: Path
) -> None:
    """Neither half a file nor a hidden one."""

    def stop(_done: int, _of: int) -> None:
        raise InterruptedError

    with pytest.raises(Refused):
        office.ask_now(company_export.save, actor, tmp_path / "x.csv", progress=stop)
    assert not [each for each in tmp_path.iterdir() if "x.csv" in each.name]


WORDS = st.text(
    st.one_of(st.sampled_from("=+-@'\";,\t\r＝＋ aç1"), st.characters(exclude_categories=["Cs"])),
    max_size=60,
)


@given(cell=WORDS)
def test_guard_comes_off_again(cell: str) -> None:
    """No written cell starts a formula, and what was guarded comes back (blanks round it aside)."""
    cell = cell.strip()
    written = csv_text.guarded(cell)
    assert written[:1] not in {*"=+-@\t\r＝＋－＠"} or not written
    assert csv_text.bare(written) == cell


def drafts() -> st.SearchStrategy[list[dict[str, Any]]]:
    one = st.fixed_dictionaries(
        {
            "nickname": WORDS,
            "legal_name": WORDS,
            "sender_name": WORDS,
            "notification_email": st.sampled_from([None, "a@x.com", "a@x.com;b@x.com"]),
            "document_import": st.booleans(),
            "invoicy_mail": st.booleans(),
            "may_register": st.booleans(),
        }
    )
    return st.lists(one, min_size=1, max_size=4)


@rules(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(values=drafts())
def test_round_trip(office: Office, actor: Actor, values: list[dict[str, Any]]) -> None:
    """Whatever a form accepts is written and read back as the same."""

    def round_trip(session: Any) -> None:
        for each in values:
            order = len(companies.ids(session, actor)) + 1
            head = number(9) if order > 1 else None
            try:
                companies.add(
                    session, actor, CompanyDraft(cnpj=number(9, order), headquarters=head, **each)
                )
            except InvalidFields:
                continue
        data = "".join(company_export.export(session, actor)).encode()
        planned = company_csv.plan(session, actor, data)
        assert {line.action for line in planned.lines} <= {"same"}
        session.rollback()

    with office.store.reading() as session:
        round_trip(session)


@rules(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    rest=st.one_of(
        st.binary(max_size=300),
        st.lists(st.lists(WORDS, max_size=5), max_size=6).map(
            lambda rows: "\n".join(";".join(row) for row in rows).encode()
        ),
    )
)
def test_no_file_breaks_it(office: Office, actor: Actor, rest: bytes) -> None:
    """Whatever the bytes: a plan, or one reason in words."""
    data = b"cnpj;apelido;email_notificacao\n" + rest
    try:
        planned = office.ask_now(company_csv.plan, actor, data)
    except Invalid:
        return
    assert not planned.counts["add"]
