"""What a new mail account most likely needs: what is known of its host or provider (R18)."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from services.registry import access
from services.registry.access import Actor
from services.registry.protocols import ENDPOINT, PROTOCOL, default_port, usual_security
from services.store.models import EmailServer, Kind, Mailbox, Mechanism
from services.wire.presets import Preset, preset_for, preset_of_host


def known(
    session: Session,
    actor: Actor,
    function: str,
    email: str,
    host: str | None = None,
    *,
    beside: str | None = None,
) -> dict[str, Any]:
    """Host, port and security of one protocol, and what else goes with them; never a secret.

    Those of the server registered last for the same host (or, without ``host``, one that has
    ``beside`` for its other protocol, or an address of the same domain), otherwise the preset of
    the provider; empty when neither knows. Nothing is looked up outside this machine.
    """
    protocol = PROTOCOL[function]
    if host:
        return _of_host(session, actor, protocol, email, host, by=protocol)
    if beside:
        other = "pop" if protocol == "smtp" else "smtp"
        found = _of_host(session, actor, protocol, email, beside, by=other)
        if found.get("host"):
            return found
    return _of_address(session, actor, protocol, email)


def of_microsoft(session: Session, actor: Actor, protocol: str, email: str) -> dict[str, Any]:
    """The place of the newest mailbox of the same domain that signs in at Microsoft; else empty."""
    domain = email.rpartition("@")[2].strip().lower()
    if not domain or not _can_be_asked(domain):
        return {}
    condition = func.lower(EmailServer.email).endswith(f"@{domain}", autoescape=True)
    row = _newest(
        session, actor, protocol, condition & (EmailServer.mechanism == Mechanism.XOAUTH2)
    )
    return _of_row(row, protocol) if row is not None else {}


def decided(
    function: str, place: dict[str, Any], found: dict[str, Any]
) -> tuple[str | None, int, str]:
    """Host, port and security: what ``place`` leaves open comes from ``found``, or is as usual."""
    port, security = place["port"], place["security"]
    if security is None:
        security = usual_security(port) if port is not None else found.get("security", "tls")
    if port is None:
        same = security == found.get("security")
        port = found["port"] if same else default_port(function, security)
    return place["host"] or found.get("host"), port, security


def _of_host(
    session: Session, actor: Actor, protocol: str, email: str, host: str, *, by: str
) -> dict[str, Any]:
    name = host.strip().lower()
    if not _can_be_asked(name):
        return {}
    condition = func.lower(_column(by)) == name
    row = _newest(session, actor, protocol, condition)
    return (
        _of_row(row, protocol)
        if row is not None
        else _preset(preset_of_host(name), protocol, email)
    )


def _of_address(session: Session, actor: Actor, protocol: str, email: str) -> dict[str, Any]:
    domain = email.rpartition("@")[2].strip().lower()
    if not domain or not _can_be_asked(domain):
        return {}
    condition = func.lower(EmailServer.email).endswith(f"@{domain}", autoescape=True)
    row = _newest(session, actor, protocol, condition)
    return (
        _of_row(row, protocol) if row is not None else _preset(preset_for(email), protocol, email)
    )


def _newest(session: Session, actor: Actor, protocol: str, condition: Any) -> EmailServer | None:
    """The newest such server; company users learn only from their own (R53)."""
    query = select(EmailServer).where(
        EmailServer.partner_id == actor.partner_id,
        EmailServer.kind != Kind.RELAY,
        _column(protocol).is_not(None),
        condition,
    )
    if actor.company_ids is not None:
        query = query.where(EmailServer.mailboxes.any(access.among(actor, Mailbox.company_id)))
    return session.scalar(query.order_by(EmailServer.id.desc()).limit(1))


def _column(protocol: str) -> InstrumentedAttribute[str | None]:
    return EmailServer.smtp_host if protocol == "smtp" else EmailServer.pop_host


def _of_row(row: EmailServer, protocol: str) -> dict[str, Any]:
    return {
        **{name: getattr(row, f"{protocol}_{name}") for name in ENDPOINT},
        "authenticate": row.authenticate,
        "verify_certificate": row.verify_certificate,
        "timeout": row.timeout,
    }


def _preset(preset: Preset | None, protocol: str, email: str) -> dict[str, Any]:
    if preset is None:
        return {}
    place = preset.smtp if protocol == "smtp" else preset.pop
    found: dict[str, Any] = {"username": preset.username(email)}
    if place is not None:
        found |= {"host": place.host, "port": place.port, "security": place.security}
    return found


def _can_be_asked(text: str) -> bool:
    """False for what no database takes as text: the form refuses it, in words."""
    return text.isprintable()
