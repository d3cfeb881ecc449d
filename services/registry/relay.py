"""InvoiCy Mail: the partner's own relay, for which companies, in whose name (R14)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.errors import NotFound, Refused
from services.language import _, ngettext
from services.registry import access, audit, direction, limits, versions, ways_out
from services.registry.access import Actor
from services.registry.mailbox_form import columns
from services.registry.relay_form import NAMES, PLACE, RelayDraft, changed, check, draft_of
from services.registry.server_rows import clean_slate, fill
from services.store import secret
from services.store.models import Company, EmailServer, Function, Health, Kind, Partner

_CONNECTION = (*NAMES.values(), "relay_authenticate", "relay_active")


@dataclass(frozen=True, slots=True)
class RelayView:
    """The relay as the partner sees it; the password never leaves the vault by this way.

    ``limits`` says in words what holds, its own or the provider's (R34).
    """

    id: int
    host: str
    port: int
    security: str
    username: str
    email: str
    authenticate: bool
    verify_certificate: bool
    timeout: int
    active: bool
    most_connections: int | None
    most_per_minute: int | None
    most_per_day: int | None
    limits: str
    health: str
    health_reason: str | None
    health_since: datetime | None
    paused_until: datetime | None


@dataclass(frozen=True, slots=True)
class PartnerView:
    """The partner's InvoiCy Mail; ``companies_on`` counts the companies that have it on.

    ``why_not`` says that the relay cannot be used now and that e-mails wait for it. ``version``
    is of all this together: relay and switch.
    """

    name: str
    relay: RelayView | None
    auto_invoicy_mail: bool
    companies_on: int
    why_not: str | None
    version: int

    @property
    def why_waits(self) -> str | None:
        """``why_not``, where that makes any company's e-mails wait, or those of new ones."""
        return self.why_not if self.companies_on or self.auto_invoicy_mail else None


def view(session: Session, actor: Actor) -> PartnerView:
    """The partner's InvoiCy Mail as it is; for partner users (R53)."""
    access.partner_only(actor)
    return _view(session, session.get_one(Partner, actor.partner_id))


def set_relay(
    session: Session, actor: Actor, changes: Mapping[str, Any], *, version: int | None = None
) -> PartnerView:
    """Register the partner's relay, or change the named fields of :class:`RelayDraft` (R14).

    New connection values start with a clean slate, so that what waits leaves at once. Raises
    ``InvalidFields`` by the names of :data:`NAMES`, and ``Conflict`` when ``version`` is not the
    present one.
    """
    partner = _locked(session, actor, version)
    row = ways_out.relay_of(session, partner.id)
    if row is not None:
        session.refresh(row, with_for_update=True)
    before = _public(row)
    clean = check(session, actor, changed(draft_of(row), changes), row)
    if row is None:
        row = EmailServer(partner_id=partner.id, kind=Kind.RELAY, created_by_id=actor.user_id)
        session.add(row)
    fill(row, columns(clean, Function.SEND) | {"sender_name": partner.name})
    after = _public(row)
    if clean.password is not None:
        after |= {"relay_password": "***"}
    if after == before:
        return _view(session, partner)
    session.flush()
    if clean.password is not None:
        secret.put(session, PLACE, row.id, "password", clean.password)
        row.password_version = (row.password_version or 0) + 1
    elif not clean.authenticate:
        secret.drop(session, PLACE, row.id)
    if clean.password is not None or any(before.get(n) != after[n] for n in _CONNECTION):
        clean_slate(row)
    row.version = (row.version or 0) + 1
    _changed(session, actor, partner, before, after)
    return _view(session, partner)


def clear_relay(session: Session, actor: Actor, *, version: int | None = None) -> PartnerView:
    """Remove the relay and its password.

    Raises :class:`Refused` while a company sends by it or new ones are to, and :class:`NotFound`
    when there is none.
    """
    partner = _locked(session, actor, version)
    row = ways_out.relay_of(session, partner.id)
    if row is None:
        raise NotFound(_("O parceiro não tem relay configurado"), field="relay_host")
    on = _companies_on(session, partner.id)
    if on:
        raise Refused(
            ngettext(
                "Há {n} empresa com o InvoiCy Mail ativo: desative-o nela antes",
                "Há {n} empresas com o InvoiCy Mail ativo: desative-o nelas antes",
                on,
            ).format(n=on)
        )
    if partner.auto_invoicy_mail:
        raise Refused(
            _("O InvoiCy Mail está automático para empresas novas: desative isso antes"),
            field="auto_invoicy_mail",
        )
    before = _public(row)
    secret.drop(session, PLACE, row.id)
    session.delete(row)
    _changed(session, actor, partner, before, {})
    return _view(session, partner)


