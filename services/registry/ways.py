"""The four ways to register a mailbox: which are open here, and whom to ask for the others (R4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from sqlalchemy.orm import Session

from services.errors import CarteiroError, NotAllowed, Refused
from services.language import _
from services.registry import access, candidates, mailboxes, permission
from services.registry.access import Actor
from services.registry.mailbox_views import needs_import
from services.registry.origins import HEADQUARTERS, PARTNER
from services.store.models import Company, Function

if TYPE_CHECKING:
    from services.store.engine import Store

MICROSOFT = "microsoft"
OTHER = "other"
KEYS = (MICROSOFT, OTHER, HEADQUARTERS, PARTNER)


@dataclass(frozen=True, slots=True)
class Way:
    """One of :data:`KEYS`; ``why`` says why it is not ``allowed`` and whom to ask, else it is ""."""

    key: str
    allowed: bool
    why: str


def ways(session: Session, actor: Actor, company_id: int, function: str) -> tuple[Way, ...]:
    """The four ways for one list of a company, none of them left out (R2, R3, R4, R11)."""
    company = access.company(session, actor, company_id)
    return tuple(_way(session, actor, company, key, function) for key in KEYS)


def partner_ways(session: Session, actor: Actor) -> tuple[Way, ...]:
    """The two ways to a server of the partner's own (R4, R17); only for the partner (R53)."""
    access.partner_only(actor)
    try:
        microsoft_is_open(session)
    except Refused as e:
        return Way(MICROSOFT, allowed=False, why=e.message), Way(OTHER, allowed=True, why="")
    return Way(MICROSOFT, allowed=True, why=""), Way(OTHER, allowed=True, why="")


def check(session: Session, actor: Actor, company: Company, key: str, function: str) -> None:
    """Refuse a way that is not open here, saying why and whom to ask.

    Raises :class:`Refused` for what the company's settings forbid, :class:`NotAllowed` for what
    this user may not do (R11).
    """
    if company.invoicy_mail:
        raise Refused(mailboxes.relay_is_on())
    needs_import(company, function)
    if key == PARTNER and not actor.is_partner:
        raise NotAllowed(
            _("Só usuários do parceiro importam caixas dele: peça ao parceiro {partner}").format(
                partner=actor.partner_name
            )
        )
    permission.may_change(actor, company)
    if key == MICROSOFT:
        microsoft_is_open(session)
    if key in (HEADQUARTERS, PARTNER):
        if function == Function.READ:
            raise Refused(_("Só caixas de envio são importadas; para leitura há Outro provedor"))
        _something_to_copy(session, actor, company, key)


def microsoft_is_open(session: Session) -> None:
    """Refuse while this installation has no application registered at Microsoft."""
    settings = cast("Store", session.info["store"]).settings
    if not settings.microsoft_client_id:
        raise Refused(
            _(
                "Esta instalação ainda não tem o registro do aplicativo na Microsoft: quem a "
                "administra o põe em microsoft_client_id, no carteiro.toml (docs/microsoft.md explica)"
            )
        )


def _way(session: Session, actor: Actor, company: Company, key: str, function: str) -> Way:
    try:
        check(session, actor, company, key, function)
    except CarteiroError as e:
        return Way(key, allowed=False, why=e.message)
    return Way(key, allowed=True, why="")


def _something_to_copy(session: Session, actor: Actor, company: Company, key: str) -> None:
    if key == PARTNER:
        if not candidates.ids(session, company, key, limit=1):
            raise Refused(
                _(
                    "O parceiro não tem outra caixa de envio para copiar: cadastre uma em "
                    "Servidores de E-mail"
                )
            )
        return
    above = None
    if company.headquarters_id is not None:
        above = session.get(Company, company.headquarters_id)
    if above is None:
        raise Refused(
            _("Esta empresa não é filial; se é, informe a matriz no cadastro dela, em Empresas")
            if actor.is_partner
            else _(
                "Esta empresa não é filial; se é, peça ao parceiro {partner} que informe a matriz "
                "no cadastro dela"
            ).format(partner=actor.partner_name)
        )
    known = candidates.rows(session, actor, company, candidates.ids(session, company, key))
    if not known:
        raise Refused(
            _(
                "A matriz {name} não tem caixa de envio: cadastre-a antes nas Caixas de E-mail dela"
            ).format(name=above.nickname)
            if actor.is_partner
            else _(
                "A matriz {name} não tem caixa de envio: peça a ela, ou ao parceiro {partner}, "
                "que cadastre uma"
            ).format(name=above.nickname, partner=actor.partner_name)
        )
    if all(each.why_not is not None for each in known.values()):
        first = next(iter(known.values()))
        raise Refused(f"{first.email}: {first.why_not}")
