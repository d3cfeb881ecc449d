"""Caixas de E-mail by key presses: register, edit, switch, delete, filter, and when it may not be."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select, update

from screens.widgets.form import Form
from services.reading import due
from services.reading.desk import Target
from services.reading.under_way import Meter
from services.registry import companies, mailboxes
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.registry.mailboxes import MailboxDraft, MailboxView
from services.store.engine import Store
from services.store.models import EmailServer, Function, Mailbox, Role, User, UserCompany
from tests.screens.conftest import Opened

Add = Callable[..., MailboxView]


@pytest.fixture
def add(store: Store, actor: Actor, company: CompanyView) -> Add:
    """Register a mailbox of the company without the screen."""

    def put(nickname: str, function: Function = Function.SEND, **given: object) -> MailboxView:
        values = {
            "function": function,
            "nickname": nickname,
            "sender_name": "Padaria",
            "email": f"{nickname.lower()}@padaria.example",
            "password": "segredo",
            "host": "mail.padaria.example",
            "port": 587 if function is Function.SEND else 995,
            **given,
        }
        with store.writing() as session:
            return mailboxes.add(session, actor, company.id, MailboxDraft(**values))  # type: ignore[arg-type]

    return put


def saved(store: Store) -> list[EmailServer]:
    with store.reading() as session:
        found = list(session.scalars(select(EmailServer).order_by(EmailServer.id)))
        session.expunge_all()
        return found


async def test_a_sending_mailbox_is_registered_by_keyboard(
    console: Opened, store: Store, company: CompanyView
) -> None:
    """R5, R10: five fields and a host; listed at once, and the partner's server too."""
    async with console((80, 24)) as c:
        await c.mailboxes()
        await c.shows("Nenhuma caixa de envio")
        await c.other_provider()
        await c.fill("Notas", "Padaria", "nfe@padaria.example", "", "segredo")
        await c.press("f4")
        await c.shows("Endereço SMTP")
        await c.type("smtp.padaria.example")
        await c.press("f2")
        await c.in_front("MailboxesScreen")
        await c.shows("Notas", "nfe@padaria.example")
    (server,) = saved(store)
    assert (server.nickname, server.sender_name, server.email) == (
        "Notas",
        "Padaria",
        "nfe@padaria.example",
    )
    with store.reading() as session:
        found = mailboxes.list_of(session, _owner(store), company.id)
        assert [(v.function, v.host, v.port, v.active) for v in found] == [
            ("send", "smtp.padaria.example", 587, True)
        ]


def _owner(store: Store) -> Actor:
    from services.registry import access

    with store.reading() as session:
        return access.identify(session, nickname=None, owns_state=True)


async def test_a_reading_mailbox_is_registered_by_keyboard(
    console: Opened, store: Store, actor: Actor, company: CompanyView
) -> None:
    """R5, R10: ``n`` in the list of reading mailboxes asks for POP and has no sender name."""
    async with console() as c:
        await c.mailboxes(Function.READ)
        await c.other_provider()
        assert "Nome do remetente" not in c.text
        await c.fill("Entrada", "xml@padaria.example", "", "segredo")
        await c.press("f4")
        await c.shows("Endereço POP")
        await c.type("pop.padaria.example")
        await c.press("f2")
        await c.in_front("MailboxesScreen")
        await c.shows("Entrada", "xml@padaria.example")
    with store.reading() as session:
        (view,) = mailboxes.list_of(session, actor, company.id)
    assert (view.function, view.host, view.security) == ("read", "pop.padaria.example", "tls")


