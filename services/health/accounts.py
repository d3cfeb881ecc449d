"""Who logs in where: the account of an e-mail server, with its secret from the vault."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from sqlalchemy.orm import Session

from services.errors import NotFound
from services.language import _
from services.settings import Settings
from services.store import secret
from services.store.models import EmailServer
from services.wire.endpoint import Endpoint, Login, Security

PLACE = "email_server"
FIELD = "password"


@dataclass(frozen=True, slots=True)
class Account:
    """All that speaking to a mailbox's servers takes. ``server_id`` is None for one not saved yet.

    ``login`` is None where the server asks for none; ``smtp`` or ``pop`` is None where the
    mailbox does not serve that.
    """

    server_id: int | None
    email: str
    sender_name: str
    smtp: Endpoint | None
    pop: Endpoint | None
    login: Login | None


def account_of(session: Session, server_id: int, settings: Settings) -> Account:
    """The account of a registered e-mail server, as it is now.

    Raises :class:`NotFound` when it is gone and ``Unavailable`` when the vault cannot be opened.
    """
    server = session.get(EmailServer, server_id)
    if server is None:
        raise NotFound(_("Caixa de e-mail não encontrada"), field="id")
    login = None
    if server.authenticate:
        password = secret.get(session, PLACE, server.id, FIELD)
        login = Login(server.username, password or "")
    return Account(
        server.id,
        server.email,
        server.sender_name,
        _endpoint(server, server.smtp_host, server.smtp_port, server.smtp_security, settings),
        _endpoint(server, server.pop_host, server.pop_port, server.pop_security, settings),
        login,
    )


def _endpoint(
    server: EmailServer,
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
