"""What a user may be: the values of one, checked all at once."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from services.errors import Conflict, Invalid
from services.fiscal import cnpj as cnpjs
from services.folding import fold
from services.language import LANGUAGES, _
from services.registry import access, search
from services.registry.access import Actor
from services.registry.fields import Form
from services.store.models import Company, Role, User
from services.wire.addresses import valid_address

# Local names, numbers for accounts without one, and those of a directory (``name@domain``,
# ``DOMAIN\\name``).
_ACCOUNT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@+\\-]*\$?")


@dataclass(frozen=True, slots=True)
class UserDraft:
    """What is filled in for a user; ``companies`` are CNPJs, for company users only.

    ``os_account`` is the operating system's account that is this person (R54); ``language`` what
    the program speaks to them, None for that of the session.
    """

    nickname: str
    name: str
    email: str | None
    role: str
    companies: tuple[str, ...] = ()
    os_account: str | None = None
    active: bool = True
    language: str | None = None


def check(
    session: Session,
    actor: Actor,
    draft: UserDraft,
    own: User | None = None,
    *,
    may_have_none: bool = False,
) -> tuple[UserDraft, Sequence[Company]]:
    """The draft in canonical form, and its companies; ``own`` is the row that is changed.

    ``may_have_none``: a company user whose last company was removed can still be changed.
    Raises ``InvalidFields`` with all that is wrong; :class:`Conflict` for a nickname or account
    that another has. The caller holds the partner, so that no other change comes between.
    """
    form = Form()
    nickname = check_nickname(form, _("Apelido"), draft.nickname)
    name = form.text("name", _("Nome"), draft.name, 200)
    email = None
    if draft.email:
        email = form.checked("email", _("E-mail"), draft.email, valid_address)
    role = form.one_of("role", _("Papel"), draft.role, tuple(Role))
    account = None
    if draft.os_account:
        account = form.checked("os_account", _("Conta do sistema"), draft.os_account, _account)
    form.flag("active", _("Ativo"), draft.active)
    if draft.language is not None:
        form.one_of("language", _("Idioma"), draft.language, LANGUAGES)
    companies = _companies(session, actor, form, draft)
    if draft.role == Role.COMPANY and not draft.companies and not may_have_none:
        form.refuse("companies", _("{label}: informe ao menos uma").format(label=_("Empresas")))
    form.done()
    other = access.user_named(session, nickname)
    if other is not None and other is not own:
        raise Conflict(
            _("Apelido: {nickname} já é de outro usuário").format(nickname=other.nickname),
            field="nickname",
        )
    holder = account and session.scalar(select(User).where(User.os_account == account))
    if holder and holder is not own:
        raise Conflict(
            _("Conta do sistema: {account} já é do usuário {nickname}").format(
                account=account, nickname=holder.nickname
            ),
            field="os_account",
        )
    clean = replace(
        draft,
        nickname=nickname,
        name=name,
        email=email,
        role=role,
        companies=tuple(sorted(company.cnpj for company in companies)),
        os_account=account,
    )
    return clean, companies


def check_nickname(form: Form, label: str, value: str | None) -> str:
    """A nickname that can be read: invisible characters alone are none."""
    nickname = form.text("nickname", label, value, 60)
    if nickname and not fold(nickname).strip():
        form.refuse("nickname", _("{label}: preenchimento obrigatório").format(label=label))
    return nickname


def fill(row: User, clean: UserDraft) -> None:
    """The columns of ``row``, and the keys that it is found by."""
    row.nickname = clean.nickname
    row.name = clean.name
    row.email = clean.email
    row.role = clean.role
    row.os_account = clean.os_account
    row.active = clean.active
    row.language = clean.language
    row.nickname_key = search.key(clean.nickname, most=120)
    row.search_key = search.key(clean.nickname, clean.name, clean.email, clean.os_account, most=700)


def _account(typed: str) -> str:
    if len(typed) > 64 or not _ACCOUNT.fullmatch(typed):
        raise Invalid(
            _("{account} não é nome de conta do sistema operacional").format(account=typed[:80])
        )
    return typed


def _companies(session: Session, actor: Actor, form: Form, draft: UserDraft) -> Sequence[Company]:
    label = _("Empresas")
    if draft.role != Role.COMPANY:
        if draft.companies:
            form.refuse(
                "companies", _("{label}: usuários do parceiro veem todas").format(label=label)
            )
        return ()
    numbers = {
        number
        for typed in draft.companies
        if (number := form.checked("companies", label, typed, cnpjs.parse)) is not None
    }
    wanted = sorted(numbers)
    found: list[Company] = []
    for start in range(0, len(wanted), 1_000):
        found += session.scalars(
            select(Company)
            .where(
                Company.partner_id == actor.partner_id,
                Company.cnpj.in_(wanted[start : start + 1_000]),
            )
            .with_for_update(read=True, key_share=True)
        )
    missing = numbers - {company.cnpj for company in found}
    if missing:
        form.refuse(
            "companies",
            _("{label}: {cnpj} não está cadastrada").format(
                label=label, cnpj=cnpjs.masked(min(missing))
            ),
        )
    return found
