"""Companies from files as spreadsheets in Brazil write them, and back (R53, R55)."""

from __future__ import annotations

import codecs
import csv
import io
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from services.errors import Invalid, NotAllowed, Refused
from services.fiscal.cnpj import masked
from services.office import Office
from services.registry import companies, company_csv, csv_text, people
from services.registry.access import Actor, actor_of
from services.registry.companies import CompanyDraft, CompanyView
from services.registry.company_columns import KNOWN
from services.registry.company_csv import Applied
from services.store.models import AuditEntry, Partner, User
from tests.registry.spreadsheet import ALL, HEAD, all_of, errors, exported, load, number, plan, run


def test_added_edited_and_left_alone(office: Office, actor: Actor, company: CompanyView) -> None:
    """A dry run changes nothing and says before and after; then it is done and audited (R55)."""
    lines = (
        ALL,
        f"{masked(company.cnpj)};Padaria Nova;{company.legal_name};;{company.notification_email};s;;não;",
        "",
        f"{number(2)};Loja;Loja Ltda;;a@x.com;x;sim;;Loja do Zé",
        ";;;;;;;;",
    )
    planned = plan(office, actor, *lines)
    assert dict(planned.counts) == {"add": 1, "edit": 1, "same": 0, "error": 0}
    edit, add = planned.lines
    assert (edit.number, edit.changes) == (
        2,
        {"nickname": (company.nickname, "Padaria Nova"), "may_register": (True, False)},
    )
    assert (add.number, add.cnpj, add.nickname) == (4, number(2), "Loja")
    assert all_of(office, actor) == {company.cnpj: company}
    assert run(office, actor, planned) == Applied(1, 1)
    after = all_of(office, actor)
    assert after[company.cnpj] == replace(
        company, nickname="Padaria Nova", may_register=False, version=company.version + 1
    )
    loja = after[number(2)]
    assert (loja.sender_name, loja.notification_email) == ("Loja do Zé", "a@x.com")
    assert (loja.document_import, loja.invoicy_mail, loja.may_register) == (True, True, True)
    entries = office.ask_now(
        lambda s: s.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(2)).all()
    )
    assert {(e.action, e.company_id, e.user_nickname) for e in entries} == {
        ("add", loja.id, "ana"),
        ("edit", company.id, "ana"),
    }
    assert next(e.after for e in entries if e.action == "edit") == {
        "nickname": "Padaria Nova",
        "may_register": False,
    }
    assert dict(plan(office, actor, *lines).counts) == {"add": 0, "edit": 0, "same": 2, "error": 0}
    assert list(office.ask_now(companies.ids, actor, filter="loja do")) == []
    assert list(office.ask_now(companies.ids, actor, filter="loja")) == [loja.id]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
@pytest.mark.parametrize("separator", [";", ",", "\t"])
@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_what_spreadsheets_write(encoding: str, separator: str, end: str) -> None:
    """Encodings, separators and line ends; quotes; the names of columns in any order and case."""
    header = ["Razão Social", "CNPJ", "E-mail de Notificação"]
    row = [f'Açaí "do Zé"{separator} ME', number(1), "a@x.com;b@x.com"]
    out = io.StringIO()
    csv.writer(out, delimiter=separator, lineterminator=end).writerows([header, [], row])
    table = csv_text.read(out.getvalue().encode(encoding), KNOWN)
    assert table.header.cells == tuple(header)
    assert [(each.number, each.cells) for each in table.rows] == [(3, tuple(row))]