async def test_errors_stand_beside_their_fields_and_esc_asks(
    console: Opened, store: Store, company: CompanyView
) -> None:
    """R5: a refused form keeps every letter; Esc with something typed asks before it is lost."""
    async with console((80, 24)) as c:
        await c.mailboxes()
        await c.other_provider()
        await c.fill("Notas", "Padaria", "isto não é endereço", "", "segredo")
        await c.press("f2")
        await c.until(lambda: "▲" in c.text, "the error")
        lines = c.lines
        at = next(n for n, line in enumerate(lines) if "isto não é endereço" in line)
        assert "▲" in lines[at + 1]
        assert "Padaria" in c.text
        await c.press("escape")
        await c.in_front("Confirm")
        await c.press("escape")
        await c.in_front("MailboxForm")
        assert "isto não é endereço" in c.text
        await c.press("escape")
        await c.in_front("Confirm")
        await c.shows("Sair sem salvar?")
        asked = len(c.app.screen_stack)
        await c.press("f10")
        await c.pilot.pause()
        assert len(c.app.screen_stack) == asked
        await c.shows("Sair sem salvar?")
        await c.agree()
        await c.in_front("MailboxesScreen")
    assert saved(store) == []


async def test_an_address_of_the_other_function_is_refused(
    console: Opened, store: Store, actor: Actor, company: CompanyView
) -> None:
    """R7: the reason stands beside the address, and what was typed stays."""
    with store.writing() as session:
        given = MailboxDraft(
            "send", "Notas", "Padaria", "nfe@padaria.example", None, "s", host="h.x"
        )
        mailboxes.add(session, actor, company.id, given)
    async with console((80, 24)) as c:
        await c.mailboxes(Function.READ)
        await c.other_provider()
        await c.fill("Entrada", "NFE@padaria.example")
        await c.press("tab", "tab")
        await c.type("segredo")
        await c.press("f4")
        await c.type("pop.padaria.example")
        await c.press("f2")
        await c.shows("já é a caixa de envio", "desta empresa", "NFE@padaria.example")
        assert c.dialog == "MailboxForm"


async def test_an_untouched_form_leaves_without_a_question(
    console: Opened, company: CompanyView
) -> None:
    """R5: Esc asks only when something would be lost."""
    async with console((80, 24)) as c:
        await c.mailboxes()
        await c.other_provider()
        await c.press("escape")
        await c.in_front("MailboxesScreen")


async def test_leaving_asks_when_something_is_typed(console: Opened, company: CompanyView) -> None:
    """R5: Ctrl+Q over a form with something typed asks; Ctrl+C never leaves."""
    async with console((80, 24)) as c:
        await c.mailboxes()
        await c.other_provider()
        await c.type("Notas")
        await c.press("ctrl+c")
        await c.press("ctrl+q")
        await c.in_front("Confirm")
        await c.press("escape")
        await c.in_front("MailboxForm")
        assert "Notas" in c.text


async def test_keys_typed_right_after_tab_go_to_the_next_field(
    console: Opened, company: CompanyView
) -> None:
    """R5: typing does not wait for the screen, and no letter lands in the wrong field."""
    async with console((80, 24)) as c:
        await c.mailboxes()
        await c.other_provider()
        await c.press(*"Notas", "tab", *"Padaria", "tab", *"a@b.example", "shift+tab", "end", "!")
        form = c.app.screen.form  # type: ignore[attr-defined]
        values = form.values()
        assert (values["nickname"], values["sender_name"], values["email"]) == (
            "Notas",
            "Padaria!",
            "a@b.example",
        )


async def test_a_mailbox_is_edited(
    console: Opened, store: Store, company: CompanyView, add: Add
) -> None:
    """R9: ``e`` opens the saved values; the password is kept when it is left empty."""
    add("Notas")
    async with console((80, 24)) as c:
        await c.mailboxes()
        await c.shows("Notas")
        await c.press("e")
        await c.in_front("MailboxForm")
        await c.shows("Editar caixa de envio")
        await c.press("end")
        await c.type(" 2")
        await c.press("f2")
        await c.in_front("MailboxesScreen")
        await c.shows("Notas 2")
    assert [s.nickname for s in saved(store)] == ["Notas 2"]


