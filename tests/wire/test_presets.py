"""Providers recognised by address."""

from __future__ import annotations

import pytest

from services.wire.addresses import valid_host, valid_port
from services.wire.presets import _rows as rows
from services.wire.presets import preset_for, preset_of_host


@pytest.mark.parametrize(
    ("email", "key"),
    [
        ("ana@gmail.com", "gmail"),
        ("Ana@GoogleMail.com", "gmail"),
        ("ana@outlook.com", "outlook"),
        ("ana@outlook.com.br", "outlook"),
        ("ana@hotmail.com", "outlook"),
        ("ana@hotmail.co.uk", "outlook"),
        ("ana@live.com", "outlook"),
        ("ana@msn.com", "outlook"),
        ("ana@yahoo.com.br", "yahoo"),
        ("ana@yahoo.fr", "yahoo"),
        ("ana@icloud.com", "icloud"),
        ("ana@zoho.com", "zoho"),
        ("ana@uol.com.br", "uol"),
        ("ana@bol.com.br", "bol"),
        ("ana@terra.com.br", "terra"),
        ("ana@locaweb.com.br", "locaweb"),
        ("ana@kinghost.net", "kinghost"),
        ("ana@hostgator.com.br", "hostgator"),
        ("ana@hostinger.com", "hostinger"),
        ("ana@titan.email", "titan"),
        ("ana@umbler.com", "umbler"),
        ("ana@godaddy.com", "godaddy"),
    ],
)
def test_recognised_by_domain(email: str, key: str) -> None:
    """R18."""
    preset = preset_for(email)
    assert preset is not None
    assert preset.key == key


@pytest.mark.parametrize(
    "email",
    [
        "",
        "ana",
        "ana@example.com",
        "ana@notgmail.com",
        "ana@gmail.com.evil.com",
        "ana@yahoo.evil.com",
        "ana@sub.gmail.com",
        "ana@gmailxcom",
    ],
)
def test_others_are_not(email: str) -> None:
    assert preset_for(email) is None


def test_every_row_is_usable() -> None:
    for domains, row in rows():
        preset = preset_for("ana@" + row["domains"].split()[0].replace("*", "com"))
        assert preset is not None
        assert preset.key == row["key"], domains
        for server in filter(None, (preset.smtp, preset.pop)):
            assert valid_host(server.host) == server.host
            assert valid_port(server.port) == server.port
            assert server.security in ("tls", "starttls")


def test_what_the_providers_say() -> None:
    gmail, outlook, icloud, uol = (
        preset_for(f"ana@{domain}")
        for domain in ("gmail.com", "hotmail.com", "icloud.com", "uol.com.br")
    )
    assert gmail is not None
    assert outlook is not None
    assert icloud is not None
    assert uol is not None
    assert (gmail.min_poll_seconds, gmail.per_day) == (300, 500)
    assert (outlook.connections, outlook.per_day, outlook.day_counts) == (3, 10_000, "recipients")
    assert outlook.oauth_only
    assert not gmail.oauth_only
    assert icloud.pop is None
    assert uol.username("ana@uol.com.br") == "ana"
    assert gmail.username("ana@gmail.com") == "ana@gmail.com"


def test_hostgator_lives_at_its_domain() -> None:
    preset = preset_for("ana@hostgator.com.br")
    assert preset is not None
    assert preset.smtp.host == "mail.hostgator.com.br"


def test_limits_follow_the_server() -> None:
    """R34: a domain of one's own at Google has Google's limits."""
    gmail = preset_of_host("SMTP.gmail.com")
    assert gmail is not None
    assert gmail.min_poll_seconds == 300
    assert preset_of_host("smtp.example.com") is None
    assert preset_of_host("") is None
