"""*Vincular Empresas*: which companies use an e-mail server (R20), or an address is told of (R25)."""

from __future__ import annotations

from collections.abc import Sequence

from screens.bulk import Left
from screens.desk import Desk
from screens.dialogs.choose_company import CompanySource
from screens.dialogs.many_choice import Apply, ChoiceWords, Current, ManyChoice
from screens.widgets.choice_list import Show
from screens.widgets.columns import Column
from screens.widgets.numbers import grouped
from services.fiscal.cnpj import masked
from services.language import _, ngettext
from services.notifications import subscriptions
from services.notifications.addresses import AddressView
from services.registry import links
from services.registry.server_views import ServerView


def link_companies(desk: Desk, view: ServerView) -> ManyChoice:
    """The dialog that links companies to the server ``view`` and unlinks them."""

    async def current() -> frozenset[int]:
        return await desk.ask(links.linked, view.id)

    async def apply(add: Sequence[int], drop: Sequence[int]) -> Sequence[Left]:
        if drop:
            await desk.do(links.unlink, view.id, drop)
        refused = (await desk.do(links.link, view.id, add)).refused if add else ()
        return [Left(_company(r.nickname, r.cnpj, r.company_id), r.why) for r in refused]

    return _dialog(desk, view.email, current, apply)


def link_to_address(desk: Desk, view: AddressView) -> ManyChoice:
    """The dialog that links companies to an address for notifications and unlinks them."""

    async def current() -> frozenset[int]:
        return await desk.ask(subscriptions.linked, view.id)

    async def apply(add: Sequence[int], drop: Sequence[int]) -> Sequence[Left]:
        if drop:
            await desk.do(subscriptions.unlink, view.id, drop)
        if add:
            await desk.do(subscriptions.link, view.id, add)
        return ()

    return _dialog(desk, view.email, current, apply)


def _dialog(desk: Desk, email: str, current: Current, apply: Apply) -> ManyChoice:
    return ManyChoice(
        ChoiceWords(
            title=_("Vincular Empresas · {email}").format(email=email),
            filter=_("apelido, CNPJ ou razão social"),
            empty=_("Nenhuma empresa cadastrada."),
            work=_("Vincular Empresas"),
            counts=_counts,
            show={
                Show.CHOSEN: _("só vinculadas"),
                Show.OTHERS: _("só não vinculadas"),
                Show.CHANGED: _("só o que muda"),
            },
        ),
        CompanySource(desk),
        (
            Column("nickname", _("Apelido"), 22, sortable=True),
            Column("cnpj", "CNPJ", 18, sortable=True),
            Column("legal_name", _("Razão social"), 20, wide=True, sortable=True),
        ),
        current,
        apply,
    )


def _company(nickname: str, cnpj: str, company_id: int) -> str:
    return f"{nickname} {masked(cnpj)}" if cnpj else _("Empresa {id}").format(id=company_id)


def _counts(chosen: int, added: int, dropped: int) -> str:
    """ "312 vinculadas · 45 a vincular · 3 a desvincular"."""
    linked = ngettext("{n} vinculada", "{n} vinculadas", chosen).format(n=grouped(chosen))
    words = [linked if chosen else _("nenhuma vinculada")]
    if added:
        words.append(_("{n} a vincular").format(n=grouped(added)))
    if dropped:
        words.append(_("{n} a desvincular").format(n=grouped(dropped)))
    return " · ".join(words)
