"""Saúde by key presses: what is down, folded into incidents, tested again (R49, R50, R53)."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest
from sqlalchemy import update

from screens.desk import Desk
from screens.health_source import TroubleSource
from services.clock import now
from services.registry import access, people
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.registry.people import UserDraft
from services.registry.server_views import ServerView
from services.store.engine import Store
from services.store.models import EmailServer
from tests.screens.conftest import Console, Opened
from tests.screens.partner import add_server, link
from tests.servers.ports import free_port
from tests.servers.scripted_smtp import SILENCE, ScriptedSmtp
from tests.servers.sink import Sink


def server(store: Store, actor: Actor, name: str, port: int, *linked: CompanyView) -> ServerView:
    """A sending server on this machine that asks for no login."""
    made = add_server(
        store, actor, name, smtp_host="127.0.0.1", smtp_port=port, smtp_security="none",
        authenticate=False, password=None,
    )  # fmt: skip
    if linked:
        link(store, actor, made, *linked)
    return made


def put(store: Store, *servers: ServerView, **values: Any) -> None:
    ids = [each.id for each in servers]
    with store.writing() as session:
        session.execute(update(EmailServer).where(EmailServer.id.in_(ids)).values(values))


def inactivate(store: Store, *servers: ServerView) -> None:
    put(
        store, *servers, active=False, inactive_code=50173, inactive_reason="A senha foi trocada.",
        inactive_since=now(), health="down",
    )  # fmt: skip


def fail(store: Store, *servers: ServerView) -> None:
    put(store, *servers, health="down", health_since=now(), health_reason="Senha recusada")


def active(store: Store, *servers: ServerView) -> list[bool]:
    with store.reading() as session:
        return [session.get_one(EmailServer, each.id).active for each in servers]


async def health(c: Console) -> None:
    await c.at_home()
    await c.press("9")
    await c.in_front("HealthScreen")


async def test_what_goes_down_appears_by_itself(
    console: Opened, store: Store, actor: Actor, company: CompanyView
) -> None:
    """R50, R52: all is well, then one is not; told in full below, and gone when it is well again."""
    notas = server(store, actor, "Notas", 25, company)
    async with console((80, 24)) as c:
        await health(c)
        await c.shows("Todas as caixas estão bem")
        inactivate(store, notas)
        await c.shows("▲ Inativada", "notas@contabil", "AADSTS50173 A senha foi trocada.")
        await c.shows("▲ 1 caixa parada")
        await c.shows("Empresas: Padaria São João", "nenhum e-mail espera", "O que fazer: ")
        put(store, notas, active=True, inactive_code=None, health="ok")
        await c.shows("Todas as caixas estão bem")
        await c.until(lambda: "parada" not in c.lines[0], "the top bar without a number")


@pytest.mark.parametrize("key", ["enter", "space"])
async def test_an_incident_is_one_row_that_unfolds(
    console: Opened, store: Store, actor: Actor, key: str
) -> None:
    """R50: three with the same code are one row; what is sought shows its mailboxes."""
    three = [server(store, actor, f"Caixa{n}", 25) for n in range(3)]
    alone = server(store, actor, "Alheia", 2525)
    inactivate(store, *three)
    fail(store, alone)
    async with console((80, 24)) as c:
        await health(c)
        await c.shows("3 num incidente", "alheia@", "o mesmo código")
        assert "caixa1@" not in c.text
        await c.press(key)
        await c.shows("└ caixa0@", "└ caixa1@", "└ caixa2@")
        await c.press(key)
        await c.until(lambda: "caixa1@" not in c.text, "the incident folded")
        await c.press("slash", *"caixa1")
        await c.shows("└ caixa1@", "3 num incidente")
        assert "caixa2@" not in c.text
        assert "alheia@" not in c.text


@pytest.mark.parametrize("size", [(80, 24), (100, 30)])
async def test_an_incident_tells_how_many_and_which_code(
    console: Opened, store: Store, actor: Actor, size: tuple[int, int]
) -> None:
    """R50: also where the menu takes a part of the width."""
    inactivate(store, *(server(store, actor, f"Caixa{n}", 25) for n in range(12)))
    async with console(size) as c:
        await health(c)
        await c.until(
            lambda: any("12 num incidente " in line and "AADSTS50173" in line for line in c.lines),
            "the row of the incident",
        )


async def test_one_key_tests_all_again(
    console: Opened, store: Store, actor: Actor, sink: Sink
) -> None:
    """R49, R50: those that pass are in use again, the others are told with their reason."""
    good = [server(store, actor, f"Boa{n}", sink.port) for n in range(3)]
    bad = server(store, actor, "Ruim", free_port())
    inactivate(store, *good, bad)
    async with console((80, 24)) as c:
        await health(c)
        await c.shows("4 num incidente")
        await c.press("T")
        await c.in_front("Progress")
        await c.shows("ruim@contabil", "1 recusado")
        assert active(store, *good, bad) == [True, True, True, False]
        await c.press("escape")
        await c.told("3 caixas de volta ao uso")
        await c.until(lambda: "incidente" not in c.text, "the list without an incident")
        await c.shows("ruim@contabil")


async def test_only_the_marked_are_tested(
    console: Opened, store: Store, actor: Actor, sink: Sink
) -> None:
    """R50: Space marks mailboxes, and T is then for those."""
    one, two = (server(store, actor, name, sink.port) for name in ("Um", "Dois"))
    inactivate(store, one, two)
    async with console((80, 24)) as c:
        await health(c)
        await c.shows("um@contabil", "dois@contabil")
        await c.press("space", "T")
        await c.told("1 caixa de volta ao uso")
        assert active(store, one, two) == [True, False]


async def test_stopping_does_not_wait_for_a_silent_server(
    console: Opened, store: Store, actor: Actor
) -> None:
    """R50: Esc ends the tests under way at once; nothing is reactivated."""
    async with ScriptedSmtp({"greeting": SILENCE}) as silent:
        servers = [server(store, actor, f"Muda{n}", silent.port) for n in range(4)]
        inactivate(store, *servers)
        async with console((80, 24)) as c:
            await health(c)
            await c.shows("4 num incidente")
            await c.press("t")
            await c.shows("0 de 4", "Esc Parar")
            await c.until(lambda: silent.connections == 3, "three tests at one server")
            await c.press("escape")
            await c.shows("Parado: 4 ficaram por fazer.")
            await c.press("escape")
            await c.told("Nenhuma caixa voltou ao uso")
            await c.until(lambda: not silent._open, "the connections closed")
            assert active(store, *servers) == [False] * 4


async def test_testing_one_and_opening_it(
    console: Opened,
    store: Store,
    actor: Actor,
    company: CompanyView,
    sink: Sink,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """R19, R49: t is the test step by step, Enter the partner's form; what passed goes at once."""
    monkeypatch.setattr("screens.health_source.TroubleSource.resting", lambda _self: 60.0)
    notas = server(store, actor, "Notas", sink.port, company)
    inactivate(store, notas)
    async with console((100, 30)) as c:
        await health(c)
        await c.shows("notas@contabil")
        await c.press("enter")
        await c.in_front("ServerForm")
        await c.press("escape")
        await c.in_front("HealthScreen")
        await c.press("t")
        await c.in_front("EmailTest")
        await c.shows("Tudo certo: a caixa funciona e voltou a ser usada.")
        await c.press("escape")
        await c.shows("Todas as caixas estão bem")
        assert active(store, notas) == [True]


