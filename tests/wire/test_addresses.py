"""Addresses, hosts and ports: what is accepted is what is sent."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.errors import Invalid
from services.wire.addresses import split_addresses, valid_address, valid_host, valid_port


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("ana@example.com", "ana@example.com"),
        (" Ana.Lima+nfe@EXAMPLE.com.BR ", "Ana.Lima+nfe@example.com.br"),
        ("ana@pão.com.br", "ana@xn--po-sia.com.br"),
        ("o'neil@example.com", "o'neil@example.com"),
        ("ana@empresa.test", "ana@empresa.test"),
    ],
)
def test_good_addresses(typed: str, sent: str) -> None:
    assert valid_address(typed) == sent
    assert valid_address(sent) == sent


@pytest.mark.parametrize(
    "typed",
    [
        "",
        "ana",
        "ana@",
        "@example.com",
        "ana@localhost",
        "ana@test",
        "joão@example.com",
        "u@good.com(x)evil.com",
        "u(x)@good.com",
        '"a b"@example.com',
        "a@[127.0.0.1]",
        "a@127.0.0.1",
        "Ana <a@example.com>",
        "<a@example.com>",
        "a@example.com\n",
        "a@example.com\r\nRCPT TO:<b@example.com>",
        "a\x00@example.com",
        "a@exa\x85mple.com",
        "a@example.com\u2028",
        "a@b@example.com",
        "a..b@example.com",
        ".a@example.com",
        "a@example..com",
        "a@-example.com",
        "x" * 65 + "@example.com",
        "a@" + "x." * 130 + "com",
        "a" * 100_000,
        "a@example.com> SIZE=1",
        "a,b@example.com",
        "=?utf-8?q?=41?=@example.com",
    ],
)
def test_bad_addresses(typed: str) -> None:
    """Raw and encoded line ends, comments, literals, quoted parts: refused, never repaired."""
    with pytest.raises(Invalid) as caught:
        valid_address(typed)
    assert caught.value.field == "email"
    assert caught.value.message.isprintable()


@given(st.text(max_size=40) | st.emails() | st.from_regex(r"[\x00-\x7f]{1,20}@[a-z.]{1,20}"))
def test_whatever_is_accepted_fits_an_envelope_and_stays(text: str) -> None:
    try:
        address = valid_address(text)
    except Invalid:
        return
    assert address.isascii()
    assert address.isprintable()
    assert not set(address) & set(' <>()[]\\,;:"')
    assert address.count("@") == 1
    assert valid_address(address) == address


def test_lists() -> None:
    """R27, R31, R32: the good ones once each, the bad ones with the reason."""
    good, bad = split_addresses(
        " ana@example.com; ;joao@;ana@EXAMPLE.com;\r\nbia@example.com;x y@z.com;"
    )
    assert good == ["ana@example.com", "bia@example.com"]
    assert [piece for piece, _why in bad] == ["joao@", "x y@z.com"]
    assert all("inválido" in why for _piece, why in bad)
    assert split_addresses("") == ([], [])


@pytest.mark.parametrize(
    ("typed", "host"),
    [
        ("smtp.Example.com", "smtp.example.com"),
        ("localhost", "localhost"),
        (" mail.example.com. ", "mail.example.com"),
        ("127.0.0.1", "127.0.0.1"),
        ("::1", "::1"),
        ("[2001:DB8::1]", "2001:db8::1"),
        ("correio.pão.com.br", "correio.xn--po-sia.com.br"),
        ("mail_1.example.com", "mail_1.example.com"),
    ],
)
def test_good_hosts(typed: str, host: str) -> None:
    assert valid_host(typed) == host


@pytest.mark.parametrize(
    "typed",
    [
        "",
        ".",
        "smtp example.com",
        "smtp.example.com:587",
        "https://example.com",
        "a@example.com",
        "example.com\r\nEHLO",
        "example.com\n",
        "-a.com",
        "a-.com",
        "a..com",
        "1.2.3",
        "1.2.3.999",
        "[smtp.example.com]",
        "x" * 64 + ".com",
        "a." * 127 + "com",
        "a\x00.com",
        "\u2024.com",
        "a\u202e.com",
    ],
)
def test_bad_hosts(typed: str) -> None:
    with pytest.raises(Invalid) as caught:
        valid_host(typed)
    assert caught.value.field == "host"


def test_ports() -> None:
    assert valid_port("587") == 587
    assert valid_port(65_535) == 65_535
    for bad in ("", "0", "-1", "65536", "5 87", "٥", "1e3", "9" * 5_000, 0):
        with pytest.raises(Invalid) as caught:
            valid_port(bad)
        assert caught.value.field == "port"


def test_the_validator_is_loaded_when_needed() -> None:
    """Start-up pays for nothing that the first screen does not use."""
    code = "import sys, services.wire.addresses; print('email_validator' in sys.modules)"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "False"
