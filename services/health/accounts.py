"""Who logs in where: the account of an e-mail server, with its secret from the vault."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Row, bindparam, select
from sqlalchemy.orm import Session

from services.errors import NotFound
from services.language import _
from services.settings import Settings
from services.store import secret
from services.store.models import EmailServer, Function, Mechanism
from services.wire.endpoint import Endpoint, Login, Security

PLACE = "email_server"
FIELD = "password"
# Built once, and of columns alone: every reading asks.
_SERVER = select(
    EmailServer.id,
    EmailServer.email,
    EmailServer.sender_name,
    EmailServer.username,
    EmailServer.pop_username,
    EmailServer.mechanism,
    EmailServer.authenticate,
    EmailServer.verify_certificate,
    EmailServer.timeout,
    EmailServer.smtp_host,
    EmailServer.smtp_port,
    EmailServer.smtp_security,
    EmailServer.pop_host,
    EmailServer.pop_port,
    EmailServer.pop_security,
).where(EmailServer.id == bindparam("server"))


@dataclass(frozen=True, slots=True)
class Account:
    """All that speaking to a mailbox's servers takes. ``server_id`` is None for one not saved yet.

    ``login`` is None where the server asks for none; ``smtp`` or ``pop`` is None where the
    mailbox does not serve that. ``pop_login`` is for reading where that is another. Where a
    Microsoft account signs in, logins have no secret: ``health/tokens.py`` gives them theirs.
    """

    server_id: int | None
    email: str
    sender_name: str
    smtp: Endpoint | None
    pop: Endpoint | None
    login: Login | None
    pop_login: Login | None = None

    def login_for(self, function: str) -> Login | None:
        """How to log in for sending or reading."""
        return (self.pop_login or self.login) if function == Function.READ else self.login

    @property
    def signs_in(self) -> bool:
        """Does it log in by a Microsoft account instead of a password?"""
        return self.login is not None and self.login.mechanism == "xoauth2"


def account_of(session: Session, server_id: int, settings: Settings) -> Account:
    """The account of a registered e-mail server, as it is now.

    Raises :class:`NotFound` when it is gone and ``Unavailable`` when the vault cannot be opened.
    """
    # What the unit of work has in hand is in the database before it is read from there.
    session.flush()
    server = session.connection().execute(_SERVER, {"server": server_id}).one_or_none()
    if server is None:
        raise NotFound(_("Caixa de e-mail não encontrada"), field="id")
    return account_from(session, server, settings)


def account_from(
    session: Session, server: EmailServer | Row[*tuple[Any, ...]], settings: Settings
) -> Account:
    """The account of a server whose columns are at hand; its secret is asked of the vault.

    Raises ``Unavailable`` when that cannot be opened.
    """
    login: Login | None = None
    pop_login: Login | None = None
    if server.mechanism == Mechanism.XOAUTH2:
        login, pop_login = logins_of(server)
    elif server.authenticate:
        password = secret.get(session, PLACE, server.id, FIELD)
        login = Login(server.username, password or "")
    return Account(
        server.id,
        server.email,
        server.sender_name,
        _endpoint(server, server.smtp_host, server.smtp_port, server.smtp_security, settings),
        _endpoint(server, server.pop_host, server.pop_port, server.pop_security, settings),
        login,
        pop_login,
    )


def logins_of(server: EmailServer | Row[*tuple[Any, ...]]) -> tuple[Login, Login]:
    """How a server that signs in at Microsoft logs in for sending and for reading, without token."""
    return (
        Login(server.username, "", "xoauth2"),
        Login(server.pop_username or server.username, "", "xoauth2"),
    )


def _endpoint(
    server: EmailServer | Row[*tuple[Any, ...]],
    host: str | None,
    port: int | None,
    security: str | None,
    settings: Settings,
) -> Endpoint | None:
    if host is None or port is None:
        return None
    return Endpoint(
        host,
        port,
        cast(Security, security or "tls"),
        server.verify_certificate,
        float(server.timeout),
        settings.ca_file,
    )
