"""The form of an e-mail server by key presses: register, prefill, test, link, two people at once."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any

import pytest

from screens.dialogs.server_form import ServerForm
from services.registry import servers
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.registry.server_views import ServerView
from services.store.engine import Store
from tests.screens.conftest import Console, Opened
from tests.screens.partner import add_server, linked
from tests.servers.sink import Sink
from tests.store_fixtures import PARTNER_KEY

SIZES = pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])


@pytest.fixture
def silent() -> Iterator[int]:
    """The port of a server that takes the connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


def all_servers(store: Store, actor: Actor) -> list[ServerView]:
    with store.reading() as session:
        return servers.list_servers(session, actor)


def form(c: Console) -> ServerForm:
    screen = c.app.screen
    assert isinstance(screen, ServerForm)
    return screen


def values(c: Console) -> dict[str, Any]:
    return dict(form(c).form.values())


async def open_new(c: Console) -> None:
    await c.servers()
    await c.press("n")
    await c.in_front("RegisterWay")
    await c.press("2")
    await c.in_front("ServerForm")


async def put(c: Console, **typed: str) -> None:
    """Type into named fields, as one who jumps there."""
    for name, text in typed.items():
        form(c).form.focus_field(name)
        await c.pilot.pause()
        await c.press("end", "ctrl+u")
        await c.type(text)


@SIZES
async def test_a_server_is_registered_and_linked_by_keyboard(
    console: Opened, store: Store, actor: Actor, company: CompanyView, size: tuple[int, int]
) -> None:
    """R17, R20: saved, the form stays open with *Vincular Empresas* at its end."""
    async with console(size) as c:
        await open_new(c)
        await c.shows("Vincular Empresas: depois de salvar")
        await c.press("f8")
        assert c.dialog == "ServerForm"
        await c.press("right", "right", "tab")
        await c.fill("Geral", "Contábil Sul", "geral@contabil.example", "", "segredo", PARTNER_KEY)
        await put(c, smtp_host="smtp.contabil.example", pop_host="pop.contabil.example")
        await c.press("f2")
        await c.shows("Salvo.", "Empresas vinculadas: 0 · F8 vincula")
        await c.press("f8")
        await c.in_front("ManyChoice")
        await c.shows("Padaria São João")
        await c.press("down", "space", "f2")
        await c.in_front("ServerForm")
        await c.shows("Empresas vinculadas: 1")
        await c.press("escape")
        await c.in_front("ServersScreen")
        await c.until(lambda: any("▸ Geral" in line for line in c.lines), "the cursor on it")
    (view,) = all_servers(store, actor)
    assert (view.kind, view.nickname, view.sender_name, view.email, view.username) == (
        "both", "Geral", "Contábil Sul", "geral@contabil.example", "geral@contabil.example",
    )  # fmt: skip
    assert (view.smtp_port, view.smtp_security) == (587, "starttls")
    assert (view.pop_port, view.pop_security) == (995, "tls")
    assert linked(store, actor, view) == {company.id}


async def test_a_wrong_partner_key_is_refused_beside_its_field(
    console: Opened, store: Store, actor: Actor
) -> None:
    """R22: the reason stands under the key, every letter stays, and the key is not told."""
    async with console((80, 24)) as c:
        await open_new(c)
        await put(
            c, nickname="Notas", sender_name="Sul", email="a@sul.example", password="segredo",
            partner_key="outra", smtp_host="smtp.sul.example",
        )  # fmt: skip
        await c.press("f2")
        await c.shows("Esta não é a chave do")
        at = next(n for n, line in enumerate(c.lines) if "Chave de parceiro *" in line)
        assert "▲" in c.lines[at + 1]
        assert values(c)["email"] == "a@sul.example"
        assert PARTNER_KEY not in c.text
        await put(c, partner_key=PARTNER_KEY)
        await c.press("f2")
        await c.shows("Salvo.")
    assert len(all_servers(store, actor)) == 1


async def test_what_the_kind_does_not_ask_for_is_not_shown(
    console: Opened, store: Store, actor: Actor
) -> None:
    """R17: SMTP for sending, POP and the deletion for reading, both for both."""
    async with console((80, 40)) as c:
        await open_new(c)
        await c.press("f4")
        await c.shows("Endereço SMTP", "Nome do remetente")
        assert "Endereço POP" not in c.text
        form(c).form.focus_field("kind")
        await c.pilot.pause()
        await c.press("right")
        await c.shows("Endereço POP", "Excluir do servidor")
        assert "Endereço SMTP" not in c.text
        assert "Nome do remetente" not in c.text
        await c.press("right")
        await c.shows("Endereço SMTP", "Endereço POP", "Excluir do servidor")


async def test_deleting_after_some_days_is_typed(
    console: Opened, store: Store, actor: Actor
) -> None:
    """R17, R38: after import, never, or after N days."""
    view = add_server(store, actor, "Entrada", kind="read")
    async with console((80, 40)) as c:
        await c.servers()
        await c.shows("Entrada")
        await c.press("enter")
        await c.in_front("ServerForm")
        await c.press("f4")
        await c.shows("após importar")
        assert "Dias no servidor" not in c.text
        form(c).form.focus_field("delete_after")
        await c.pilot.pause()
        await c.press("right")
        await c.shows("Dias no servidor")
        await put(c, delete_days="0")
        await c.press("f2")
        await c.shows("De 1 a 3650 dias")
        await put(c, delete_days="45")
        await c.press("f2")
        await c.in_front("ServersScreen")
        await c.press("enter")
        await c.in_front("ServerForm")
        assert (values(c)["delete_after"], values(c)["delete_days"]) == ("days", 45)
    with store.reading() as session:
        assert servers.view(session, actor, view.id).delete_after == "45"


