"""A company's form of one mailbox: that of an e-mail server, for one protocol (R5, R18)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from sqlalchemy.orm import Session

from services.errors import Invalid, InvalidFields
from services.language import _
from services.registry import prefilling, server_form
from services.registry.access import Actor
from services.registry.protocols import ENDPOINT, PROTOCOL
from services.registry.server_form import ServerClean, ServerDraft
from services.store.models import EmailServer


@dataclass(frozen=True, slots=True)
class MailboxDraft:
    """What a person fills in (R5); None means "as usual for this address".

    ``timeout`` in seconds; ``delete_after`` is ``import``, ``never`` or a number of days (R38);
    ``password`` None keeps the one that is stored. The limits None are the provider's, and 0 is
    none (R34).
    """

    function: str
    nickname: str
    sender_name: str
    email: str
    username: str | None = None
    password: str | None = None
    active: bool = True
    host: str | None = None
    port: int | None = None
    security: str | None = None
    authenticate: bool = True
    verify_certificate: bool = True
    timeout: int = 30
    delete_after: str = "import"
    most_connections: int | None = None
    most_per_minute: int | None = None
    most_per_day: int | None = None

    def __repr__(self) -> str:
        """Without the password: drafts end in tracebacks and logs."""
        return f"MailboxDraft({self.function!r}, {self.nickname!r}, {self.email!r})"


@dataclass(frozen=True, slots=True)
class Clean:
    """A form without errors; everything decided but the password, which may stay as it is."""

    nickname: str
    sender_name: str
    email: str
    username: str
    password: str | None
    active: bool
    host: str
    port: int
    security: str
    authenticate: bool
    verify_certificate: bool
    timeout: int
    delete_after: str
    most_connections: int | None
    most_per_minute: int | None
    most_per_day: int | None

    def __repr__(self) -> str:
        """Without the password."""
        return f"Clean({self.nickname!r}, {self.email!r}, {self.host!r})"


def prefill(
    session: Session, actor: Actor, function: str, email: str, host: str | None = None
) -> dict[str, Any]:
    """The values of :class:`MailboxDraft` that this address most likely needs (R18).

    Those of the server registered last for the same host (or, without ``host``, for an address of
    the same domain), otherwise the preset of the host's or the address's provider; empty when
    neither knows. Nothing is looked up outside this machine, and nothing is a secret.
    """
    return prefilling.known(session, actor, function, email, host)


def with_defaults(session: Session, actor: Actor, draft: MailboxDraft) -> MailboxDraft:
    """``draft`` with what was left open filled in; a value of the person's is never replaced."""
    filled = server_form.with_defaults(session, actor, _as_server(draft))
    values = _mailbox_values(filled, draft.function)
    return MailboxDraft(function=draft.function, password=draft.password, **values)


def check(draft: MailboxDraft, *, password_kept: bool) -> Clean:
    """The form without errors, or ``InvalidFields`` with every one of them (R5).

    ``password_kept`` says that a password is stored already, so that none need be given.
    """
    try:
        clean = server_form.check(_as_server(draft), None, password_kept=password_kept)
    except InvalidFields as e:
        own = {theirs: mine for mine, theirs in _names(draft.function).items()}
        raise InvalidFields(
            [
                Invalid(each.message, field=own.get(each.field or "", each.field))
                for each in e.errors
            ]
        ) from None
    return Clean(password=clean.password, **_mailbox_values(clean, draft.function))


def draft_of(server: EmailServer, function: str) -> MailboxDraft:
    """What is saved of one function, as a draft."""
    return MailboxDraft(function=function, **_mailbox_values(server, function))


def columns(clean: Clean, function: str) -> dict[str, Any]:
    """The columns of an e-mail server that come from ``clean``."""
    names = _names(function)
    return {theirs: getattr(clean, mine) for mine, theirs in names.items() if mine != "password"}


def implied(draft: MailboxDraft, changes: Mapping[str, Any]) -> dict[str, Any]:
    """What follows from ``changes`` for values of ``draft`` that were only defaults."""
    names = _names(draft.function)
    own = {theirs: mine for mine, theirs in names.items()}
    found = server_form.implied(_as_server(draft), {names[n]: v for n, v in changes.items()})
    return {own[name]: value for name, value in found.items()}


def _names(function: str) -> dict[str, str]:
    """The fields of a mailbox form by the names that the server's form has for them."""
    protocol = PROTOCOL[function]
    return {
        name: f"{protocol}_{name}" if name in ENDPOINT else name
        for name in (field.name for field in fields(Clean))
    }


def _as_server(draft: MailboxDraft) -> ServerDraft:
    values = {theirs: getattr(draft, mine) for mine, theirs in _names(draft.function).items()}
    return ServerDraft(kind=draft.function, partner_key="", **values)


def _mailbox_values(
    server: ServerDraft | ServerClean | EmailServer, function: str
) -> dict[str, Any]:
    """What a form or row of a server says of one function; all but the password."""
    names = _names(function)
    return {mine: getattr(server, theirs) for mine, theirs in names.items() if mine != "password"}


def keep_password_at_home(actor: Actor, host_before: str, clean: Clean) -> None:
    """A stored password never goes to another host at the word of a company user.

    Raises :class:`Invalid` naming the password: whoever changes the host types it again.
    """
    moved = clean.host.lower() != host_before.lower()
    if moved and clean.authenticate and clean.password is None and not actor.is_partner:
        raise Invalid(
            _("Senha: digite-a de novo, porque o endereço do servidor mudou"), field="password"
        )
