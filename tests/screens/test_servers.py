"""Servidores de E-mail by key presses: list, filters, marks, deleting, what others do meanwhile."""

from __future__ import annotations

import asyncio

import pytest

from services.failure import Failure, Stage
from services.health import facts
from services.registry import people, servers
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.settings import Settings
from services.store.engine import Store
from services.store.models import EmailServer, Function, User
from tests.screens import partner
from tests.screens.conftest import Console, Opened
from tests.screens.partner import add_company, add_server, link

LIVE = 1.5
SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])


def row(c: Console, words: str) -> str:
    """The line of the list that says ``words``; empty when there is none."""
    return next((line for line in c.lines[2:] if words in line), "")


def active(store: Store) -> dict[str, bool]:
    with store.reading() as session:
        return {s.nickname: s.active for s in session.query(EmailServer)}


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (120, 40)])
async def test_the_list_says_what_each_server_is_and_how_many_use_it(
    console: Opened, store: Store, actor: Actor, company: CompanyView, size: tuple[int, int]
) -> None:
    """R15: kind, status in words and the count of companies; Brazilian numbers."""
    shop = add_company(store, actor, "Mercado", 1)
    link(store, actor, add_server(store, actor, "Notas"), company, shop)
    add_server(store, actor, "Entrada", kind="read", active=False)
    async with console(size) as c:
        await c.servers()
        await c.shows("notas@contabil", "entrada@contabil")
        assert row(c, "Notas").split()[-3:] == ["●", "Ativa", "2"]
        assert row(c, "Entrada").split()[-3:] == ["○", "Inativa", "0"]
        assert "Leitura" in row(c, "Entrada")


async def test_each_list_shows_the_health_of_its_direction(
    console: Opened, store: Store, actor: Actor, company: CompanyView
) -> None:
    """R48: a server that reads badly sends as before; the partner's list says which it is."""
    both = add_server(store, actor, "Notas", kind="both")
    link(store, actor, both, company)
    failure = Failure("h:995", Stage.LOGIN, "password", permanent=True)
    with store.writing() as session:
        facts.note_failure(session, both.id, failure, function=Function.READ)
    async with console((80, 24)) as c:
        await c.servers()
        await c.shows("▲ Sem leitura")
        await c.press("escape", "1")
        await c.in_front("MailboxesScreen")
        await c.shows("● Ativa", "▲ Com falha")
        sends, reads = (line for line in c.lines[2:] if "notas@contabil" in line)
        assert "● Ativa" in sends
        assert "▲ Com falha" in reads
        for _time in range(facts.MOST_REFUSALS):
            with store.writing() as session:
                facts.note_failure(session, both.id, failure, function=Function.READ)
        await c.shows("▲ Parada")
        assert "● Ativa" in row(c, "notas@contabil")


async def test_an_empty_list_says_what_to_do_first(console: Opened, actor: Actor) -> None:
    """R17: nothing registered yet."""
    async with console((80, 24)) as c:
        await c.servers()
        await c.shows("Tecle n para cadastrar o primeiro")


async def test_a_company_user_has_no_such_place(
    console: Opened, store: Store, actor: Actor, company: CompanyView
) -> None:
    """R53: neither the panel nor the digit leads a company user to the partner's servers."""
    with store.writing() as session:
        ana = session.query(User).filter_by(nickname="ana").one()
        account, ana.os_account = ana.os_account, None
        session.flush()
        draft = people.UserDraft("rui", "Rui", None, "company", (company.cnpj,))
        people.add_user(session, actor, draft)
        session.query(User).filter_by(nickname="rui").one().os_account = account
    async with console((120, 40)) as c:
        await c.at_home()
        assert "Servidores de E-mail" not in c.text
        await c.press("2")
        await c.press("7")
        await c.in_front("DocumentsScreen")