def set_auto(
    session: Session, actor: Actor, on: bool, *, version: int | None = None
) -> PartnerView:
    """Whether companies added from now on have InvoiCy Mail on (R14)."""
    partner = _locked(session, actor, version)
    before = {"auto_invoicy_mail": partner.auto_invoicy_mail}
    if partner.auto_invoicy_mail is not on:
        partner.auto_invoicy_mail = on
        _changed(session, actor, partner, before, {"auto_invoicy_mail": on})
    return _view(session, partner)


def save(
    session: Session,
    actor: Actor,
    relay: Mapping[str, Any],
    auto: bool | None = None,
    *,
    version: int | None = None,
) -> PartnerView:
    """:func:`set_relay` with what ``relay`` names, and :func:`set_auto`, all or nothing."""
    access.partner_only(actor)
    if relay:
        set_relay(session, actor, relay, version=version)
        version = None
    return view(session, actor) if auto is None else set_auto(session, actor, auto, version=version)


def _locked(session: Session, actor: Actor, version: int | None) -> Partner:
    access.partner_only(actor)
    partner = session.get_one(
        Partner, actor.partner_id, with_for_update=True, populate_existing=True
    )
    versions.check(session, "partner", partner.id, partner.version, version)
    return partner


def _changed(
    session: Session,
    actor: Actor,
    partner: Partner,
    before: dict[str, Any],
    after: dict[str, Any],
) -> None:
    partner.version += 1
    audit.record(
        session,
        actor,
        "edit",
        "partner",
        partner.id,
        before=before or None,
        after=after or None,
    )
    session.flush()


def _public(row: EmailServer | None) -> dict[str, Any]:
    """The relay's values for the audit, under the names that people know them by."""
    if row is None:
        return {}
    draft = draft_of(row)
    return {
        NAMES.get(name, name if name in limits.NAMES else f"relay_{name}"): getattr(draft, name)
        for name in RelayDraft.__dataclass_fields__
        if name != "password"
    }


def _companies_on(session: Session, partner_id: int) -> int:
    return (
        session.scalar(
            select(func.count()).where(
                Company.partner_id == partner_id, Company.invoicy_mail.is_(True)
            )
        )
        or 0
    )


def _view(session: Session, partner: Partner) -> PartnerView:
    row = ways_out.relay_of(session, partner.id)
    shown = None
    if row is not None:
        shown = RelayView(
            id=row.id,
            host=row.smtp_host or "",
            port=row.smtp_port or 0,
            security=row.smtp_security or "",
            username=row.username,
            email=row.email,
            authenticate=row.authenticate,
            verify_certificate=row.verify_certificate,
            timeout=row.timeout,
            active=row.active,
            **{name: getattr(row, name) for name in limits.NAMES},
            limits=limits.words(limits.limits_of(row)),
            health=row.health,
            health_reason=direction.shown(row.health_reason),
            health_since=row.health_since,
            paused_until=row.paused_until,
        )
    return PartnerView(
        partner.name,
        shown,
        partner.auto_invoicy_mail,
        _companies_on(session, partner.id),
        _why_not(row),
        partner.version,
    )


def _why_not(row: EmailServer | None) -> str | None:
    if row is None:
        return _(
            "O relay não está configurado: os e-mails das empresas com InvoiCy Mail esperam na fila"
        )
    if not row.active:
        return _(
            "O relay está desativado: os e-mails das empresas com InvoiCy Mail esperam na fila"
        )
    if row.health == Health.DOWN:
        return _(
            "O relay recusou o acesso várias vezes: os e-mails das empresas com InvoiCy Mail "
            "esperam na fila até que os dados sejam corrigidos ou um teste passe"
        )
    return None