def test_separator_that_the_file_says() -> None:
    """Excel's own first line, which also counts."""
    table = csv_text.read(b"sep=,\r\ncnpj,apelido\r\n1;2,x\r\n", KNOWN)
    assert table.rows == (csv_text.Row(3, ("1;2", "x")),)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        (number(1222333).lstrip("0"), number(1222333)),
        (number(122233).lstrip("0"), number(122233)),
        (number(1222333)[1:12], None),
        ("191000100", None),
        ("11.222.333/0001-81", "11222333000181"),
        ("'11222333000181", "11222333000181"),
        ('"=""11222333000181"""', "11222333000181"),
        ("11222333000181,00", "11222333000181"),
        ("11222333000181.0", "11222333000181"),
        ("12abc34501de35", "12ABC34501DE35"),
        ("1,12223E+13", None),
        ("1.12223e+13", None),
        ("11222333000182", None),
        ("", None),
    ],
)
def test_cnpj_from_a_spreadsheet(
    office: Office, actor: Actor, typed: str, meant: str | None
) -> None:
    """Lost zeros come back when the check digits agree; rounded numbers are refused in words."""
    line = plan(office, actor, HEAD, f"{typed};A;B").lines[0]
    if meant is None:
        assert [field for field, _message in line.errors] == ["cnpj"]
        assert ("arredondou" in line.errors[0][1]) == ("E+" in typed.upper())
    else:
        assert (line.action, line.cnpj) == ("add", meant)


@pytest.mark.parametrize(
    ("word", "value"),
    [
        *((word, True) for word in ("sim", "SIM", "s", "1", "true", "on", "x", "X", "VERDADEIRO")),
        *((word, False) for word in ("não", "NAO", "n", "0", "false", "off", "Falso")),
        ("talvez", None),
        ("2", None),
    ],
)
def test_yes_and_no(office: Office, actor: Actor, word: str, value: bool | None) -> None:
    """The words that people and spreadsheets use; others are refused."""
    line = plan(office, actor, f"{HEAD};importacao_documentos", f"{number(1)};A;B;{word}").lines[0]
    if value is None:
        assert line.errors[0][0] == "document_import"
    else:
        assert line.draft is not None
        assert line.draft.document_import is value


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "vazio"),
        (b"\r\n;;\r\n", "vazio"),
        (b"11222333000181;Padaria;Padaria Ltda\r\n", "primeira linha"),
        (b"cnpj;cor\r\n", "cor"),
        (b"cnpj;apelido;Nickname\r\n", "duas vezes"),
        (b"apelido;razao_social\r\nA;B\r\n", "Falta a coluna cnpj"),
        (b'cnpj;apelido\r\n1;"abre\r\n2;x\r\n', "Linha 2"),
        (b'cnpj;apelido\r\n1;x\r\n2;"a"b\r\n', "Linha 3"),
        (b"PK\x03\x04rest", "planilha"),
        (b"cnpj;apelido\r\n\x00", "nulos"),
        (b"cnpj;apelido\r\n\x81\r\n", "UTF-8"),
        (codecs.BOM_UTF8 + b"cnpj;apelido\r\n\xe7\r\n", "UTF-8"),
        (b"cnpj\r\n" + b"1" * csv_text.MOST_BYTES, "20 MB"),
        (b"cnpj\r\n" + b"1\r\n" * (csv_text.MOST_LINES + 1), "100000"),
    ],
)
def test_what_is_no_such_file(office: Office, actor: Actor, data: bytes, words: str) -> None:
    """One clear reason for the file as a whole."""
    with pytest.raises(Invalid, match=words) as refusal:
        office.ask_now(company_csv.plan, actor, data)
    assert refusal.value.field == "file"


def test_every_error_of_every_line(office: Office, actor: Actor, company: CompanyView) -> None:
    """All errors with line and field; nothing goes in unless the wrong lines are to be skipped."""
    planned = plan(
        office,
        actor,
        ALL,
        f"{number(5)};Boa;Boa Ltda",
        f"{number(6)};;x;;nada;talvez",
        f"{number(5)};De novo;De novo Ltda",
        f"{number(7)};A;B;;;;;;a\x07b",
        f"{number(8)};A;B;;;;;;;;sobra",
    )
    assert errors(planned) == [
        (3, "document_import"),
        (3, "nickname"),
        (3, "notification_email"),
        (4, "cnpj"),
        (5, "sender_name"),
        (6, "file"),
    ]
    assert "linha 2" in planned.lines[2].errors[0][1]
    with pytest.raises(Refused, match="4 linhas"):
        company_csv.chunks(planned)
    assert all_of(office, actor) == {company.cnpj: company}
    assert run(office, actor, planned, skip_errors=True) == Applied(1, 0)
    assert set(all_of(office, actor)) == {company.cnpj, number(5)}