@SIZES
async def test_four_filters_together_and_apart(
    console: Opened, store: Store, actor: Actor, company: CompanyView, size: tuple[int, int]
) -> None:
    """R16: CNPJ without regard to its mask, nickname without accents, address, user; all must hold."""
    shop = add_company(store, actor, "Mercado Aurora", 1)
    link(store, actor, add_server(store, actor, "Notas"), company)
    link(store, actor, add_server(store, actor, "Mercado", email="caixa@gmail.com"), shop)
    add_server(store, actor, "Avulsa", email="avulsa@gmail.com")
    async with console(size) as c:
        await c.servers()
        await c.shows("Notas", "Mercado", "Avulsa")
        await c.press("slash")
        await c.shows("CNPJ:", "Empresa:", "Usuário:")
        fields = [n for n, line in enumerate(c.lines) if "CNPJ:" in line or "Usuário:" in line]
        assert len(set(fields)) == (2 if size[0] == 80 else 1)
        await c.type("11.222.333/0001")
        await c.until(lambda: "1 de 3" in c.text, "by CNPJ")
        assert row(c, "Notas")
        await c.press("escape")
        await c.until(lambda: "1 de 3" not in c.text, "all again")
        assert "CNPJ:" not in c.text
        await c.press("slash", "tab", *"SAO joao", "enter")
        await c.until(lambda: "1 de 3" in c.text, "by nickname")
        assert row(c, "Notas")
        await c.press("escape")
        await c.until(lambda: "1 de 3" not in c.text, "all again")
        await c.press("slash", "tab", "tab", *"GMAIL")
        await c.until(lambda: "2 de 3" in c.text, "by address")
        await c.press("shift+tab", *"aurora")
        await c.until(lambda: "1 de 3" in c.text, "by nickname and address")
        assert row(c, "Mercado")
        await c.press("tab", "tab", *"ninguém")
        await c.until(lambda: "0 de 3" in c.text, "by all three")
        await c.shows("Nada corresponde a “Empresa: aurora · E-mail: GMAIL · Usuário: ninguém”")
        await c.press("end", "ctrl+u", *"ana", "enter")
        await c.until(lambda: "1 de 3" in c.text, "by the user who registered it")


