"""The four ways, importing, undoing, re-sync by key presses (R4, R6)."""

from __future__ import annotations

import pytest
from sqlalchemy import update

from services.office import Office
from services.registry import companies, imports, links, mailboxes, servers
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.store.engine import Store
from services.store.models import Role, User, UserCompany
from tests.registry.branch import Family
from tests.registry.branch import family as make
from tests.screens.conftest import Console, Opened

SIZES = [(80, 24), (120, 40)]


@pytest.fixture
def family(office: Office, actor: Actor, company: CompanyView) -> Family:
    """A headquarters with a mailbox and a branch with two."""
    made = make(office, actor, company)
    made.add(made.head, "matriz")
    made.add(made.branch, "um")
    made.add(made.branch, "dois")
    return made


async def branch(c: Console) -> None:
    """To the mailboxes of the branch."""
    await c.at_home()
    await c.press("c")
    await c.in_front("ChooseCompany")
    await c.type("filial")
    await c.until(lambda: "São João" not in c.text, "the filtered list")
    await c.press("enter")
    await c.until(lambda: "▸ Filial" in c.lines[0], "the company")
    await c.press("1")
    await c.in_front("MailboxesScreen")
    await c.until(lambda: "Nenhuma" not in c.lines[2] and "@x.com" in c.text, "the list")


def become_a_user_of(store: Store, actor: Actor, company: CompanyView) -> None:
    """Who sits at the keyboard is a company user from now on."""
    with store.writing() as session:
        session.execute(update(User).where(User.id == actor.user_id).values(role=Role.COMPANY))
        session.add(UserCompany(user_id=actor.user_id, company_id=company.id))


@pytest.mark.parametrize("size", SIZES)
async def test_import_and_undo(console: Opened, family: Family, size: tuple[int, int]) -> None:
    """R6: what goes and what comes, then the copy; ``z`` brings the others back in their order."""
    async with console(size) as c:
        await branch(c)
        await c.press("n")
        await c.in_front("RegisterWay")
        await c.press("3")
        await c.in_front("ImportMailbox")
        await c.shows("Saem 2 caixas", "um@x.com", "dois@x.com", "Entra uma cópia", "matriz@x.com")
        await c.type("Padaria Filial")
        assert family.emails() == ["um@x.com", "dois@x.com"]
        await c.press("f2")
        await c.in_front("MailboxesScreen")
        await c.shows("cópia de Matriz", "z desfaz")
        await c.until(lambda: "um@x.com" not in c.text, "the others' end")
        (copy,) = family.sending()
        assert (copy.email, copy.sender_name) == ("matriz@x.com", "Padaria Filial")
        await c.press("z")
        await c.in_front("Confirm")
        await c.shows("um@x.com", "a cópia de matriz@x.com sai e é excluída")
        await c.agree()
        await c.in_front("MailboxesScreen")
        await c.shows("um@x.com", "dois@x.com")
        await c.until(lambda: "cópia de" not in c.text, "the copy's end")
        assert family.emails() == ["um@x.com", "dois@x.com"]
        await c.until(lambda: "z desfaz" not in c.text, "the key's end")
        await c.press("z")
        assert c.dialog == "MailboxesScreen"


async def test_a_copy_that_is_unlinked_stays(
    console: Opened, family: Family, office: Office, actor: Actor
) -> None:
    """R6: the question says what happens to the copy as it is now."""
    made = office.do_now(imports.from_headquarters, actor, family.branch.id)
    office.do_now(links.unlink, actor, made.server_id, [family.branch.id])
    async with console((80, 24)) as c:
        await c.at_home()
        await c.press("c")
        await c.in_front("ChooseCompany")
        await c.type("filial")
        await c.until(lambda: "São João" not in c.text, "the filtered list")
        await c.press("enter", "1")
        await c.in_front("MailboxesScreen")
        await c.shows("z desfaz")
        await c.press("z")
        await c.in_front("Confirm")
        await c.shows("um@x.com", "matriz@x.com já não é desta empresa")
        await c.agree()
        await c.in_front("MailboxesScreen")
        await c.shows("um@x.com", "dois@x.com")
    assert office.ask_now(servers.view, actor, made.server_id).email == "matriz@x.com"


async def test_closed_ways_say_why(
    console: Opened, store: Store, actor: Actor, family: Family
) -> None:
    """R4: a company user sees all four; of those not for it the reason and whom to ask."""
    become_a_user_of(store, actor, family.branch)
    async with console((80, 24)) as c:
        await c.mailboxes()
        await c.shows("um@x.com")
        await c.press("n")
        await c.in_front("RegisterWay")
        await c.shows(
            "Vincular conta Microsoft  (indisponível aqui)",
            "microsoft_client_id",
            "Outro provedor",
            "Importar do Parceiro  (indisponível aqui)",
            "Contábil Sul",
        )
        await c.press("4")
        await c.press("1")
        assert c.dialog == "RegisterWay"
        await c.press("escape")
        await c.in_front("MailboxesScreen")
        await c.press("n")
        await c.in_front("RegisterWay")
        await c.press("down", "enter")
        await c.in_front("ImportMailbox")
        await c.press("f2")
        await c.in_front("MailboxesScreen")
        await c.shows("cópia de Matriz")