def test_headquarters_anywhere_in_the_file(office: Office, actor: Actor) -> None:
    """Branches may come before their headquarters; the rules are those of the form."""
    head = f"{HEAD};matriz"
    done = load(
        office,
        actor,
        head,
        f"{number(9, 2)};F1;B;{masked(number(9))}",
        f"{number(9, 3)};F2;B;{number(9)}",
        f"{number(9)};M;B;",
    )
    assert done == Applied(3, 0)
    found = all_of(office, actor)
    assert {found[number(9, n)].headquarters for n in (2, 3)} == {number(9)}
    planned = plan(
        office,
        actor,
        head,
        f"{number(8)};A;B;{number(8)}",
        f"{number(7)};A;B;{number(9)}",
        f"{number(6, 2)};A;B;{number(6)}",
        f"{number(9, 4)};A;B;{number(9, 2)}",
        f"{number(9)};M;B;{number(9, 3)}",
        f"{number(5, 2)};A;B;{number(5)}",
        f"{number(5)};;B;",
    )
    assert errors(planned) == [
        (2, "headquarters"),
        (3, "headquarters"),
        (4, "headquarters"),
        (5, "headquarters"),
        (6, "headquarters"),
        (7, "headquarters"),
        (8, "nickname"),
    ]


def test_headquarters_and_branches_change_places(office: Office, actor: Actor) -> None:
    """What is right at the end is applied in an order in which it is right at every moment."""
    head = f"{HEAD};matriz"
    one, two, three = number(9, 1), number(9, 2), number(9, 3)
    load(office, actor, head, f"{one};M;B;", f"{two};F;B;{one}", f"{three};G;B;{one}")
    planned = plan(office, actor, head, f"{one};M;B;{two}", f"{three};G;B;{two}", f"{two};F;B;")
    done = Applied()
    for chunk in company_csv.chunks(planned, size=1):
        done += office.do_now(company_csv.apply, actor, chunk)
    assert done == Applied(0, 3)
    found = all_of(office, actor)
    assert [found[n].headquarters for n in (one, two, three)] == [two, None, two]


def test_columns_that_are_absent_stay(office: Office, actor: Actor, company: CompanyView) -> None:
    """A file with two columns changes one thing; an empty yes or no changes nothing."""
    lines = ("CNPJ;Importação de Documentos;InvoiCy Mail", f"{company.cnpj};não;")
    assert load(office, actor, *lines) == Applied(0, 1)
    assert all_of(office, actor)[company.cnpj] == replace(
        company, document_import=False, version=company.version + 1
    )


def test_new_companies_follow_the_partner(office: Office, actor: Actor) -> None:
    """R14: InvoiCy Mail is on for new ones where the partner wants it, unless the file says no."""

    def wish(session: Any) -> None:
        session.get_one(Partner, actor.partner_id).auto_invoicy_mail = True

    office.do_now(wish)
    head = f"{HEAD};invoicy_mail"
    load(office, actor, head, f"{number(1)};A;B;", f"{number(2)};A;B;não")
    found = all_of(office, actor)
    assert [found[number(n)].invoicy_mail for n in (1, 2)] == [True, False]


