"""What the form of a mailbox shows of its Microsoft account, where it has no password (R44)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from screens.widgets.fields import FieldSpec, Value
from services.language import _
from services.registry import microsoft
from services.registry.mailboxes import MailboxView
from services.registry.microsoft import PERSONAL, WORK
from services.registry.server_views import ServerView
from services.store.models import Mechanism

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
