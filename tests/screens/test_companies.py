"""Empresas by key presses: register, edit, many at once, from and into a spreadsheet (R53, R55)."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from textual import events

from services.office import Office
from services.registry import companies
from services.registry.access import Actor
from services.registry.companies import CompanyDraft, CompanyView
from services.settings import Settings
from services.store import exchange
from services.store.engine import Store
from services.store.models import AuditEntry, Company, Role, User, UserCompany
from tests.screens.conftest import Console, Opened

BRANCH = "11222333000262"
OTHERS = ("33000167000101", "44483401000115", "60746948000112")


@pytest.fixture
def several(store: Store, actor: Actor, company: CompanyView) -> list[CompanyView]:
    """The first company and three others."""
    with store.writing() as session:
        return [company] + [
            companies.add(session, actor, CompanyDraft(cnpj, f"Loja {n}", f"Loja {n} Ltda"))
            for n, cnpj in enumerate(OTHERS, 1)
        ]


async def _listed(c: Console) -> None:
    await c.at_home()
    await c.press("4")
    await c.in_front("CompaniesScreen")


def _all(store: Store) -> dict[str, Company]:
    with store.reading() as session:
        found = {row.cnpj: row for row in session.scalars(select(Company))}
        session.expunge_all()
        return found


async def test_the_empty_list_says_what_to_do_first(console: Opened, actor: Actor) -> None:
    async with console((80, 24)) as c:
        await _listed(c)
        await c.shows("Nenhuma empresa. Tecle n")


async def test_all_that_is_wrong_is_said_at_once_beside_its_field(
    console: Opened, store: Store, actor: Actor
) -> None:
    """R53: each field is checked when it is left; saving keeps nothing of it."""
    async with console((80, 24)) as c:
        await _listed(c)
        await c.press("n")
        await c.in_front("CompanyForm")
        await c.fill("11.222.333/0001-82", "Padaria", "Padaria Ltda", "123", "dono@; a@b.example")
        await c.press("tab")
        refusals = ("o dígito verificador", "são 14 caracteres", "inválido: dono@")
        await c.shows(*refusals)
        await c.press("f2")
        await c.shows(*refusals)
        assert c.dialog == "CompanyForm"
    assert _all(store) == {}


async def test_of_what_is_refused_a_part_is_corrected(
    console: Opened, store: Store, actor: Actor
) -> None:
    """R53: in the field that is to be mended the cursor stands behind what was typed; a field that a
    person goes to is typed anew."""
    async with console((80, 24)) as c:
        await _listed(c)
        await c.press("n")
        await c.in_front("CompanyForm")
        await c.fill("11.222.333/0001-82", "Padaria", "Padaria Ltda")
        await c.press("f2")
        await c.shows("o dígito verificador")
        await c.press("backspace", "1", "tab")
        await c.type("Forno")
        await c.press("f2")
        await c.in_front("CompaniesScreen")
    assert [(row.cnpj, row.nickname) for row in _all(store).values()] == [
        ("11222333000181", "Forno")
    ]


async def test_a_branch_is_registered_under_its_headquarters(
    console: Opened, store: Store, company: CompanyView
) -> None:
    """A headquarters of another root is refused beside its field; nothing typed is lost."""
    async with console((80, 24)) as c:
        await _listed(c)
        await c.shows("11.222.333/0001-81")
        await c.press("n")
        await c.in_front("CompanyForm")
        await c.fill(BRANCH, "Filial Centro", "Padaria São João Ltda", OTHERS[0])
        await c.press("f2")
        await c.shows("mesma raiz")
        await c.press("end", *["backspace"] * 14)
        await c.type("11222333000181")
        await c.press("f2")
        await c.in_front("CompaniesScreen")
        await c.shows("Filial Centro")
    rows = _all(store)
    assert rows[BRANCH].headquarters_id == rows["11222333000181"].id


async def test_a_change_by_somebody_else_is_told_and_what_was_typed_stays(
    console: Opened, store: Store, office: Office, actor: Actor, company: CompanyView
) -> None:
    """Two admins: the second sees what changed, keeps the own words, and saves on purpose."""
    async with console() as c:
        await _listed(c)
        await c.shows("Padaria")
        await c.press("e")
        await c.in_front("CompanyForm")
        await c.press("end")
        await c.type(" Nova")
        office.do_now(companies.edit, actor, company.id, {"legal_name": "Outra Razão Ltda"})
        await c.press("f2")
        await c.shows("alterou este cadastro", "Razão social: Outra Razão Ltda")
        assert "Padaria São João Nova" in c.text
        await c.press("f2")
        await c.in_front("CompaniesScreen")
    row = _all(store)[company.cnpj]
    assert (row.nickname, row.legal_name) == ("Padaria São João Nova", "Outra Razão Ltda")


async def test_the_same_field_changed_by_both_is_asked_again(
    console: Opened, store: Store, office: Office, actor: Actor, company: CompanyView
) -> None:
    async with console() as c:
        await _listed(c)
        await c.shows("Padaria")
        await c.press("e")
        await c.in_front("CompanyForm")
        await c.press("end")
        await c.type("!")
        office.do_now(companies.edit, actor, company.id, {"nickname": "Dela"})
        await c.press("f2")
        await c.shows("agora está “Dela”")
        assert _all(store)[company.cnpj].nickname == "Dela"
        await c.press("f2")
        await c.in_front("CompaniesScreen")
    assert _all(store)[company.cnpj].nickname == "Padaria São João!"


async def test_an_extension_is_switched_for_the_marked(
    console: Opened, store: Store, several: list[CompanyView]
) -> None:
    """R3, R55: two marked companies get Document Import; each change is audited."""
    async with console((80, 24)) as c:
        await _listed(c)
        await c.shows("Loja 3")
        await c.press("space", "space", "m")
        await c.in_front("ManyCompanies")
        await c.shows("as marcadas (2)")
        await c.press("tab", "right")
        await c.shows("Importação de Documentos fica ativa em 2 empresas")
        await c.press("f2")
        await c.in_front("CompaniesScreen")
    rows = _all(store)
    assert [rows[cnpj].document_import for cnpj in OTHERS] == [True, True, False]
    with store.reading() as session:
        told = session.scalars(
            select(AuditEntry.company_id).where(
                AuditEntry.action == "edit", AuditEntry.entity == "company"
            )
        ).all()
    assert sorted(told) == sorted(rows[cnpj].id for cnpj in OTHERS[:2])


async def test_invoicy_mail_is_activated_for_all_listed(
    console: Opened, store: Store, several: list[CompanyView]
) -> None:
    """R14: "ativar todas as listadas": those that the filter shows, and no others."""
    async with console() as c:
        await _listed(c)
        await c.shows("Loja 3")
        await c.press("slash")
        await c.type("loja")
        await c.until(lambda: "Padaria" not in "\n".join(c.lines[2:]), "the filtered list")
        await c.press("enter", "m")
        await c.in_front("ManyCompanies")
        await c.shows("todas as listadas (3)", "InvoiCy Mail fica ativa em 3 empresas")
        await c.press("f2")
        await c.in_front("CompaniesScreen")
    rows = _all(store)
    assert {cnpj for cnpj, row in rows.items() if row.invoicy_mail} == set(OTHERS)


async def test_companies_come_from_what_was_copied_in_a_spreadsheet(
    console: Opened, store: Store, company: CompanyView
) -> None:
    """The plan first, with each line's error; then only the lines that are right."""
    table = (
        "cnpj\tapelido\trazao_social\timportacao_documentos\n"
        f"{OTHERS[0]}\tLoja A\tLoja A Ltda\tsim\n"
        f"{company.cnpj}\tPadaria Nova\tPadaria São João Ltda\tsim\n"
        "11222333000182\tErrada\tErrada Ltda\tnão\n"
    )
    async with console((120, 40)) as c:
        await _listed(c)
        await c.press("i")
        await c.in_front("CsvChoose")
        c.app.post_message(events.Paste(table))
        await c.in_front("CsvPlan")
        await c.shows("1 nova · 1 alterada · 0 igual · 1 com erro", "dígito verificador")
        assert len(_all(store)) == 1
        await c.press("f2")
        await c.in_front("Confirm")
        await c.agree()
        await c.in_front("CompaniesScreen")
        await c.shows("Loja A", "Padaria Nova")
    rows = _all(store)
    assert set(rows) == {company.cnpj, OTHERS[0]}
    assert rows[OTHERS[0]].document_import


