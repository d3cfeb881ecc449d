"""What forms ask and show of a Microsoft account, which has no password here (R44)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from screens.widgets.fields import FieldSpec, Value
from services.errors import Invalid
from services.language import _
from services.registry import microsoft
from services.registry.mailboxes import MailboxView
from services.registry.microsoft import PERSONAL, WORK, Link
from services.registry.server_views import ServerView
from services.store.models import Mechanism
from services.wire.addresses import valid_address

_TENANT = "tenant"
_NONE_OF_ITS_OWN = ("username", "password", "authenticate")


def of_account(
    specs: Sequence[FieldSpec],
    values: Mapping[str, Value],
    view: MailboxView | ServerView | None,
) -> tuple[list[FieldSpec], dict[str, Value]]:
    """The same fields and values; who signed in stands where user and password would."""
    if view is None or not has_account(view):
        return list(specs), dict(values)
    shown = {name: value for name, value in values.items() if name not in _NONE_OF_ITS_OWN}
    shown["account"] = _words(view)
    made: list[FieldSpec] = []
    for spec in specs:
        if spec.name == "username":
            made.append(FieldSpec("account", _("Conta Microsoft"), kind="readonly"))
        elif spec.name not in _NONE_OF_ITS_OWN:
            made.append(spec)
    return made, shown


def identity_fields() -> list[FieldSpec]:
    """Who signs in, and through which kind of account."""
    return [
        FieldSpec(
            "account",
            _("Conta"),
            kind="choice",
            choices=(
                (PERSONAL, _("pessoal")),
                (WORK, _("trabalho ou escola")),
                (_TENANT, _("uma organização")),
            ),
            help=_(
                "Pessoal: outlook.com, hotmail, live. Trabalho ou escola: Microsoft 365, também "
                "com domínio próprio. Uma organização: só a que você informar. O tipo vem do "
                "endereço até que você o mude."
            ),
        ),
        FieldSpec(
            "tenant",
            _("Organização"),
            required=True,
            placeholder="empresa.com.br",
            help=_("O domínio ou a identificação (ID do diretório) da organização na Microsoft."),
            visible_when=lambda values: values["account"] == _TENANT,
        ),
        FieldSpec(
            "delegate",
            _("Conta que entra"),
            validate=valid_address,
            placeholder=_("só para caixa compartilhada"),
            help=_(
                "Vazio: a própria caixa entra. Uma caixa compartilhada não tem senha e não entra "
                "sozinha: informe a conta da pessoa que tem acesso a ela (Enviar como, para "
                "envio; Acesso total, para leitura)."
            ),
        ),
    ]


def account_of_values(values: Mapping[str, Value]) -> str:
    """The account as services have it: "personal", "work", or the organization that was typed."""
    return str((values["tenant"] if values["account"] == _TENANT else values["account"]) or "")


def identity_values(link: Link) -> dict[str, Value]:
    """What :func:`identity_fields` ask, as it is for ``link``."""
    account = microsoft.account_of_tenant(link.tenant)
    known = account in (PERSONAL, WORK)
    return {
        "account": account if known else _TENANT,
        "tenant": "" if known else account,
        "delegate": "" if link.signs_in.casefold() == link.email.casefold() else link.signs_in,
    }


def own_error(error: Invalid, values: Mapping[str, Value]) -> Invalid:
    """``error`` at the field that asks for it here: an organization has one of its own."""
    if error.field == "account" and values["account"] == _TENANT:
        return Invalid(error.message, field="tenant")
    return error


def has_account(view: MailboxView | ServerView | None) -> bool:
    """Does it sign in at Microsoft, with no password of its own?"""
    return view is not None and view.mechanism == Mechanism.XOAUTH2


def completed(values: Mapping[str, Any], view: MailboxView | ServerView | None) -> dict[str, Any]:
    """The form's values with those that it did not ask for, as they are saved."""
    if "account" not in values or view is None:
        return dict(values)
    told = {name: value for name, value in values.items() if name != "account"}
    return {
        **told,
        "username": view.username,
        "password": None,
        "authenticate": view.authenticate,
    }


def _words(view: MailboxView | ServerView) -> str:
    tenant = microsoft.account_of_tenant(view.tenant or "")
    kind = {PERSONAL: _("pessoal"), WORK: _("trabalho")}.get(tenant, tenant)
    return f"{view.account or view.username} · {kind}"
