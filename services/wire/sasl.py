"""SASL messages shared by POP3 and SMTP: what is sent to log in, and what a refusal says."""

from __future__ import annotations

import base64
import binascii
import json

from services.errors import Invalid
from services.language import _
from services.safe_text import has_control
from services.wire.endpoint import Login


def check(login: Login) -> Login:
    """The same login if it can be put on a line of a protocol.

    Raises :class:`Invalid` for an empty value or a control character (which would end the line
    and let the rest act as a command); the message never repeats the secret.
    """
    for field, value in (("username", login.username), ("password", login.secret)):
        if not value:
            raise Invalid(_("preencha o usuário e a senha"), field=field)
        if has_control(value) or any("\ud800" <= c <= "\udfff" for c in value):
            raise Invalid(_("usuário e senha não podem conter caracteres de controle"), field=field)
    return login


def xoauth2(user: str, token: str) -> bytes:
    """The initial response of XOAUTH2, in base64. Raises :class:`Invalid` as :func:`check`."""
    check(Login(user, token, "xoauth2"))
    return base64.b64encode(f"user={user}\x01auth=Bearer {token}\x01\x01".encode())


def plain(user: str, password: str) -> bytes:
    """The message of PLAIN (RFC 4616), in base64. Raises :class:`Invalid` as :func:`check`."""
    check(Login(user, password))
    return base64.b64encode(f"\0{user}\0{password}".encode())


def challenge(text: str) -> str:
    """The words of a base64 challenge: a refusal of XOAUTH2 is JSON, given compact, on one line.

    What is not base64 of JSON comes back as it is: it is only shown.
    """
    try:
        told = json.loads(base64.b64decode(text.strip(), validate=True))
    except (binascii.Error, ValueError, RecursionError):
        return text.strip()
    return json.dumps(told, ensure_ascii=False, separators=(",", ":"))