async def test_no_time_at_all_is_refused(console: Opened, store: Store, add: Add) -> None:
    """R5: what cannot be is said, and nothing else is saved in its place."""
    add("Notas", timeout=45)
    async with console((100, 40)) as c:
        await c.mailboxes()
        await c.shows("Notas")
        await c.press("e")
        await c.in_front("MailboxForm")
        await c.press("f4")
        await c.shows("Tempo limite (s)")
        form = c.app.screen.query_one(Form)
        form.focus_field("timeout")
        await c.until(lambda: str(getattr(c.app.focused, "value", "")) == "45", "the field")
        await c.press("backspace", "backspace", "0", "f2")
        await c.shows("▲")
    assert [s.timeout for s in saved(store)] == [45]


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
async def test_what_another_saved_meanwhile(
    console: Opened,
    store: Store,
    actor: Actor,
    company: CompanyView,
    add: Add,
    size: tuple[int, int],
) -> None:
    """R9: who saves second sees what the other changed; what was typed is kept, theirs taken over."""
    view = add("Notas")
    async with console(size) as c:
        await c.mailboxes()
        await c.shows("Notas")
        await c.press("e")
        await c.in_front("MailboxForm")
        await c.press("end")
        await c.type(" minhas")
        with store.writing() as session:
            mailboxes.edit(
                session,
                actor,
                view.id,
                {"nickname": "Notas delas", "sender_name": "Pães", "timeout": 45},
                version=view.version,
            )
        await c.press("f2")
        await c.shows(
            "Nome do remetente: Pães",
            "Tempo limite (s): 45",
            "agora está “Notas delas”",
            "Notas minhas",
        )
        assert [s.nickname for s in saved(store)] == ["Notas delas"]
        await c.press("f2")
        await c.in_front("MailboxesScreen")
    (server,) = saved(store)
    assert (server.nickname, server.sender_name, server.timeout) == ("Notas minhas", "Pães", 45)


async def test_a_mailbox_is_inactivated_and_activated_by_one_key(
    console: Opened, store: Store, add: Add
) -> None:
    """R9: ``a`` stops a mailbox at once, and brings it back."""
    add("Notas")
    async with console((80, 24)) as c:
        await c.mailboxes()
        await c.shows("Notas", "Ativa")
        await c.press("a")
        await c.shows("○ Inativa")
        assert [s.active for s in saved(store)] == [False]
        await c.press("a")
        await c.until(lambda: "○ Inativa" not in c.text, "the active mailbox")
        assert [s.active for s in saved(store)] == [True]


async def test_deleting_asks_and_says_that_the_server_goes_too(
    console: Opened, store: Store, add: Add
) -> None:
    """R12: the question tells what happens; "no" keeps it, "yes" takes mailbox and server."""
    add("Notas")
    async with console((80, 24)) as c:
        await c.mailboxes()
        await c.shows("Notas")
        await c.press("x")
        await c.in_front("Confirm")
        await c.shows("Excluir a caixa Notas?", "servidor")
        await c.press("escape")
        await c.in_front("MailboxesScreen")
        assert len(saved(store)) == 1
        await c.press("x")
        await c.in_front("Confirm")
        await c.agree()
        await c.shows("Nenhuma caixa de envio")
    assert saved(store) == []
    with store.reading() as session:
        assert session.scalars(select(Mailbox.id)).all() == []


async def test_while_invoicy_mail_is_on_the_reason_is_shown_and_no_form(
    console: Opened, store: Store, actor: Actor, company: CompanyView
) -> None:
    """R2, R11: the reason stands on the screen, and registering is not offered."""
    with store.writing() as session:
        companies.edit(session, actor, company.id, {"invoicy_mail": True})
    async with console((80, 24)) as c:
        await c.mailboxes()
        await c.shows("InvoiCy Mail")
        await c.until(lambda: "n Nova" not in c.text, "the key's end")
        await c.press("n")
        assert "Tecle n" not in c.text
        assert c.dialog == "MailboxesScreen"