async def test_one_of_several_is_chosen(console: Opened, family: Family) -> None:
    """R4: a list that is filtered while typing; what cannot be copied says why and stays."""
    family.add(family.head, "avisos")
    family.add(family.head, "antiga", active=False)
    async with console((80, 24)) as c:
        await branch(c)
        await c.press("n")
        await c.in_front("RegisterWay")
        await c.press("3")
        await c.in_front("ChooseMailbox")
        await c.shows("matriz@x.com", "avisos@x.com", "antiga@x.com", "○ não agora")
        await c.type("antiga")
        await c.shows("Está inativa")
        await c.press("enter")
        assert c.dialog == "ChooseMailbox"
        for _letter in "antiga":
            await c.press("backspace")
        await c.type("avisos")
        await c.until(lambda: "matriz@x.com" not in c.text, "the filtered list")
        await c.press("enter")
        await c.in_front("ImportMailbox")
        await c.press("f2")
        await c.in_front("MailboxesScreen")
        await c.shows("avisos@x.com")
    assert family.emails() == ["avisos@x.com"]


async def test_from_the_partner_for_the_headquarters(console: Opened, family: Family) -> None:
    """R4, R6: what no branch is has the partner's servers to choose from, with who uses them."""
    async with console((120, 40)) as c:
        await c.at_home()
        await c.press("c")
        await c.in_front("ChooseCompany")
        await c.type("joao")
        await c.until(lambda: "Filial" not in c.text, "the filtered list")
        await c.press("enter")
        await c.until(lambda: "▸ Padaria" in c.lines[0], "the company")
        await c.press("1")
        await c.in_front("MailboxesScreen")
        await c.shows("matriz@x.com")
        await c.press("n")
        await c.in_front("RegisterWay")
        await c.shows("não é filial")
        await c.press("4")
        await c.in_front("ChooseMailbox")
        await c.shows("um@x.com", "dois@x.com", "Filial")
        await c.press("down", "down", "enter")
        await c.in_front("ImportMailbox")
        await c.shows("matriz@x.com", "um@x.com")
        await c.press("f2")
        await c.in_front("MailboxesScreen")
    assert family.emails(family.head) == ["um@x.com"]


async def test_what_changed_meanwhile_is_shown_again(console: Opened, family: Family) -> None:
    """R6: nothing goes that was not seen; what was typed stays."""
    async with console((80, 24)) as c:
        await branch(c)
        await c.press("n")
        await c.in_front("RegisterWay")
        await c.press("3")
        await c.in_front("ImportMailbox")
        await c.type("Novo nome")
        family.add(family.branch, "tres")
        await c.press("f2")
        await c.shows("mudaram", "Saem 3 caixas", "tres@x.com", "Novo nome")
        assert len(family.emails()) == 3
        await c.press("f2")
        await c.in_front("MailboxesScreen")
    (copy,) = family.sending()
    assert copy.sender_name == "Novo nome"


async def test_leaving_asks_when_a_name_is_typed(console: Opened, family: Family) -> None:
    """R6: Esc loses no typed name unasked; an empty one is refused beside its field.

    The line of keys is the question's own.
    """
    async with console((80, 24)) as c:
        await branch(c)
        await c.press("n")
        await c.in_front("RegisterWay")
        await c.press("3")
        await c.in_front("ImportMailbox")
        await c.press("backspace", "f2")
        await c.until(lambda: "▲" in c.text, "the error")
        await c.press("escape")
        await c.in_front("Confirm")
        await c.shows("Enter Escolher", "Esc Não")
        assert "F2" not in c.lines[-1]
        await c.agree()
        await c.in_front("MailboxesScreen")
    assert family.emails() == ["um@x.com", "dois@x.com"]


async def test_a_drifted_copy_is_synced_after_showing_what_changes(
    console: Opened, family: Family
) -> None:
    """R6: marked in the list with a word; ``y`` shows old and new, then takes it over."""
    family.office.do_now(imports.from_headquarters, family.actor, family.branch.id)
    (head,) = family.sending(family.head)
    async with console((80, 24)) as c:
        await branch(c)
        await c.shows("cópia de Matriz")
        await c.press("y")
        assert c.dialog == "MailboxesScreen"
        family.office.do_now(
            mailboxes.edit, family.actor, head.id, {"port": 2525, "password": "outra"}
        )
        await c.shows("≠ origem", "y Sincronizar")
        await c.press("y")
        await c.in_front("Confirm")
        await c.shows("Porta: 465 → 2525", "Senha: outra")
        await c.agree()
        await c.in_front("MailboxesScreen")
        await c.shows("cópia de Matriz")
    (copy,) = family.sending()
    assert (copy.port, family.password(copy.server_id)) == (2525, "outra")