async def test_typing_does_not_wait_for_the_answer(
    console: Opened, store: Store, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R16: letters show while an older question is still with the database."""
    add_server(store, actor, "Notas")
    async with console((80, 24)) as c:
        await c.servers()
        await c.shows("Notas")
        gate = asyncio.Event()
        ask = c.app.desk.ask

        async def slow(service: object, *args: object, **kwargs: object) -> object:
            await gate.wait()
            return await ask(service, *args, **kwargs)  # type: ignore[arg-type]

        monkeypatch.setattr(c.app.desk, "ask", slow)
        await c.press("slash", *"11222")
        await c.shows("11222")
        await c.type("333")
        await c.shows("11222333")
        gate.set()
        await c.until(lambda: "0 de 1" in c.text, "the answer")


async def test_columns_order_the_list(console: Opened, store: Store, actor: Actor) -> None:
    """R15: by how many companies use it, the cursor staying on its row."""
    few, many = add_server(store, actor, "Alfa"), add_server(store, actor, "Beta")
    shops = [add_company(store, actor, f"Loja {n}", n) for n in range(1, 4)]
    link(store, actor, few, shops[0])
    link(store, actor, many, *shops)
    async with console((80, 24)) as c:
        await c.servers()
        await c.shows("Alfa", "Beta")
        for _n in range(5):
            await c.press("o")
        await c.shows("Emp. ▲")
        await c.press("O")
        await c.until(lambda: c.lines.index(row(c, "Beta")) < c.lines.index(row(c, "Alfa")))
        assert "▸" in row(c, "Alfa")


async def test_s_shows_only_the_active_or_the_inactive(
    console: Opened, store: Store, actor: Actor
) -> None:
    """R15: what is shown is said beside the title."""
    add_server(store, actor, "Alfa")
    beta = add_server(store, actor, "Beta", active=False)
    async with console((80, 24)) as c:
        await c.servers()
        await c.shows("Alfa", "Beta")
        await c.press("s")
        await c.until(lambda: not row(c, "Beta"), "only the active")
        await c.shows("só ativos")
        await c.press("s")
        await c.until(lambda: not row(c, "Alfa"), "only the inactive")
        with store.writing() as session:
            servers.remove(session, actor, beta.id)
        await c.press("r")
        await c.shows("Nada corresponde a “só inativos”")
        await c.press("s")
        await c.shows("Alfa")


async def test_a_server_in_use_cannot_be_deleted(
    console: Opened, store: Store, actor: Actor, company: CompanyView
) -> None:
    """R21: the refusal names the company; an unused one goes after a question."""
    link(store, actor, add_server(store, actor, "Notas"), company)
    add_server(store, actor, "Avulsa")
    async with console((80, 24)) as c:
        await c.servers()
        await c.shows("Avulsa", "Notas")
        await c.press("down", "x")
        await c.in_front("Confirm")
        await c.shows("Está em uso por empresas")
        await c.agree()
        await c.told("Padaria São João", "desvincule")
        await c.press("up", "x")
        await c.in_front("Confirm")
        await c.press("enter")
        await c.in_front("ServersScreen")
        assert row(c, "Avulsa")
        await c.press("x")
        await c.in_front("Confirm")
        await c.agree()
        await c.until(lambda: not row(c, "Avulsa"), "gone")
    assert set(active(store)) == {"Notas"}


async def test_the_marked_are_inactivated_together(
    console: Opened, store: Store, actor: Actor, company: CompanyView
) -> None:
    """R9: one question says what happens; a second ``a`` brings them back."""
    link(store, actor, add_server(store, actor, "Alfa"), company)
    add_server(store, actor, "Beta", active=False)
    add_server(store, actor, "Gama")
    add_server(store, actor, "Delta")
    async with console((80, 24)) as c:
        await c.servers()
        await c.shows("Alfa", "Gama")
        await c.press("space", "space", "down", "space")
        await c.shows("3 marcadas")
        await c.press("a")
        await c.in_front("Confirm")
        await c.shows(
            "Inativar 2 servidores?", "Vínculos com empresas: 1", "1 marcado já está assim"
        )
        await c.agree()
        await c.until(lambda: "Inativa" in row(c, "Gama"), "inactive")
        assert active(store) == {"Alfa": False, "Beta": False, "Gama": False, "Delta": True}
        await c.press("home", "space", "space", "a")
        await c.shows("Ativar 2 servidores?")
        await c.agree()
        await c.until(lambda: "● Ativa" in row(c, "Beta"), "active")
    assert active(store) == {"Alfa": True, "Beta": True, "Gama": False, "Delta": True}


async def test_the_key_line_says_what_a_key_does_to_this_row(
    console: Opened, store: Store, actor: Actor
) -> None:
    """R9, R34: inactivate what is active, resume what is paused; of marked ones, what is on goes off."""
    add_server(store, actor, "Alfa")
    add_server(store, actor, "Beta", active=False)
    async with console((100, 30)) as c:
        await c.servers()
        await c.shows("Alfa", "a Inativar", "p Pausar")
        await c.press("p")
        await c.shows("p Retomar")
        await c.press("down")
        await c.shows("a Ativar", "p Pausar")
        await c.press("space", "home", "space")
        await c.shows("2 marcadas", "a Inativar")


async def test_what_the_marked_refuse_is_listed(
    console: Opened, store: Store, actor: Actor, company: CompanyView
) -> None:
    """R21: of three to be deleted two go, and the third says why not."""
    link(store, actor, add_server(store, actor, "Alfa"), company)
    add_server(store, actor, "Beta")
    add_server(store, actor, "Gama")
    async with console((80, 24)) as c:
        await c.servers()
        await c.shows("Alfa", "Gama")
        await c.press("space", "space", "space", "x")
        await c.shows("Excluir 3 servidores?", "1 está em uso por empresas e não será excluído")
        await c.agree()
        await c.in_front("Progress")
        await c.shows("1 recusado", "alfa@contabil.example", "Padaria São João")
        await c.press("enter")
        await c.in_front("ServersScreen")
    assert set(active(store)) == {"Alfa"}


async def test_links_of_another_process_show_with_the_cursor_on_its_row(
    console: Opened, store: Store, settings: Settings, actor: Actor, company: CompanyView
) -> None:
    """R15, R20: the count follows within a moment, with no key pressed, there and back."""
    server = add_server(store, actor, "Notas")
    add_server(store, actor, "Zeta")
    async with console((80, 24)) as c:
        await c.servers()
        await c.shows("Zeta")
        await c.press("down")
        await asyncio.to_thread(partner.elsewhere, settings, "link", server, company.id)
        await c.until(lambda: row(c, "Notas").split()[-1:] == ["1"], "the link", within=LIVE)
        add_server(store, actor, "Alfa")
        await c.until(lambda: bool(row(c, "Alfa")), "the new server", within=LIVE)
        assert "▸" in row(c, "Zeta")
        await asyncio.to_thread(partner.elsewhere, settings, "unlink", server, company.id)
        await c.until(lambda: row(c, "Notas").split()[-1:] == ["0"], "the end", within=LIVE)
        assert "▸" in row(c, "Zeta")


async def test_the_first_screen_counts_again_on_return(
    console: Opened, store: Store, actor: Actor, company: CompanyView
) -> None:
    """What was committed while another screen was in front is told when the first one is again."""
    link(store, actor, add_server(store, actor, "Notas"), company)
    async with console((100, 30)) as c:
        await c.servers()
        add_company(store, actor, "Loja", 2)
        add_server(store, actor, "Avisos")
        await c.shows("Avisos")
        await c.press("escape")
        await c.until(lambda: c.dialog == "HomeScreen", "the first screen")
        await c.shows("1 empresa sem endereço para notificações")


async def test_a_server_that_is_gone_meanwhile_is_told(
    console: Opened, store: Store, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R15: a key for a row that somebody deleted says so and opens nothing."""
    server = add_server(store, actor, "Notas")
    async with console((80, 24)) as c:
        await c.servers()
        await c.shows("Notas")
        monkeypatch.setattr(c.app.screen, "refresh_live", asyncio.Event().wait)
        with store.writing() as session:
            servers.remove(session, actor, server.id)
        await c.press("e")
        await c.told("não encontrado")
        assert c.dialog == "ServersScreen"