async def test_what_is_listed_goes_into_a_file_and_comes_back(
    console: Opened, settings: Settings, store: Store, several: list[CompanyView]
) -> None:
    """The file lies in the exchange folder, from which an import reads it again: nothing changes."""
    async with console((120, 40)) as c:
        await _listed(c)
        await c.shows("Loja 3")
        await c.press("E")
        await c.until(lambda: bool(exchange.files(settings)), "the file")
        (file,) = exchange.files(settings)
        await c.press("i")
        await c.in_front("CsvChoose")
        await c.shows(file.name)
        await c.press("enter")
        await c.in_front("CsvPlan")
        await c.shows("0 nova · 0 alterada · 4 iguais")
        await c.press("f2")
        assert c.dialog == "CsvPlan"


async def test_a_company_that_went_meanwhile_is_not_chosen(
    console: Opened, store: Store, actor: Actor, several: list[CompanyView]
) -> None:
    """What is removed elsewhere leaves the list of companies to choose from."""
    async with console((80, 24)) as c:
        await c.at_home()
        await c.press("c")
        await c.in_front("ChooseCompany")
        await c.type("60746")
        await c.until(lambda: "Loja 2" not in c.text, "the filtered list")
        with store.writing() as session:
            companies.remove(session, actor, several[-1].id)
        await c.press("enter")
        await c.shows("Nada corresponde")
        assert c.dialog == "ChooseCompany"


async def test_what_is_no_table_says_so(console: Opened, actor: Actor) -> None:
    async with console() as c:
        await _listed(c)
        await c.press("i")
        await c.in_front("CsvChoose")
        c.app.post_message(events.Paste("isto não é\x1b]52;c;AAAA\x07 uma tabela"))
        await c.until(lambda: "▲" in c.text, "the refusal")
        assert "\x1b" not in c.text


async def test_a_company_is_removed_after_a_question(
    console: Opened, store: Store, several: list[CompanyView]
) -> None:
    async with console() as c:
        await _listed(c)
        await c.shows("Loja 3")
        await c.press("x")
        await c.in_front("Confirm")
        await c.shows("Excluir a empresa Loja 1?")
        await c.agree()
        await c.until(lambda: "Loja 1" not in c.text, "the removal")
    assert OTHERS[0] not in _all(store)


async def test_a_company_user_has_no_way_to_the_partners_screens(
    console: Opened, store: Store, actor: Actor, company: CompanyView
) -> None:
    """R53: neither panel nor digit nor palette leads there."""
    with store.writing() as session:
        user = session.get_one(User, actor.user_id)
        user.role = Role.COMPANY
        session.add(UserCompany(user_id=user.id, company_id=company.id))
    async with console((120, 40)) as c:
        await c.at_home()
        assert "Caixas de E-mail" in c.text
        for words in ("Empresas", "Usuários", "Gerenciamento"):
            assert words not in c.text
        await c.press("4", "5", "1")
        await c.in_front("MailboxesScreen")
        await c.press("4")
        assert c.dialog == "MailboxesScreen"
