"""Mailboxes that sign in at Microsoft: their form, their rows, their identity (R4, R44, R49)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.errors import Invalid, InvalidFields, Refused
from services.language import _
from services.registry import (
    access,
    audit,
    microsoft_places,
    occupied,
    origins,
    prefilling,
    rotation,
    server_form,
    ways,
)
from services.registry.access import Actor
from services.registry.fields import Form
from services.registry.protocols import ENDPOINT, PROTOCOL, functions_of
from services.registry.server_form import KINDS, ServerClean, ServerDraft
from services.registry.server_rows import PLACE, clean_slate, fill, forget_password
from services.store.models import Company, EmailServer, Function, Mailbox, Mechanism
from services.wire.addresses import valid_address
from services.wire.presets import preset_for

PERSONAL = "personal"
WORK = "work"
CONSUMERS = "consumers"
ORGANIZATIONS = "organizations"
_TENANTS = {PERSONAL: CONSUMERS, WORK: ORGANIZATIONS}
# A directory by its id or by one of its domains.
_TENANT = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9.-]{0,62}[A-Za-z0-9])?")


@dataclass(frozen=True, slots=True)
class MicrosoftDraft:
    """What a person fills in to link a Microsoft account (R44); None means "as usual".

    ``kind`` is "send", "read" or "both". ``account`` is "personal", "work" or a directory (id or
    domain); empty: by the address. ``delegate`` is who signs in where the mailbox is a shared one.
    """

    kind: str
    email: str
    account: str = ""
    delegate: str = ""
    nickname: str = ""
    sender_name: str = ""
    smtp_host: str | None = None
    smtp_port: int | None = None
    smtp_security: str | None = None
    pop_host: str | None = None
    pop_port: int | None = None
    pop_security: str | None = None
    delete_after: str = "import"


@dataclass(frozen=True, slots=True)
class Link:
    """A link that may be made: what the sign-in asks for, and who has to sign in.

    ``account_id`` is who signed in before; another identity is refused (R44). ``server_id`` is
    None for a mailbox that is not registered yet.
    """

    email: str
    tenant: str
    functions: tuple[Function, ...]
    signs_in: str
    account_id: str | None = None
    server_id: int | None = None


@dataclass(frozen=True, slots=True)
class Identity:
    """Who signed in, as Microsoft names them, and its ids of the account."""

    name: str
    account_id: str


def account_of(email: str) -> str:
    """The kind of account that an address most likely has: "personal" at Microsoft's own domains."""
    preset = preset_for(email)
    return PERSONAL if preset is not None and preset.key == "outlook" else WORK


def account_of_tenant(tenant: str) -> str:
    """What a person calls the kind of account behind ``tenant``."""
    return {theirs: ours for ours, theirs in _TENANTS.items()}.get(tenant, tenant)


def prefill(session: Session, actor: Actor, kind: str, email: str) -> dict[str, Any]:
    """Where the mailbox of that address is at Microsoft, by the names of :class:`MicrosoftDraft` (R18)."""
    return {
        f"{PROTOCOL[function]}_{name}": value
        for function in functions_of(kind)
        for name, value in microsoft_places.known(session, actor, function, email).items()
        if name in ENDPOINT
    }


def plan(session: Session, actor: Actor, company_id: int | None, draft: MicrosoftDraft) -> Link:
    """The link that ``draft`` would make, of a company or, with None, of the partner alone.

    Refuses, before anybody signs in, all that :func:`add` would refuse (R2, R3, R7, R11).
    """
    company = _company(session, actor, company_id, draft)
    clean, link = _checked(session, actor, draft, company)
    if company_id is not None:
        _free(session, company_id, clean)
    return link


