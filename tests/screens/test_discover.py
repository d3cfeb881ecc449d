"""Procurar servidor by key presses, with a real nameserver on this machine."""

from __future__ import annotations

import functools
from collections.abc import Iterator

import dns.rcode
import pytest

from services.registry import mailboxes
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.registry.mailboxes import MailboxDraft
from services.store.engine import Store
from services.store.models import Function
from services.wire import discovery
from tests.screens.conftest import Console, Opened
from tests.servers.dns import SILENCE, Nameserver

MX = "padaria.example. MX"
SUBMISSIONS = "_submissions._tcp.padaria.example. SRV"
POP3S = "_pop3s._tcp.padaria.example. SRV"


@pytest.fixture
def nameserver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Nameserver]:
    """The console asks this nameserver."""
    with Nameserver({MX: []}) as server:
        asking = functools.partial(discovery.discover, nameserver=server.address)
        monkeypatch.setattr(discovery, "discover", asking)
        yield server


async def form_of(c: Console, email: str, function: Function = Function.SEND) -> None:
    """A new mailbox form with the address typed, and nothing else."""
    await c.mailboxes(function)
    await c.other_provider()
    await c.press("tab", *(["tab"] if function is Function.SEND else []))
    await c.type(email)


def values(c: Console) -> dict[str, object]:
    return c.app.screen.form.values()  # type: ignore[attr-defined,no-any-return]


async def test_a_host_of_the_domain_is_filled_in(
    console: Opened, company: CompanyView, nameserver: Nameserver
) -> None:
    """R18: F6 says what leaves the machine, shows what was found, Enter fills the form."""
    nameserver.zone[SUBMISSIONS] = ["0 1 2465 smtp.padaria.example."]
    async with console((80, 24)) as c:
        await form_of(c, "nfe@padaria.example")
        assert nameserver.asked == [], "nothing is asked before it is wished"
        await c.press("f6")
        await c.in_front("Discover")
        await c.shows("só consultas de DNS", "smtp.padaria.example:2465", "SSL/TLS")
        await c.press("enter")
        await c.in_front("MailboxForm")
        await c.until(lambda: values(c)["host"] == "smtp.padaria.example", "the host")
        assert (values(c)["port"], values(c)["security"]) == (2465, "tls")
        await c.shows("Endereço SMTP")
        assert values(c)["port"] == 2465


async def test_a_host_outside_the_domain_is_confirmed_first(
    console: Opened, company: CompanyView, nameserver: Nameserver
) -> None:
    """R18: the question begins on no; its guidance appears once the host is taken (R51)."""
    nameserver.zone |= {
        MX: ["10 aspmx.l.google.com."],
        SUBMISSIONS: ["0 1 465 smtp.padaria.example."],
    }
    async with console((80, 24)) as c:
        await form_of(c, "nfe@padaria.example")
        await c.press("f6")
        await c.shows("MX: Gmail  ▲", "Fora de padaria.example", "Gmail pede uma senha de app")
        await c.press("enter")
        await c.in_front("Confirm")
        await c.shows("smtp.gmail.com:465", "Servidor fora de padaria.example")
        await c.press("enter")
        await c.in_front("MailboxForm")
        assert values(c)["host"] == ""
        await c.press("f6")
        await c.shows("MX: Gmail")
        await c.press("enter")
        await c.in_front("Confirm")
        await c.agree()
        await c.in_front("MailboxForm")
        await c.until(lambda: values(c)["host"] == "smtp.gmail.com", "the host")
        await c.until(lambda: "Gmail pede" in c.text, "the guidance")
        await c.press("f7")
        await c.in_front("GuidanceDialog")
        await c.shows("myaccount.google.com/apppasswords")


async def test_another_of_several_is_chosen(
    console: Opened, company: CompanyView, nameserver: Nameserver
) -> None:
    """R18: the best is marked, Space takes another; one inside needs no question."""
    nameserver.zone |= {
        MX: ["10 aspmx.l.google.com."],
        SUBMISSIONS: ["0 1 465 smtp.padaria.example."],
    }
    async with console((80, 24)) as c:
        await form_of(c, "nfe@padaria.example")
        await c.press("f6")
        await c.shows("● SMTP smtp.gmail.com", "○ SMTP smtp.padaria.example")
        await c.press("down", "space")
        await c.shows("○ SMTP smtp.gmail.com", "● SMTP smtp.padaria.example")
        await c.press("f2")
        await c.until(lambda: c.dialog == "MailboxForm", "the form")
        await c.until(lambda: values(c)["host"] == "smtp.padaria.example", "the host")