async def test_of_a_copy_only_name_and_switch_are_edited(console: Opened, family: Family) -> None:
    """R6, R9: all fields are shown, two can be changed, and the form says what it is."""
    family.office.do_now(imports.from_headquarters, family.actor, family.branch.id)
    async with console((80, 24)) as c:
        await branch(c)
        await c.press("e")
        await c.in_front("MailboxForm")
        await c.shows("Cópia da matriz, de Matriz <matriz@x.com>", "O que não se altera aqui")
        assert "F6" not in c.text
        await c.type("Filial Centro")
        await c.press("tab", "space")
        await c.press("f2")
        await c.in_front("MailboxesScreen")
        await c.shows("○ Inativa")
    (copy,) = family.sending()
    assert (copy.sender_name, copy.active, copy.host) == ("Filial Centro", False, "matriz.x.com")


async def test_what_stands_in_the_way_of_undoing_is_told(console: Opened, family: Family) -> None:
    """R6: the reason and what to do, and no key; once that is done, the key."""
    family.office.do_now(imports.from_headquarters, family.actor, family.branch.id)
    again = family.add(family.branch, "um")
    async with console((80, 24)) as c:
        await branch(c)
        await c.shows("Não pode ser desfeita agora: um@x.com já foi")
        assert "z Desfazer" not in c.text
        await c.press("z")
        assert c.dialog == "MailboxesScreen"
        family.office.do_now(mailboxes.remove, family.actor, again.id)
        await c.shows("z desfaz", "z Desfazer")


async def test_order_by_plus_and_minus(console: Opened, family: Family) -> None:
    """R13: up and down, the cursor stays on its mailbox."""
    family.add(family.branch, "tres")
    async with console((80, 24)) as c:
        await branch(c)
        await c.shows("tres@x.com")
        await c.press("minus")
        await c.until(lambda: family.emails()[0] == "dois@x.com", "the new order")
        await c.until(lambda: "▸ Um" in c.lines[4], "the row one lower")
        await c.press("minus")
        await c.until(lambda: "▸ Um" in c.lines[5], "the row at the end")
        await c.press("minus")
        await c.press("plus")
        await c.until(lambda: "▸ Um" in c.lines[4], "the row back in the middle")
    assert family.emails() == ["dois@x.com", "um@x.com", "tres@x.com"]


async def test_marked_ones_are_switched_and_deleted_together(
    console: Opened, family: Family
) -> None:
    """R9, R12: one question that names how many; the marks are gone afterwards."""
    family.add(family.branch, "tres")
    async with console((80, 24)) as c:
        await branch(c)
        await c.shows("tres@x.com")
        await c.press("space", "space", "a")
        await c.in_front("Confirm")
        await c.shows("Inativar 2 caixas?", "um@x.com", "dois@x.com")
        await c.agree()
        await c.until(
            lambda: [v.active for v in family.sending()] == [False, False, True], "switched off"
        )
        await c.in_front("MailboxesScreen")
        await c.until(lambda: "marcada" not in c.text, "the marks' end")
        await c.press("home", "space", "space", "a")
        await c.in_front("Confirm")
        await c.shows("Ativar 2 caixas?")
        await c.agree()
        await c.until(lambda: all(v.active for v in family.sending()), "switched on")
        await c.in_front("MailboxesScreen")
        await c.press("home", "space", "space", "x")
        await c.in_front("Confirm")
        await c.shows("Excluir 2 caixas?", "a senha também")
        await c.agree()
        await c.until(lambda: family.emails() == ["tres@x.com"], "deleted")
        await c.in_front("MailboxesScreen")
    assert len(family.office.ask_now(servers.list_servers, family.actor)) == 2


async def test_a_copy_that_another_changed_meanwhile(
    console: Opened, family: Family, office: Office, actor: Actor
) -> None:
    """R6: what the partner changed of it is shown and taken over; the name typed is kept."""
    made = office.do_now(imports.from_headquarters, actor, family.branch.id)
    async with console((80, 24)) as c:
        await branch(c)
        await c.press("e")
        await c.in_front("MailboxForm")
        await c.fill("Filial")
        office.do_now(servers.edit, actor, made.server_id, {"smtp_host": "novo.x.com"})
        await c.press("f2")
        await c.shows("Endereço SMTP: novo.x.com", "Filial")
        await c.press("f2")
        await c.in_front("MailboxesScreen")
    (copy,) = family.sending()
    assert (copy.host, copy.sender_name) == ("novo.x.com", "Filial")


async def test_nothing_is_offered_with_the_relay_on(console: Opened, family: Family) -> None:
    """R2: neither key nor dialog while InvoiCy Mail is on, but the reason."""
    family.office.do_now(companies.edit, family.actor, family.branch.id, {"invoicy_mail": True})
    async with console((80, 24)) as c:
        await branch(c)
        await c.shows("InvoiCy Mail")
        await c.until(lambda: "n Nova" not in c.text, "the key's end")
        await c.press("n")
        assert c.dialog == "MailboxesScreen"