def add(
    session: Session, actor: Actor, company_id: int | None, draft: MicrosoftDraft, who: Identity
) -> EmailServer:
    """Register the mailbox of whoever signed in, linked to the company if there is one (R4, R10).

    Raises :class:`InvalidFields`, :class:`Refused` for another person or where it is not open,
    :class:`NotAllowed` without permission, :class:`Conflict` when the company has the address.
    """
    company = _company(session, actor, company_id, draft)
    clean, link = _checked(session, actor, draft, company)
    refuse_another(link, who)
    if company is not None:
        session.refresh(company, with_for_update=True)
        _free(session, company.id, clean)
    server = EmailServer(partner_id=actor.partner_id, created_by_id=actor.user_id)
    fill(server, server_form.columns(clean))
    _signed_in(server, link, who)
    session.add(server)
    session.flush()
    functions = functions_of(clean.kind) if company is not None else ()
    for function in functions:
        assert company is not None
        last = session.scalar(
            select(func.max(Mailbox.position)).where(
                Mailbox.company_id == company.id, Mailbox.function == function
            )
        )
        position = 0 if last is None else last + 1
        session.add(Mailbox(server=server, company=company, function=function, position=position))
    session.flush()
    audit.record(
        session,
        actor,
        "add",
        PLACE,
        server.id,
        company_id=company_id,
        after={**server_form.columns(clean), **_public(server), "sign_in": "***"},
    )
    session.flush()
    return server


def plan_again(
    session: Session,
    actor: Actor,
    server_id: int,
    *,
    account: str = "",
    delegate: str = "",
    email: str | None = None,
) -> Link:
    """The sign-in that keeps a registered mailbox alive, or makes it one of Microsoft's (R49).

    ``email`` is what the caller believes its address to be. Where an account is linked already,
    it has to be the same again unless ``account`` or ``delegate`` says otherwise.
    """
    server = _changeable(session, actor, server_id, hold=False)
    return _again(server, account, delegate, email)


def sign_in_again(session: Session, actor: Actor, link: Link, who: Identity) -> EmailServer:
    """Put a new sign-in in the place of the old one, or of the password; links stay (R49).

    One that had a password goes to Microsoft's hosts, unless a partner user's mailbox signs in at
    its own. A mailbox that was inactivated stays so until a test passes.
    """
    assert link.server_id is not None
    server = _changeable(session, actor, link.server_id, hold=True)
    if server.email != link.email:
        raise Refused(
            _("O endereço da caixa mudou enquanto você entrava: nada foi salvo, repita"),
            field="email",
        )
    refuse_another(link, who)
    before = _public(server)
    if server.mechanism != Mechanism.XOAUTH2:
        microsoft_places.move_home(session, server)
    forget_password(session, server)
    _signed_in(server, link, who)
    server.password_version += 1
    if server.inactive_code is None:
        clean_slate(server)
    server.version += 1
    audit.record(
        session, actor, "relink", PLACE, server.id,
        company_id=_only_company(session, actor, server.id),
        before=before, after={**_public(server), "sign_in": "***"},
    )  # fmt: skip
    session.flush()
    return server


def refuse_another(link: Link, who: Identity) -> None:
    """Refuse whoever signed in when it is not who had to (R44)."""
    if link.account_id is not None:
        if link.account_id != who.account_id:
            raise Refused(
                _(
                    "Quem entrou foi {name}, que não é a conta vinculada a esta caixa: nada foi "
                    "salvo. Entre com {expected}"
                ).format(name=who.name, expected=link.signs_in),
                field="email",
            )
        return
    if who.name.casefold() != link.signs_in.casefold():
        raise Refused(
            _(
                "Quem entrou foi {name}, e a caixa é {expected}: nada foi salvo. Entre com "
                "{expected} ou, se é uma caixa compartilhada, informe {name} como a conta que entra"
            ).format(name=who.name, expected=link.signs_in),
            field="email",
        )


def tenant_of(form: Form, account: str, email: str) -> str:
    """The tenant to sign in through: never "common", whose personal tokens do not last."""
    word = form.text("account", _("Conta"), account, 64, required=False) or account_of(email)
    if word in _TENANTS:
        return _TENANTS[word]
    if word.lower() == "common" or _TENANT.fullmatch(word) is None:
        form.refuse(
            "account",
            _("Conta: use personal, work ou o domínio ou a identificação da organização"),
        )
    return word