async def test_a_registered_host_fills_the_rest_and_hands_are_respected(
    console: Opened, store: Store, actor: Actor
) -> None:
    """R18: the same host first, the provider second; what was typed stays, what was not goes."""
    add_server(
        store, actor, "Antigo", email="velho@sul.example", smtp_host="mail.sul.example",
        smtp_port=2525, smtp_security="none", timeout=77, verify_certificate=False,
    )  # fmt: skip
    async with console((80, 40)) as c:
        await open_new(c)
        await put(c, email="novo@sul.example")
        await c.until(lambda: values(c)["smtp_host"] == "mail.sul.example", "the same domain")
        found = values(c)
        assert (found["smtp_port"], found["smtp_security"], found["timeout"]) == (2525, "none", 77)
        assert found["verify_certificate"] is False
        await put(c, email="novo@gmail.com")
        await c.until(lambda: values(c)["smtp_host"] == "smtp.gmail.com", "the preset")
        await c.shows("senha de app")
        await put(c, email="novo@nada.example")
        await c.until(lambda: values(c)["smtp_host"] == "", "nothing known")
        await put(c, timeout="12", smtp_host="mail.sul.example")
        await c.until(lambda: values(c)["smtp_port"] == 2525, "the same host")
        assert values(c)["timeout"] == 12
        await put(c, email="outro@gmail.com")
        await c.until(lambda: "Gmail" in c.text, "the guidance")
        await c.until(lambda: values(c)["smtp_host"] == "mail.sul.example", "what was typed")


async def test_f5_tests_what_is_on_the_screen(
    console: Opened, store: Store, actor: Actor, sink: Sink
) -> None:
    """R19: unsaved values, no key typed; the test e-mail arrives at the mailbox itself."""
    async with console((80, 24)) as c:
        await open_new(c)
        await put(c, email="a@sul.example", smtp_host="127.0.0.1", smtp_port=str(sink.port))
        form(c).form.set_value("smtp_security", "none", by_hand=True)
        form(c).form.set_value("authenticate", False, by_hand=True)
        await c.pilot.pause()
        form(c).form.set_value("smtp_port", sink.port, by_hand=True)
        await c.press("f5")
        await c.shows("Tudo certo: a caixa funciona.")
        await c.press("escape")
        await c.in_front("ServerForm")
    (taken,) = sink.wait_for(1)
    assert taken.recipients == ("a@sul.example",)
    assert all_servers(store, actor) == []


async def test_the_field_to_mend_is_focused_on_return(
    console: Opened, store: Store, actor: Actor, silent: int
) -> None:
    """R19: both directions are tried; the one that does not answer names its own field."""
    add_server(
        store, actor, "Geral", kind="both", smtp_host="127.0.0.1", smtp_port=silent,
        smtp_security="none", pop_host="127.0.0.1", pop_port=silent, pop_security="none",
        authenticate=False, timeout=1,
    )  # fmt: skip
    async with console((80, 24)) as c:
        await c.servers()
        await c.shows("Geral")
        await c.press("t")
        await c.shows("O teste parou aqui")
        await c.press("escape", "e")
        await c.in_front("ServerForm")
        await c.press("f5")
        await c.shows("o campo a corrigir espera")
        await c.press("escape")
        await c.in_front("ServerForm")
        smtp = [form(c).form._rows[f"smtp_{part}"].control for part in ("host", "port", "security")]
        await c.until(lambda: c.app.screen.focused in smtp, "the field")


async def test_two_people_edit_at_once(
    console: Opened, store: Store, actor: Actor, company: CompanyView
) -> None:
    """R17: the second is told what changed and by whom, keeps what was typed, and may save; and is
    told when the other has removed it."""
    view = add_server(store, actor, "Notas")
    async with console((80, 24)) as c:
        await c.servers()
        await c.shows("Notas")
        await c.press("e")
        await c.in_front("ServerForm")
        await put(c, nickname="Minhas notas")
        with store.writing() as session:
            changes = {"sender_name": "Contábil Norte", "nickname": "Notas do norte"}
            servers.edit(session, actor, view.id, changes)
        await c.press("f2")
        await c.shows("ana alterou este cadastro", "Contábil Norte", "agora está “Notas do norte”")
        assert values(c)["nickname"] == "Minhas notas"
        assert values(c)["sender_name"] == "Contábil Norte"
        await c.press("f2")
        await c.in_front("ServersScreen")
        await c.shows("Minhas notas")
        (now,) = all_servers(store, actor)
        assert (now.nickname, now.sender_name) == ("Minhas notas", "Contábil Norte")
        await c.press("e")
        await c.in_front("ServerForm")
        await put(c, nickname="Tarde demais")
        with store.writing() as session:
            servers.remove(session, actor, view.id)
        await c.press("f2")
        await c.shows("Este cadastro foi excluído enquanto você o editava", "Tarde demais")


async def test_leaving_asks_when_something_is_typed(
    console: Opened, store: Store, actor: Actor
) -> None:
    """R17: Esc asks before it is lost; an untouched form closes."""
    add_server(store, actor, "Notas")
    async with console((80, 24)) as c:
        await open_new(c)
        await c.press("escape")
        await c.in_front("ServersScreen")
        await c.press("e")
        await c.in_front("ServerForm")
        await put(c, nickname="Outras")
        await c.press("escape")
        await c.in_front("Confirm")
        await c.press("escape")
        await c.in_front("ServerForm")
        assert values(c)["nickname"] == "Outras"