async def test_for_reading_pop_is_looked_for(
    console: Opened, company: CompanyView, nameserver: Nameserver
) -> None:
    """R18: a reading mailbox gets the POP server."""
    nameserver.zone |= {
        SUBMISSIONS: ["0 1 465 smtp.padaria.example."],
        POP3S: ["0 1 995 pop.padaria.example."],
    }
    async with console() as c:
        await form_of(c, "xml@padaria.example", Function.READ)
        await c.press("f6")
        await c.shows("● POP")
        assert "smtp.padaria" not in c.text
        await c.press("enter")
        await c.until(lambda: c.dialog == "MailboxForm", "the form")
        await c.until(lambda: values(c)["host"] == "pop.padaria.example", "the host")


async def test_what_was_typed_by_hand_stays(
    console: Opened, company: CompanyView, nameserver: Nameserver
) -> None:
    """R18: a hand-made value is never overwritten; the dialog says so before."""
    nameserver.zone[SUBMISSIONS] = ["0 1 465 smtp.padaria.example."]
    async with console((80, 24)) as c:
        await form_of(c, "nfe@padaria.example")
        await c.press("f4")
        await c.shows("Endereço SMTP")
        await c.type("meu.servidor.example")
        await c.press("f6")
        await c.shows("meu.servidor.example foi digitado à mão e fica")
        await c.press("enter")
        await c.in_front("MailboxForm")
        assert values(c)["host"] == "meu.servidor.example"
        assert (values(c)["port"], values(c)["security"]) == (587, "starttls")


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ([], "Nada encontrado: padaria.example não diz no DNS"),
        (dns.rcode.NXDOMAIN.value, "O domínio padaria.example não existe"),
        (SILENCE, "O DNS não respondeu a tempo"),
    ],
)
async def test_when_nothing_is_found_it_says_so(
    console: Opened,
    company: CompanyView,
    nameserver: Nameserver,
    answer: list[str] | int | bytes,
    words: str,
) -> None:
    """R18: plainly, with what to do; nothing is filled and F2 is not offered."""
    nameserver.zone[MX] = answer
    async with console((120, 30)) as c:
        await form_of(c, "nfe@padaria.example")
        await c.press("f6")
        await c.shows(words)
        assert "F2 Usar" not in c.text
        await c.press("escape")
        await c.in_front("MailboxForm")
        assert values(c)["host"] == ""


async def test_esc_leaves_at_once_while_it_asks(
    console: Opened, company: CompanyView, nameserver: Nameserver
) -> None:
    """R18: a silent nameserver does not hold the keys."""
    nameserver.zone[SUBMISSIONS] = SILENCE
    async with console((80, 24)) as c:
        await form_of(c, "nfe@padaria.example")
        await c.press("f6")
        await c.shows("Consultando o DNS")
        await c.press("escape")
        await c.until(lambda: c.dialog == "MailboxForm", "the form", within=2.0)


async def test_without_an_address_the_field_is_named(
    console: Opened, company: CompanyView, nameserver: Nameserver
) -> None:
    """R18: nothing is asked for what is no address."""
    async with console((80, 24)) as c:
        await form_of(c, "isto não é")
        await c.press("f6")
        await c.shows("▲ endereço de e-mail inválido")
        assert nameserver.asked == []


async def test_a_registered_host_fills_the_rest(
    console: Opened, store: Store, actor: Actor, company: CompanyView
) -> None:
    """R18: typing a host that is registered fills port and security, also unusual ones."""
    draft = MailboxDraft(
        function=Function.SEND,
        nickname="Notas",
        sender_name="Padaria",
        email="nfe@padaria.example",
        password="segredo",
        host="smtp.padaria.example",
        port=2525,
        security="none",
        timeout=45,
    )
    with store.writing() as session:
        mailboxes.add(session, actor, company.id, draft)
    async with console((80, 24)) as c:
        await form_of(c, "outra@loja.example")
        await c.press("f4")
        await c.shows("Endereço SMTP")
        await c.type("smtp.padaria.example")
        await c.until(lambda: values(c)["port"] == 2525, "the registered port")
        await c.pilot.pause()
        assert (values(c)["port"], values(c)["security"], values(c)["timeout"]) == (
            2525,
            "none",
            45,
        )