def _checked(
    session: Session, actor: Actor, draft: MicrosoftDraft, company: Company | None
) -> tuple[ServerClean, Link]:
    form = Form()
    email = form.checked("email", _("E-mail"), draft.email, valid_address) or ""
    form.one_of("kind", _("Tipo"), draft.kind, KINDS)
    tenant = tenant_of(form, draft.account, email)
    delegate = _delegate(form, draft.delegate, email)
    usual = actor.partner_name if company is None else company.sender_name or company.legal_name
    places: dict[str, Any] = {}
    for function in functions_of(draft.kind):
        places |= _place(session, actor, function, draft, email)
    whole = ServerDraft(
        kind=draft.kind,
        nickname=draft.nickname or email[:60],
        sender_name=draft.sender_name or usual,
        email=draft.email,
        partner_key="",
        username=delegate or email,
        delete_after=draft.delete_after,
        **places,
    )
    errors: list[Invalid] = []
    for check in (form.done, lambda: server_form.check(whole, None, password_kept=True)):
        try:
            check()
        except InvalidFields as e:
            errors += [each for each in e.errors if each.field not in {x.field for x in errors}]
    if errors:
        raise InvalidFields(errors)
    clean = server_form.check(whole, None, password_kept=True)
    microsoft_places.refuse_foreign(session, actor, server_form.columns(clean))
    return clean, Link(clean.email, tenant, functions_of(clean.kind), delegate or clean.email)


def _place(
    session: Session, actor: Actor, function: Function, draft: MicrosoftDraft, email: str
) -> dict[str, Any]:
    """Where Microsoft's servers are, unless the person or an earlier mailbox says otherwise (R18)."""
    protocol = PROTOCOL[function]
    typed = {name: getattr(draft, f"{protocol}_{name}") for name in ENDPOINT}
    known = microsoft_places.known(session, actor, function, email)
    decided = prefilling.decided(function, typed, known)
    found = dict(zip((f"{protocol}_{name}" for name in ENDPOINT), decided, strict=True))
    shared = ("verify_certificate", "timeout")
    return found | {name: known[name] for name in shared if name in known}


def _delegate(form: Form, typed: str, email: str) -> str:
    if not typed.strip():
        return ""
    found = form.checked("delegate", _("Conta que entra"), typed, valid_address) or ""
    return "" if found.casefold() == email.casefold() else found


def _company(
    session: Session, actor: Actor, company_id: int | None, draft: MicrosoftDraft
) -> Company | None:
    if company_id is None:
        access.partner_only(actor)
        ways.microsoft_is_open(session)
        return None
    company = access.company(session, actor, company_id)
    for function in functions_of(draft.kind) or (Function.SEND,):
        ways.check(session, actor, company, ways.MICROSOFT, function)
    return company


def _free(session: Session, company_id: int, clean: ServerClean) -> None:
    """One account may serve both functions here, by one link of both; not beside another (R7)."""
    used = occupied.by_others(session, clean.email, None, Mailbox.company_id == company_id)
    told = occupied.refusal(clean.email, functions_of(clean.kind), used.get(company_id, set()))
    if told is not None:
        raise told


def _again(server: EmailServer, account: str, delegate: str, email: str | None) -> Link:
    form = Form()
    if email is not None and email.strip().casefold() != server.email.casefold():
        form.refuse(
            "email",
            _("E-mail: o deste cadastro é {email}; altere-o antes, ou cadastre outro").format(
                email=server.email
            ),
        )
    linked = server.mechanism == Mechanism.XOAUTH2
    if account or not (linked and server.tenant):
        tenant = tenant_of(form, account, server.email)
    else:
        tenant = server.tenant
    found = _delegate(form, delegate, server.email)
    form.done()
    link = Link(
        server.email,
        tenant,
        functions_of(server.kind),
        found or server.email,
        server_id=server.id,
    )
    if linked and not account and not delegate:
        return replace(link, signs_in=server.account or server.email, account_id=server.account_id)
    return link


def _signed_in(server: EmailServer, link: Link, who: Identity) -> None:
    shared = who.name.casefold() != link.email.casefold() and link.signs_in != link.email
    server.mechanism = Mechanism.XOAUTH2
    server.authenticate = True
    server.tenant = link.tenant
    server.account = who.name
    server.account_id = who.account_id
    server.username = who.name if shared else link.email
    # A shared mailbox is read under its own name and sends under the delegate's.
    server.pop_username = link.email if shared else None


def _changeable(session: Session, actor: Actor, server_id: int, *, hold: bool) -> EmailServer:
    (server,) = rotation.changeable(session, actor, [server_id], hold=hold)
    origins.refuse_password(actor, server, ())
    ways.microsoft_is_open(session)
    return server


def _only_company(session: Session, actor: Actor, server_id: int) -> int | None:
    return rotation.trail_of(session, actor, [server_id]).get(server_id)


def _public(server: EmailServer) -> dict[str, Any]:
    names = ("mechanism", "account", "tenant", "smtp_host", "pop_host")
    return {name: getattr(server, name) for name in names}