def test_what_changed_since_the_plan_is_left_alone(
    office: Office, actor: Actor, company: CompanyView
) -> None:
    """Somebody edited, removed or registered one meanwhile: told by line, the others go in."""
    load(office, actor, HEAD, f"{number(2)};Dois;B", f"{number(4)};Quatro;B")
    planned = plan(
        office,
        actor,
        HEAD,
        f"{company.cnpj};Do arquivo;B",
        f"{number(2)};Do arquivo;B",
        f"{number(3)};Do arquivo;B",
        f"{number(4)};Do arquivo;B",
        f"{number(5)};Do arquivo;B",
    )
    office.do_now(companies.edit, actor, company.id, {"nickname": "Da tela"})
    gone = office.ask_now(companies.by_cnpj, actor, number(2))
    office.do_now(companies.remove, actor, gone.id)
    office.do_now(companies.add, actor, CompanyDraft(number(3), "Da tela", "B"))
    done = run(office, actor, planned)
    assert (done.added, done.changed) == (1, 1)
    assert {line.number: line.errors[0][1] for line in done.errors} == {
        2: "ana alterou este cadastro enquanto você o editava: confira os valores atuais e salve de novo",
        3: "A empresa foi excluída depois que o arquivo foi conferido",
        4: f"CNPJ {masked(number(3))}: já cadastrado para Da tela",
    }
    names = {cnpj: view.nickname for cnpj, view in all_of(office, actor).items()}
    assert names == {
        company.cnpj: "Da tela",
        number(3): "Da tela",
        number(4): "Do arquivo",
        number(5): "Do arquivo",
    }


def test_headquarters_that_became_a_branch_since(office: Office, actor: Actor) -> None:
    """The rules hold when it is applied, too."""
    head = f"{HEAD};matriz"
    load(office, actor, head, f"{number(9)};M;B;", f"{number(9, 2)};F;B;")
    planned = plan(office, actor, head, f"{number(9, 3)};G;B;{number(9, 2)}")
    branch = office.ask_now(companies.by_cnpj, actor, number(9, 2))
    office.do_now(companies.edit, actor, branch.id, {"headquarters": number(9)})
    done = run(office, actor, planned)
    assert [line.errors[0][0] for line in done.errors] == ["headquarters"]


def test_cancel_leaves_whole_chunks(office: Office, actor: Actor) -> None:
    """Who stops between two chunks keeps the first."""
    lines = [f"{number(n)};A{n};B" for n in range(1, 8)]
    chunks = company_csv.chunks(plan(office, actor, HEAD, *lines), size=3)
    office.do_now(company_csv.apply, actor, next(chunks))
    assert set(all_of(office, actor)) == {number(n) for n in (1, 2, 3)}


def test_progress_counts_up_and_can_stop(office: Office, actor: Actor) -> None:
    """Every 500 lines, and at the end; what it raises ends the plan."""
    data = "\n".join([HEAD, *(f"{number(n)};A;B" for n in range(1, 702))]).encode()
    seen: list[tuple[int, int]] = []
    office.ask_now(company_csv.plan, actor, data, progress=lambda done, of: seen.append((done, of)))
    assert seen == [(500, 701), (701, 701)]

    def stop(_done: int, _of: int) -> None:
        raise InterruptedError

    with pytest.raises(InterruptedError):
        office.ask_now(company_csv.plan, actor, data, progress=stop)


def test_only_the_partner(office: Office, actor: Actor, company: CompanyView) -> None:
    """R53: company users export what they see, and import nothing."""
    office.do_now(companies.add, actor, CompanyDraft(number(3), "Outra", "Outra Ltda"))
    office.do_now(
        people.add_user, actor, people.UserDraft("rui", "Rui", None, "company", (company.cnpj,))
    )
    rui = office.ask_now(
        lambda s: actor_of(s, s.scalars(select(User).where(User.nickname == "rui")).one())
    )
    planned = plan(office, actor, HEAD, f"{number(4)};A;B")
    with pytest.raises(NotAllowed):
        office.ask_now(company_csv.plan, rui, HEAD.encode())
    with pytest.raises(NotAllowed):
        office.do_now(company_csv.apply, rui, planned.lines)
    assert exported(office, rui).decode().count("\r\n") == 2
    assert exported(office, actor).decode().count("\r\n") == 3
