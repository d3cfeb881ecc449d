"""What a company may be: its values checked all at once, and the rules of headquarters.

The rules ask for the companies round the one at hand through :class:`Around`, so that a single
form and a file of ten thousand lines obey the same ones.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Protocol

from services.errors import Conflict
from services.fiscal import cnpj as cnpjs
from services.language import _
from services.registry import search
from services.registry.fields import Form
from services.wire.addresses import split_addresses


@dataclass(frozen=True, slots=True)
class CompanyDraft:
    """What a person fills in; ``cnpj`` and ``headquarters`` (a CNPJ) with or without mask.

    ``notification_email`` may name several addresses separated by ``;``. ``invoicy_mail`` None
    means: as the partner decided for new companies (R14). ``silence_notice`` is whether it is told
    of when no documents come (R29).
    """

    cnpj: str
    nickname: str
    legal_name: str
    headquarters: str | None = None
    notification_email: str | None = None
    document_import: bool = False
    invoicy_mail: bool | None = None
    may_register: bool = True
    sender_name: str = ""
    silence_notice: bool = True


@dataclass(frozen=True, slots=True)
class Neighbour:
    """What the rules need to know of another company of the partner."""

    nickname: str
    is_branch: bool


class Around(Protocol):
    """The partner's companies, as the rules ask for them."""

    def neighbour(self, cnpj: str) -> Neighbour | None:
        """The company of that CNPJ."""

    def has_branches(self, cnpj: str) -> bool:
        """Is that company named as headquarters by another?"""


def check(draft: CompanyDraft, around: Around, own: str | None) -> CompanyDraft:
    """The draft in canonical form; ``own`` is the present CNPJ of a company that is changed.

    Raises ``InvalidFields`` with all that is wrong.
    """
    form = Form()
    cnpj = form.checked("cnpj", _("CNPJ"), draft.cnpj, cnpjs.parse) or ""
    nickname = form.text("nickname", _("Apelido"), draft.nickname, 60)
    legal_name = form.text("legal_name", _("Razão social"), draft.legal_name, 200)
    sender_name = form.text(
        "sender_name", _("Nome do remetente"), draft.sender_name, 200, required=False
    )
    addresses = _addresses(form, draft.notification_email)
    headquarters = None
    if draft.headquarters:
        headquarters = form.checked("headquarters", _("Matriz"), draft.headquarters, cnpjs.parse)
    if headquarters and cnpj:
        check_headquarters(form, around, headquarters, cnpj, own)
    for name, label in (
        ("document_import", _("Importação de Documentos")),
        ("invoicy_mail", _("InvoiCy Mail")),
        ("may_register", _("Pode cadastrar caixas")),
        ("silence_notice", _("Aviso de silêncio")),
    ):
        form.flag(name, label, getattr(draft, name))
    form.done()
    return replace(
        draft,
        cnpj=cnpj,
        nickname=nickname,
        legal_name=legal_name,
        headquarters=headquarters,
        notification_email=addresses,
        sender_name=sender_name,
    )


def check_headquarters(
    form: Form, around: Around, headquarters: str, cnpj: str, own: str | None
) -> None:
    """Note in ``form`` why ``headquarters`` cannot be that of ``cnpj``, whose CNPJ is ``own`` now."""
    if headquarters in (cnpj, own):
        form.refuse("headquarters", _("Matriz: uma empresa não é matriz de si mesma"))
    elif cnpjs.root(headquarters) != cnpjs.root(cnpj):
        form.refuse("headquarters", _("Matriz: o CNPJ deve ter a mesma raiz (8 primeiros)"))
    elif own is not None and around.has_branches(own):
        form.refuse("headquarters", _("Matriz: esta empresa tem filiais e não pode ser uma delas"))
    else:
        above = around.neighbour(headquarters)
        if above is None:
            form.refuse(
                "headquarters",
                _("Matriz: a empresa {cnpj} não está cadastrada").format(
                    cnpj=cnpjs.masked(headquarters)
                ),
            )
        elif above.is_branch:
            form.refuse(
                "headquarters",
                _("Matriz: {nickname} é ela mesma uma filial").format(nickname=above.nickname),
            )


def columns(clean: CompanyDraft) -> dict[str, Any]:
    """The columns of a row that come from ``clean`` alone: all but the id of its headquarters."""
    return {
        "cnpj": clean.cnpj,
        "nickname": clean.nickname,
        "legal_name": clean.legal_name,
        "notification_email": clean.notification_email,
        "document_import": clean.document_import,
        "invoicy_mail": clean.invoicy_mail,
        "may_register": clean.may_register,
        "sender_name": clean.sender_name,
        "silence_notice": clean.silence_notice,
        "nickname_key": search.key(clean.nickname, most=120),
        "search_key": search.key(clean.nickname, clean.cnpj, clean.legal_name, most=400),
    }


def taken(cnpj: str, nickname: str) -> Conflict:
    """The refusal of a CNPJ that another company has."""
    return Conflict(
        _("CNPJ {cnpj}: já cadastrado para {nickname}").format(
            cnpj=cnpjs.masked(cnpj), nickname=nickname
        ),
        field="cnpj",
    )


def _addresses(form: Form, value: str | None) -> str | None:
    label = _("E-mail para notificações")
    typed = form.text("notification_email", label, value, 2_000, required=False)
    if not typed or not form.ok("notification_email"):
        return None
    good, bad = split_addresses(typed)
    for _address, why in bad:
        form.refuse("notification_email", _("{label}: {why}").format(label=label, why=why))
    return ";".join(good) or None
