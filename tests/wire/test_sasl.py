"""What is sent to log in."""

from __future__ import annotations

import base64

import pytest

from services.errors import Invalid
from services.wire import sasl
from services.wire.endpoint import Login


def test_xoauth2_has_the_documented_form() -> None:
    blob = base64.b64decode(sasl.xoauth2("ana@example.com", "eyJ0"))
    assert blob == b"user=ana@example.com\x01auth=Bearer eyJ0\x01\x01"


def test_plain_carries_any_script() -> None:
    assert base64.b64decode(sasl.plain("joão", "sênha")) == "\0joão\0sênha".encode()


@pytest.mark.parametrize("bad", ["a\r\nDELE 1", "a\n", "a\0b", "a\x01b", "a\x7f", "\ud800", ""])
@pytest.mark.parametrize("field", ["username", "password"])
def test_what_would_be_a_second_command_is_refused(bad: str, field: str) -> None:
    """Neither field may end its line; the message does not repeat the secret."""
    login = Login(bad, "secret") if field == "username" else Login("ana", bad)
    for make in (sasl.plain, sasl.xoauth2):
        with pytest.raises(Invalid) as refusal:
            make(login.username, login.secret)
        assert refusal.value.field == field
        assert not bad or bad not in refusal.value.message


def test_a_challenge_is_decoded_for_the_person() -> None:
    json = b'{"status": "400",\r\n "schemes": "Bearer"}'
    told = sasl.challenge(base64.b64encode(json).decode())
    assert told == '{"status":"400","schemes":"Bearer"}'


@pytest.mark.parametrize("text", ["", "not base64!", "aGVsbG8=", "/////w=="])
def test_any_other_challenge_is_kept(text: str) -> None:
    assert sasl.challenge(text) == text


def test_a_login_never_shows_its_secret() -> None:
    assert "hunter2" not in repr(Login("ana", "hunter2"))
