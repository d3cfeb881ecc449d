"""The first minutes: partner, user, company, by key presses."""

from __future__ import annotations

from sqlalchemy import select
from textual import events

from services.health import facts
from services.registry import companies
from services.registry.access import Actor
from services.registry.companies import CompanyDraft, CompanyView
from services.store.engine import Store
from services.store.mail import OutboxMessage
from services.store.models import Company, EmailServer, Partner, User
from tests.screens.conftest import Console, Opened
from tests.screens.test_email_test import register
from tests.servers.sink import Sink


async def introduce(c: Console) -> None:
    await c.in_front("Wizard")
    await c.fill("Contábil Sul", "chave-1", "ana", "ana@contabil.example")


async def test_wizard_makes_partner_and_user_and_shows_the_panel(
    console: Opened, store: Store
) -> None:
    """R54: on an empty database the wizard maps the account that runs it to the first user."""
    async with console() as c:
        await introduce(c)
        await c.press("f2")
        await c.at_home()
        await c.shows("Contábil Sul", "Caixas de E-mail", "Fila de envio", "Documentos")
    with store.reading() as session:
        assert session.scalars(select(Partner.name)).all() == ["Contábil Sul"]
        assert session.scalars(select(User.nickname)).all() == ["ana"]


async def test_first_run_from_nothing_to_the_first_e_mail(
    console: Opened, store: Store, sink: Sink
) -> None:
    """R8, R10, R31: partner, company, mailbox, test and an e-mail to oneself, by keys alone."""
    async with console((80, 24), with_jobs=True) as c:
        await introduce(c)
        assert "Abrindo o banco de dados" not in c.text
        await c.press("f2")
        await c.in_front("FirstSteps")
        await c.shows("▸ A primeira empresa", "carteiro company add")
        assert "Abrindo o banco de dados" not in c.text
        await c.press("enter")
        await c.in_front("CompanyForm")
        await c.fill("11.222.333/0001-81", "Padaria São João", "Padaria São João Ltda")
        await c.press("f2")
        await c.shows("▸ A primeira caixa de envio", "--company 11222333000181")
        await c.press("enter")
        await c.in_front("RegisterWay")
        await c.press("2")
        await c.in_front("MailboxForm")
        await mailbox(c, sink)
        await c.press("f2")
        await c.shows("✓ A primeira caixa de envio", "▸ O teste da caixa")
        await c.press("enter")
        await c.in_front("EmailTest")
        await c.shows("Tudo certo: a caixa funciona.")
        await c.press("escape")
        await c.shows("▸ O primeiro e-mail, a você")
        await c.press("enter")
        await c.shows("✓ Enviado a ana@contabil.example", "Tudo pronto", within=30.0)
        await c.press("enter")
        await c.until(lambda: c.dialog == "HomeScreen", "the first screen")
        assert "▸ Padaria São João" in c.lines[0]
        await c.until(lambda: "F3" not in c.lines[-1], "nothing is left to be done")
    assert sink.wait_for(2)[-1].recipients == ("ana@contabil.example",)


async def test_a_test_that_passed_before_saving_is_not_asked_for_again(
    console: Opened, store: Store, company: CompanyView, sink: Sink
) -> None:
    """R8, R10: the next step is the e-mail."""
    async with console((80, 24)) as c:
        await c.in_front("FirstSteps")
        await c.press("enter")
        await c.in_front("RegisterWay")
        await c.press("2")
        await c.in_front("MailboxForm")
        await mailbox(c, sink)
        await c.press("f5")
        await c.in_front("EmailTest")
        await c.shows("Tudo certo: a caixa funciona.")
        await c.press("f2")
        await c.shows("✓ O teste da caixa", "▸ O primeiro e-mail, a você")


async def test_first_run_takes_companies_from_a_spreadsheet(console: Opened, store: Store) -> None:
    """R54: i imports in the first step; what is wrong stays out, and the only company is chosen."""
    table = (
        "CNPJ;Apelido;Razão Social\r\n11.222.333/0001-81;Padaria;Padaria Ltda\r\n1;Erro;Erro\r\n"
    )
    async with console((80, 24)) as c:
        await introduce(c)
        await c.press("f2")
        await c.in_front("FirstSteps")
        await c.press("i")
        await c.in_front("CsvChoose")
        await c.press("escape")
        await c.in_front("FirstSteps")
        await c.shows("▸ A primeira empresa")
        await c.press("i")
        await c.in_front("CsvChoose")
        c.app.post_message(events.Paste(table))
        await c.in_front("CsvPlan")
        await c.press("f2")
        await c.in_front("Confirm")
        await c.agree()
        await c.in_front("FirstSteps")
        await c.shows("✓ A primeira empresa", "▸ A primeira caixa", "--company 11222333000181")
        assert "▸ Padaria" in c.lines[0]
    with store.reading() as session:
        assert session.scalars(select(Company.nickname)).all() == ["Padaria"]