async def test_a_company_user_without_permission_is_told_whom_to_ask(
    console: Opened, store: Store, actor: Actor, company: CompanyView
) -> None:
    """R11: no form, but the reason and the partner's name."""
    with store.writing() as session:
        companies.edit(session, actor, company.id, {"may_register": False})
        session.execute(update(User).values(role=Role.COMPANY))
        session.add(UserCompany(user_id=actor.user_id, company_id=company.id))
    async with console((80, 24)) as c:
        await c.mailboxes()
        await c.shows("peça ao", "parceiro Contábil Sul")
        await c.until(lambda: "n Nova" not in c.text, "the key's end")
        await c.press("n")
        assert "Tecle n" not in c.text
        assert c.dialog == "MailboxesScreen"


async def test_no_reading_list_while_document_import_is_off(
    console: Opened, store: Store, actor: Actor, company: CompanyView
) -> None:
    """R3: the reading list exists only with the extension."""
    async with console((80, 24)) as c:
        await c.mailboxes()
        await c.shows("Leitura", "Nenhuma caixa de leitura")
    with store.writing() as session:
        companies.edit(session, actor, company.id, {"document_import": False})
    async with console((80, 24)) as c:
        await c.mailboxes()
        await c.shows("Nenhuma caixa de envio")
        await c.settled()
        assert "Leitura" not in c.text


async def test_lists_are_filtered_by_status_and_by_words(console: Opened, add: Add) -> None:
    """R1: ``s`` shows all, active, inactive; ``/`` filters while typing, words in any order; q leaves."""
    add("Notas")
    add("Antígua", active=False, email="velha@padaria.example")
    add("Entrada", Function.READ)
    async with console((80, 24)) as c:
        await c.mailboxes()
        await c.shows("Notas", "Antígua", "Entrada")
        await c.press("s")
        await c.shows("só ativas")
        await c.until(lambda: "Antígua" not in c.text and "Notas" in c.text, "the active ones")
        await c.press("s")
        await c.shows("só inativas")
        await c.until(lambda: "Notas" not in c.text and "Antígua" in c.text, "the inactive ones")
        await c.shows("Nada corresponde a “só inativas”")
        await c.press("s")
        await c.shows("Notas", "Antígua")
        await c.press("slash")
        await c.type("padaria ANTIGUA")
        await c.until(lambda: "Notas" not in c.text and "Antígua" in c.text, "what matches")
        await c.press("escape")
        await c.shows("Notas", "Antígua")
        await c.press("q")
        await c.until(lambda: c.dialog == "HomeScreen", "the first screen")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_what_another_process_reads_shows_how_far_it_is(
    console: Opened, store: Store, actor: Actor, add: Add, size: tuple[int, int]
) -> None:
    """R36: which and how far in the top bar, summed up, and in the list; both go when it ends."""
    read = [add(f"Notas {n}", Function.READ, email=f"n{n}@p.example") for n in range(3)]
    held = []

    def claimed(view: MailboxView, done: int, total: int) -> None:
        target = Target(view.server_id, actor.partner_id, view.email, view.host, "import")
        with store.writing() as session:
            held.append(claim := due.claim(session, target, 600))
            assert claim is not None
            Meter(claim, total).tell(session, done)

    async with console(size) as c:
        await c.mailboxes(Function.READ)
        await c.shows("Notas 2")
        claimed(read[0], 45, 120)
        await c.until(lambda: "lendo Notas 0: 45/120 (37%)" in c.lines[0], "the top bar")
        await c.shows("▸ Lendo 37%")
        claimed(read[1], 75, 380)
        claimed(read[2], 0, 0)
        await c.until(lambda: "lendo 3 caixas: 120/500 (24%)" in c.lines[0], "the sum")
        await c.shows("▸ Lendo 37%", "▸ Lendo 19%", "▸ Lendo ")
        with store.writing() as session:
            for claim in held:
                due.give_back(session, claim)
        await c.until(lambda: "lendo" not in c.lines[0], "the end")
        await c.until(lambda: "Lendo" not in c.text, "the end in the list")
