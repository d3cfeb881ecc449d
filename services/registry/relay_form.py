"""What the form of the partner's relay holds, what it means by default, what of it is wrong (R14)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.orm import Session

from services.errors import Invalid, InvalidFields
from services.language import _
from services.registry import limits, mailbox_form, ways_out
from services.registry.access import Actor
from services.registry.mailbox_form import Clean, MailboxDraft
from services.registry.protocols import default_port
from services.store import secret
from services.store.models import EmailServer, Function
from services.wire.addresses import valid_address

PLACE = "email_server"
_STARTTLS_PORT = 587
NAMES = {
    "host": "relay_host",
    "port": "relay_port",
    "security": "relay_security",
    "username": "relay_user",
    "email": "relay_email",
}
"""How errors name the fields of :class:`RelayDraft`, where they name them otherwise."""


@dataclass(frozen=True, slots=True)
class RelayDraft:
    """What a person fills in; None means "as usual".

    ``email`` is the address in From and on the envelope: usually the user, where that is an
    address. ``authenticate`` None logs in where a user is named. ``password`` None keeps the
    stored one, which stays with its host. The limits None are the provider's, and 0 is none (R34).
    """

    host: str | None = None
    port: int | None = None
    security: str | None = None
    username: str | None = None
    password: str | None = None
    email: str | None = None
    authenticate: bool | None = None
    verify_certificate: bool = True
    timeout: int = 30
    active: bool = True
    most_connections: int | None = None
    most_per_minute: int | None = None
    most_per_day: int | None = None

    def __repr__(self) -> str:
        """Without the password: drafts end in tracebacks and logs."""
        return f"RelayDraft({self.host!r}, {self.port!r}, {self.email!r})"


def check(session: Session, actor: Actor, draft: RelayDraft, row: EmailServer | None) -> Clean:
    """The draft without errors, or ``InvalidFields`` with every one, by :data:`NAMES`.

    Raises :class:`Invalid` naming the password when the stored one would go to another host.
    """
    logs_in = draft.authenticate if draft.authenticate is not None else bool(draft.username)
    email = draft.email or _if_address(draft.username)
    security = draft.security or ("starttls" if draft.port == _STARTTLS_PORT else "tls")
    port = draft.port
    filled = MailboxDraft(
        function=Function.SEND,
        nickname=ways_out.RELAY_WORDS,
        sender_name=actor.partner_name,
        email=email or "",
        username=draft.username or (email if logs_in else ""),
        password=draft.password,
        active=draft.active,
        host=draft.host,
        port=default_port(Function.SEND, security) if port is None else port,
        security=security,
        authenticate=logs_in,
        verify_certificate=draft.verify_certificate,
        timeout=draft.timeout,
        **{name: getattr(draft, name) for name in limits.NAMES},
    )
    kept = row is not None and secret.get(session, PLACE, row.id, "password") is not None
    try:
        clean = mailbox_form.check(filled, password_kept=kept)
    except InvalidFields as e:
        raise InvalidFields([_named(error, draft) for error in e.errors]) from None
    moved = row is not None and clean.host.lower() != (row.smtp_host or "").lower()
    if moved and clean.authenticate and clean.password is None:
        raise Invalid(
            _("Senha: digite-a de novo, porque o endereço do servidor mudou"), field="password"
        )
    return clean


def draft_of(row: EmailServer | None) -> RelayDraft:
    """What is saved, as a draft."""
    if row is None:
        return RelayDraft()
    return RelayDraft(
        host=row.smtp_host,
        port=row.smtp_port,
        security=row.smtp_security,
        username=row.username,
        email=row.email,
        authenticate=row.authenticate,
        verify_certificate=row.verify_certificate,
        timeout=row.timeout,
        active=row.active,
        **{name: getattr(row, name) for name in limits.NAMES},
    )


def changed(draft: RelayDraft, changes: Mapping[str, Any]) -> RelayDraft:
    """``draft`` with ``changes``, and with what follows from them for values that were defaults."""
    unknown = changes.keys() - RelayDraft.__dataclass_fields__.keys()
    if unknown:
        raise Invalid(_("Campo desconhecido: {name}").format(name=min(unknown)), field=min(unknown))
    implied: dict[str, Any] = {}
    if changes.get("username") or changes.get("password"):
        implied["authenticate"] = None
    if draft.email == draft.username and _if_address(changes.get("username")):
        implied["email"] = changes["username"]
    usual = draft.security and default_port(Function.SEND, draft.security)
    if "security" in changes and draft.port == usual:
        implied["port"] = None
    return replace(draft, **{**implied, **changes})


def _if_address(text: str | None) -> str | None:
    try:
        return valid_address(text or "")
    except Invalid:
        return None


def _named(error: Invalid, draft: RelayDraft) -> Invalid:
    """``error`` under the relay's name of its field."""
    if error.field == "email" and not draft.email:
        words = _("E-mail do relay: informe o endereço que aparece como remetente")
        return Invalid(words, field=NAMES["email"])
    return Invalid(error.message, field=NAMES.get(error.field or "", error.field))