async def test_what_rests_is_not_tested(console: Opened, store: Store, actor: Actor) -> None:
    """R34: it says until when, and T does nothing to it."""
    put(store, server(store, actor, "Cota", 25), paused_until=now().replace(year=2100))
    async with console((80, 24)) as c:
        await health(c)
        await c.shows("◌ Pausada", "em pausa até")
        await c.press("T")
        await c.told("Só há caixas em pausa")


async def test_a_company_user_has_its_own(
    console: Opened, store: Store, actor: Actor, company: CompanyView
) -> None:
    """R53: neither the mailboxes of others nor the partner's forms."""
    notas, other = server(store, actor, "Notas", 25, company), server(store, actor, "Alheia", 25)
    fail(store, notas, other)
    with store.writing() as session:
        people.edit_user(session, actor, actor.user_id, {"os_account": None})
        account = access.os_account()
        draft = UserDraft("rui", "Rui", None, "company", (company.cnpj,), os_account=account)
        people.add_user(session, actor, draft)
    async with console((80, 24)) as c:
        await health(c)
        await c.shows("notas@contabil", "Senha recusada")
        assert "alheia@" not in c.text
        await c.press("e")
        await c.in_front("MailboxForm")


async def test_a_slow_question_keeps_nothing_back_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    """R52: a tenth of the time is spent on asking, and yet the list is never older than ten seconds."""
    at = [0.0]
    monkeypatch.setattr("screens.health_source.time", SimpleNamespace(monotonic=lambda: at[0]))

    class Slow:
        seconds = 0.5

        async def ask(self, _question: object) -> list[object]:
            at[0] += self.seconds
            return []

    desk = Slow()
    source = TroubleSource(cast(Desk, desk))
    await source.ids("", None, False)
    assert source.resting() == pytest.approx(4.5)
    desk.seconds = 20.0
    await source.ids("", None, False)
    assert source.resting() == pytest.approx(10.0)
