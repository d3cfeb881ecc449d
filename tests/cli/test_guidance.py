"""``carteiro guidance`` and ``carteiro discover``."""

from __future__ import annotations

import functools
from collections.abc import Iterator

import pytest

from services.wire import discovery
from tests.cli.conftest import Run
from tests.servers.dns import SILENCE, Nameserver

MX = "padaria.example. MX"
SUBMISSIONS = "_submissions._tcp.padaria.example. SRV"


@pytest.fixture
def nameserver(monkeypatch: pytest.MonkeyPatch) -> Iterator[Nameserver]:
    """The command asks this nameserver."""
    with Nameserver({MX: []}) as server:
        asking = functools.partial(discovery.discover, nameserver=server.address)
        monkeypatch.setattr(discovery, "discover", asking)
        yield server


def test_guidance_by_old_name(bare: Run) -> None:
    """R51: before any partner exists; whole in JSON, in words for people."""
    (topic,) = bare("guidance", "menos", "seguros", "--json").json
    assert topic["key"] == "gmail.app_password"
    assert topic["steps"][1]["address"] == "https://myaccount.google.com/apppasswords"
    assert {"term", "now"} == set(topic["old_terms"][0])
    assert topic["cures"][0]["kinds"] == ["app_password", "password", "unlock"]
    told = bare("guidance", "less secure apps").out
    assert "1. " in told
    assert "não existe mais" in told


@pytest.mark.parametrize("lang", ["pt_BR", "en"])
def test_guidance_lists_and_addresses(bare: Run, lang: str) -> None:
    """R51: all topics without a word; those of an address's provider; one by its key."""
    everything = bare("guidance", "--json", "--lang", lang).json
    assert len(everything) > 10
    assert all(topic["key"] in bare("guidance", "--lang", lang).out for topic in everything)
    own = bare("guidance", "ana@hotmail.com", "--json", "--lang", lang).json
    assert {topic["provider"] for topic in own} == {"outlook"}
    (one,) = bare("guidance", "yahoo.app_password", "--json", "--lang", lang).json
    assert one["provider"] == "yahoo"
    assert bare("guidance", "xyzzy", "--json", "--lang", lang).json == []
    assert bare("guidance", "xyzzy", "--lang", lang).out


def test_discover(bare: Run, nameserver: Nameserver) -> None:
    """R18: candidates as an array, the best first, those outside the domain marked."""
    nameserver.zone |= {
        MX: ["10 aspmx.l.google.com."],
        SUBMISSIONS: ["0 1 465 smtp.padaria.example."],
    }
    found = bare("discover", "nfe@padaria.example", "--json")
    assert found.status == 0
    assert found.json[0] == {
        "protocol": "smtp",
        "host": "smtp.gmail.com",
        "port": 465,
        "security": "tls",
        "source": "mx:gmail",
        "outside": True,
    }
    assert found.json[-1]["source"] == "srv"
    told = bare("discover", "nfe@padaria.example").out
    assert "smtp.gmail.com" in told
    assert "Confirme com o provedor" in told


def test_discover_that_finds_nothing(bare: Run, nameserver: Nameserver) -> None:
    """R18: nothing found is exit 1 with an empty array; no answer is an error."""
    nothing = bare("discover", "nfe@padaria.example", "--json")
    assert (nothing.status, nothing.json) == (1, [])
    assert "não diz no DNS" in bare("discover", "nfe@padaria.example").out
    nameserver.zone[MX] = SILENCE
    silent = bare("discover", "nfe@padaria.example", "--json")
    assert (silent.status, silent.error["code"]) == (1, "unavailable")
    wrong = bare("discover", "isto não é", "--json")
    assert (wrong.status, wrong.error["field"]) == (1, "email")
