"""Servers found in the DNS, by a real nameserver that is right, wrong, slow or hostile."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import dns.message
import dns.rcode
import pytest

from services.errors import Invalid
from services.wire.discovery import Candidate, Discovery, discover
from services.wire.presets import preset_of_mx
from tests.servers.dns import SILENCE, Nameserver, truncated

SUBMISSIONS = "_submissions._tcp.padaria.example. SRV"
SUBMISSION = "_submission._tcp.padaria.example. SRV"
POP3S = "_pop3s._tcp.padaria.example. SRV"
POP3 = "_pop3._tcp.padaria.example. SRV"
MX = "padaria.example. MX"


@pytest.fixture
def nameserver() -> Iterator[Nameserver]:
    """A nameserver that knows the domain and nothing of it yet."""
    with Nameserver({MX: []}) as server:
        yield server


async def ask(nameserver: Nameserver, deadline: float = 5.0) -> Discovery:
    return await discover("nfe@padaria.example", nameserver=nameserver.address, deadline=deadline)


async def test_srv_records_in_their_order(nameserver: Nameserver) -> None:
    """R18: TLS before STARTTLS, priority before weight, "." is not offered."""
    nameserver.zone |= {
        SUBMISSIONS: [
            "10 5 465 light.padaria.example.",
            "10 50 465 heavy.padaria.example.",
            "0 0 2465 First.Padaria.example.",
        ],
        SUBMISSION: ["0 1 587 smtp.padaria.example."],
        POP3S: ["0 0 0 ."],
        POP3: ["0 1 110 pop.padaria.example."],
    }
    found = await ask(nameserver)
    assert [(c.protocol, c.host, c.port, c.security) for c in found.candidates] == [
        ("smtp", "first.padaria.example", 2465, "tls"),
        ("smtp", "heavy.padaria.example", 465, "tls"),
        ("smtp", "light.padaria.example", 465, "tls"),
        ("smtp", "smtp.padaria.example", 587, "starttls"),
        ("pop", "pop.padaria.example", 110, "starttls"),
    ]
    assert {c.source for c in found.candidates} == {"srv"}
    assert not any(c.outside for c in found.candidates)
    assert (found.domain, found.trouble) == ("padaria.example", "")


@pytest.mark.parametrize(
    ("exchanger", "key"),
    [
        ("aspmx.l.google.com.", "gmail"),
        ("padaria-example.mail.protection.outlook.com.", "outlook"),
        ("mx1.titan.email.", "titan"),
        ("mx.core.locaweb.com.br.", "locaweb"),
    ],
)
async def test_the_provider_behind_the_exchanger(
    nameserver: Nameserver, exchanger: str, key: str
) -> None:
    """R18: presets by MX suffix come before SRV, and a host outside the domain is marked."""
    nameserver.zone |= {
        MX: [f"20 {exchanger}", "10 mx.padaria.example."],
        SUBMISSION: ["0 1 587 smtp.padaria.example."],
    }
    found = await ask(nameserver)
    first = found.candidates[0]
    assert (first.protocol, first.source, first.outside) == ("smtp", f"mx:{key}", True)
    assert found.candidates[1].protocol == "pop"
    assert found.candidates[-1] == Candidate(
        "smtp", "smtp.padaria.example", 587, "starttls", "srv", False
    )


def test_a_suffix_ends_at_a_dot() -> None:
    """R18: names that only look like a provider's are nobody's."""
    for host in ("google.com.evil.example", "notgoogle.com", "protection.outlook.com.x", ""):
        assert preset_of_mx(host, "padaria.example") is None


async def test_hosts_outside_the_domain_are_marked(nameserver: Nameserver) -> None:
    """R18: also one that only ends like the domain."""
    nameserver.zone |= {
        SUBMISSIONS: ["0 0 465 mail.provedor.example.", "1 0 465 mail.outrapadaria.example."],
        POP3S: ["0 0 995 padaria.example."],
    }
    found = await ask(nameserver)
    assert [c.outside for c in found.candidates] == [True, True, False]


async def test_what_our_own_table_knows_needs_no_confirming() -> None:
    """R18: Hotmail's server is Microsoft's, whatever the DNS says."""
    zone = {"hotmail.com. MX": ["2 hotmail-com.olc.protection.outlook.com."]}
    with Nameserver(zone) as server:
        found = await discover("ana@hotmail.com", nameserver=server.address)
    assert [(c.host, c.outside) for c in found.candidates] == [
        ("smtp.office365.com", False),
        ("outlook.office365.com", False),
    ]


@pytest.mark.parametrize(
    "record",
    [
        r"0 0 465 a\027[2Jb.padaria.example.",
        r"0 0 465 smtp\032host.padaria.example.",
        r"0 0 465 smtp\013\010.padaria.example.",
        r"0 0 465 smtp\000.padaria.example.",
        r"0 0 465 -smtp.padaria.example.",
        "0 0 0 smtp.padaria.example.",
        "0 0 465 127.0.0.1.",
        "0 0 465 localhost.",
        "0 0 465 .",
    ],
)
async def test_hostile_targets_are_no_candidates(nameserver: Nameserver, record: str) -> None:
    """R18: every host passes the same door as a typed one."""
    nameserver.zone[SUBMISSIONS] = [record]
    found = await ask(nameserver)
    assert (found.candidates, found.trouble) == ((), "")


async def test_a_thousand_records_give_a_few(nameserver: Nameserver) -> None:
    """R18: a person does not choose among more."""
    nameserver.zone[SUBMISSIONS] = [f"{n} 0 465 s{n}.padaria.example." for n in range(1000)]
    found = await ask(nameserver)
    assert [c.host for c in found.candidates] == [f"s{n}.padaria.example" for n in range(4)]


def _cut(question: dns.message.Message) -> bytes:
    return dns.message.make_response(question).to_wire()[:15]


def _other_question(_question: dns.message.Message) -> bytes:
    other = dns.message.make_query("outro.example.", "SRV")
    return dns.message.make_response(other).to_wire()


def _noise(question: dns.message.Message) -> bytes:
    return question.id.to_bytes(2, "big") + bytes(range(256))


@pytest.mark.parametrize("answer", [b"\x00", b"\xff" * 600, _cut, _other_question, _noise, SILENCE])
async def test_garbage_and_silence_end_at_the_deadline(
    nameserver: Nameserver,
    answer: bytes | Callable[[dns.message.Message], bytes],
) -> None:
    """R18: what was answered is kept, what was not is told, and the loop goes on meanwhile."""
    nameserver.zone |= {SUBMISSIONS: answer, POP3S: ["0 0 995 pop.padaria.example."]}
    loop = asyncio.get_running_loop()
    began, turns = loop.time(), 0
    asking = asyncio.create_task(ask(nameserver, 1.0))
    while not asking.done():
        await asyncio.wait([asking], timeout=0.01)
        turns += 1
    found = asking.result()
    assert loop.time() - began < 3
    assert turns > 5
    assert [c.host for c in found.candidates] == ["pop.padaria.example"]
    assert found.trouble == "no_answer"


async def test_a_truncated_answer_is_asked_for_again(nameserver: Nameserver) -> None:
    """R18: over TCP; one that is truncated there too gives nothing."""
    calls: list[int] = []

    def first_cut(question: dns.message.Message) -> bytes:
        calls.append(1)
        if len(calls) == 1:
            return truncated(question)
        nameserver.zone[SUBMISSIONS] = ["0 0 465 smtp.padaria.example."]
        return nameserver._answer(question.to_wire())

    nameserver.zone |= {SUBMISSIONS: first_cut, POP3S: truncated}
    found = await ask(nameserver, 2)
    assert [c.host for c in found.candidates] == ["smtp.padaria.example"]


async def test_names_that_lead_in_circles(nameserver: Nameserver) -> None:
    """R18"""
    nameserver.zone[SUBMISSIONS] = [
        "_submissions._tcp.padaria.example. CNAME a.padaria.example.",
        "a.padaria.example. CNAME _submissions._tcp.padaria.example.",
    ]
    found = await ask(nameserver)
    assert (found.candidates, found.trouble) == ((), "no_answer")


async def test_no_domain_no_records_no_service() -> None:
    """R18: the three ways to find nothing are told apart."""
    with Nameserver() as server:
        assert (await ask(server)).trouble == "no_domain"
        server.zone[MX] = []
        assert (await ask(server)).trouble == ""
        server.zone[MX] = dns.rcode.SERVFAIL.value
        assert (await ask(server)).trouble == "no_answer"


async def test_only_questions_about_the_domain_leave() -> None:
    """R18: no address, no name of a person, and nothing at all for what is no address."""
    with Nameserver() as server:
        await discover("Maria.Segredo@Padaria.example", nameserver=server.address)
        assert set(server.asked) == {MX, SUBMISSIONS, SUBMISSION, POP3S, POP3}
        assert not any(b"segredo" in data.lower() for data in server.received)
        server.asked.clear()
        for text in ("", "padaria.example", "a@b c", "a@padaria.example\r\nx", "a@[127.0.0.1]"):
            with pytest.raises(Invalid):
                await discover(text, nameserver=server.address)
        assert server.asked == []


def test_the_library_is_loaded_only_when_asked() -> None:
    """Importing the module costs no DNS library."""
    code = "import sys, services.wire.discovery; print('dns' in sys.modules)"
    ran = subprocess.run(
        (sys.executable, "-c", code),
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stdout == "False\n"