async def mailbox(c: Console, sink: Sink) -> None:
    """Fill the form of a sending mailbox that wants neither TLS nor a login."""
    await c.fill("Notas", "Padaria", "nfe@padaria.example")
    await c.press("f4")
    await c.shows("Porta")
    await c.fill("127.0.0.1", str(sink.port))
    await c.press("tab", "right", "tab", "space")


async def test_first_run_goes_on_where_it_was_left(
    console: Opened, store: Store, actor: Actor, sink: Sink
) -> None:
    """R10: nothing is kept of it: whatever was done, here or by command, is done."""
    async with console((80, 24)) as c:
        await c.in_front("FirstSteps")
        await c.shows("▸ A primeira empresa")
        await c.press("i")
        await c.in_front("CsvChoose")
        await c.press("escape")
        await c.in_front("FirstSteps")
        await c.press("escape")
        await c.shows("Falta fazer", "Cadastrar ou importar a primeira empresa")
    with store.writing() as session:
        made = companies.add(
            session, actor, CompanyDraft("11222333000181", "Padaria São João", "Padaria Ltda")
        )
    async with console((80, 24)) as c:
        await c.in_front("FirstSteps")
        await c.shows("✓ A primeira empresa", "▸ A primeira caixa de envio")
        register(store, actor, made, sink.port)
        await c.shows("▸ O teste da caixa")
    async with console((80, 24)) as c:
        await c.in_front("FirstSteps")
        await c.shows("✓ A primeira caixa de envio", "▸ O teste da caixa", "carteiro mailbox test")
        await c.press("escape", "f3")
        await c.in_front("FirstSteps")
        await c.press("f1")
        await c.in_front("HelpDialog")
        await c.shows("Ajuda: Primeiros passos")


async def test_first_e_mail_that_does_not_leave_is_told(
    console: Opened, store: Store, actor: Actor, company: CompanyView, sink: Sink
) -> None:
    """R33: while nobody sends, the e-mail is on its way, and Enter sends no second one."""
    register(store, actor, company, sink.port)
    with store.writing() as session:
        facts.note_success(session, session.scalars(select(EmailServer.id)).one())
    async with console((80, 24)) as c:
        await c.in_front("FirstSteps")
        await c.shows("▸ O primeiro e-mail, a você")
        await c.press("enter")
        await c.shows("A caminho de ana@contabil.example")
        await c.press("enter")
        await c.pilot.pause()
        assert c.dialog == "FirstSteps"
    with store.reading() as session:
        assert len(session.scalars(select(OutboxMessage.id)).all()) == 1


async def test_wizard_shows_what_is_missing_beside_its_field(console: Opened, store: Store) -> None:
    """R22: nothing is made from half a form, and nothing typed is lost."""
    async with console((80, 24)) as c:
        await c.in_front("Wizard")
        await c.type("Contábil Sul")
        await c.press("f2")
        await c.shows("Preencha este campo", "Contábil Sul")
        assert c.dialog == "Wizard"
    with store.reading() as session:
        assert session.scalars(select(Partner.id)).all() == []


async def test_leaving_the_wizard_makes_nothing(console: Opened, store: Store) -> None:
    """R54: who leaves the wizard leaves the program, and no partner is made."""
    async with console() as c:
        await introduce(c)
        await c.press("escape")
        await c.in_front("Confirm")
        await c.agree()
        await c.until(lambda: c.app.return_code is not None, "the end")
    with store.reading() as session:
        assert session.scalars(select(Partner.id)).all() == []


async def test_first_company_is_made_and_chosen(
    console: Opened, store: Store, actor: object
) -> None:
    """R53: ``c`` with nothing to choose offers F3; the company made is the chosen one."""
    async with console((80, 24)) as c:
        await c.at_home()
        await c.press("c")
        await c.shows("Nenhuma empresa")
        await c.press("f3")
        await c.in_front("CompanyForm")
        await c.fill("11.222.333/0001-81", "Padaria São João", "Padaria São João Ltda")
        await c.press("f2")
        await c.until(lambda: "▸ Padaria São João" in c.lines[0], "the company in the top bar")
    with store.reading() as session:
        assert session.scalars(select(Company.cnpj)).all() == ["11222333000181"]


async def test_a_wrong_cnpj_is_told_beside_the_field(
    console: Opened, store: Store, actor: object
) -> None:
    """R39: a CNPJ with a wrong check digit is refused in the form, and stays to be mended."""
    async with console((80, 24)) as c:
        await c.at_home()
        await c.press("c")
        await c.in_front("ChooseCompany")
        await c.press("f3")
        await c.in_front("CompanyForm")
        await c.fill("11.222.333/0001-82", "Padaria", "Padaria Ltda")
        await c.press("f2")
        await c.until(lambda: "▲" in c.text, "the error")
        assert "11.222.333/0001-82" in c.text
        assert c.dialog == "CompanyForm"
        # The error has the focus: the last digit is typed again.
        await c.press("end", "backspace", "1", "f2")
        await c.until(lambda: "▸ Padaria" in c.lines[0], "the company in the top bar")
    with store.reading() as session:
        assert session.scalars(select(Company.cnpj)).all() == ["11222333000181"]
