"""Logging in to an SMTP server (RFC 4954): PLAIN, LOGIN or XOAUTH2, tried once."""

from __future__ import annotations

import base64
from typing import TYPE_CHECKING

from services.failure import Failure, Stage, WireError
from services.language import _
from services.wire import replies, sasl
from services.wire.endpoint import Login
from services.wire.smtp_outcome import known

if TYPE_CHECKING:
    from services.wire.smtp import SmtpConnection

_LONGEST = 510
"""Characters of a command line (RFC 5321 §4.5.3.1.4): a longer answer goes on a line of its own."""


async def log_in(connection: SmtpConnection, login: Login) -> str:
    """One attempt by one mechanism; its name. Raises :class:`WireError` when it is refused."""
    offered = connection.extensions.get("AUTH", "").split()
    if login.mechanism == "xoauth2":
        mechanism = "XOAUTH2" if "XOAUTH2" in offered else ""
    else:
        mechanism = next((m for m in ("PLAIN", "LOGIN") if m in offered), "")
    if not mechanism:
        raise WireError(_not_offered(connection, login))
    connection.hide(login)
    first, second = _credentials(mechanism, login)
    line = f"AUTH {mechanism} {first}"
    if len(line) <= _LONGEST:
        told = await connection.command(line, shown=f"AUTH {mechanism} ***")
    else:
        told = await connection.command(f"AUTH {mechanism}")
        if told.code == 334:
            told = await connection.command(first, shown="***")
    if mechanism == "LOGIN" and told.code == 334:
        told = await connection.command(second, shown="***")
    said = ""
    if mechanism == "XOAUTH2" and told.code == 334:
        # The challenge is the reason, as JSON; an empty line asks for the refusal itself.
        said = sasl.challenge(told.text[4:]) + " "
        told = await connection.command("")
    if told.code != 235:
        text = connection.redacted(said + told.text)
        kind, permanent = replies.classify(told.text, protocol="smtp")
        if mechanism == "XOAUTH2":
            kind = replies.without_password(kind)
        raise WireError(
            known(connection.endpoint.who, Stage.LOGIN, kind, text, permanent=permanent)
        )
    return mechanism


def _credentials(mechanism: str, login: Login) -> tuple[str, str]:
    if mechanism == "XOAUTH2":
        return sasl.xoauth2(login.username, login.secret).decode(), ""
    if mechanism == "PLAIN":
        return sasl.plain(login.username, login.secret).decode(), ""
    return base64_of(login.username), base64_of(login.secret)


def base64_of(text: str) -> str:
    """As SMTP spells bytes that are not its own."""
    return base64.b64encode(text.encode()).decode()


def _not_offered(connection: SmtpConnection, login: Login) -> Failure:
    endpoint = connection.endpoint
    if endpoint.security == "none" and "STARTTLS" in connection.extensions:
        return known(endpoint.who, Stage.LOGIN, "starttls", "", permanent=True)
    words = (
        _("O servidor não aceita entrar com conta Microsoft (XOAUTH2); confira o servidor.")
        if login.mechanism == "xoauth2"
        else _(
            "O servidor não oferece entrada com usuário e senha nesta porta. "
            "Confira a porta ou desligue a autenticação nas opções avançadas."
        )
    )
    offered = f"AUTH {connection.extensions.get('AUTH', '')}".strip()
    return Failure(endpoint.who, Stage.LOGIN, "config", offered, True, words, "authenticate")
