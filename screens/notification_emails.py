"""E-mails para Notificações: who is told of which companies, and of what (R23–R25, R28, R30)."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, ClassVar

from textual.screen import Screen

from screens.background import run_newest
from screens.browse import RecordsScreen
from screens.commands import Command
from screens.desk import Desk
from screens.dialogs.address_form import AddressForm
from screens.dialogs.confirm import Confirm
from screens.dialogs.coverage import Coverage
from screens.dialogs.link_companies import link_to_address
from screens.dialogs.type_matrix import TypeMatrix
from screens.dialogs.who_receives import WhoReceives
from screens.widgets.asking import Source
from screens.widgets.columns import Cell, Column
from screens.widgets.numbers import grouped
from screens.widgets.status import Tone
from services.errors import NotFound
from services.language import _, later, ngettext
from services.notifications import addresses
from services.notifications.addresses import AddressView


class AddressSource:
    """The partner's addresses for notifications."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    async def ids(self, filter: str, sort: str | None, descending: bool) -> Sequence[int]:  # noqa: A002
        return await self._desk.ask(addresses.ids, filter=filter, sort=sort, descending=descending)

    async def rows(self, ids: Sequence[int]) -> Mapping[int, Sequence[Cell]]:
        return {i: _cells(v) for i, v in (await self._desk.ask(addresses.rows, ids)).items()}


def _cells(view: AddressView) -> Sequence[Cell]:
    none: Cell = (_("nenhuma"), Tone.WARN)
    nothing: Cell = (_("nenhum"), Tone.WARN)
    return (
        view.email,
        view.user or "",
        grouped(view.companies_count) if view.companies_count else none,
        grouped(view.types_count) if view.types_count else nothing,
    )


class NotificationEmailsScreen(RecordsScreen[AddressView]):
    """Enter edits; everything else about an address is a key away."""

    key = "notification_emails"
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command(
            "notification_emails.link",
            "v",
            later("Vincular"),
            "link",
            later("Vincular Empresas: de quais este endereço recebe notificações"),
            order=3,
        ),
        Command(
            "notification_emails.types",
            "y",
            later("Tipos"),
            "types",
            later("Que tipos este endereço recebe de cada empresa vinculada"),
            order=4,
        ),
        Command("notification_emails.delete", "x", later("Excluir"), "delete", order=5),
        Command(
            "notification_emails.who",
            "d",
            later("Quem recebe?"),
            "who",
            later("Os destinatários exatos de um tipo de uma empresa, sem enviar nada"),
            order=6,
        ),
        Command(
            "notification_emails.coverage",
            "l",
            later("Cobertura"),
            "coverage",
            later("Que empresas e tipos ninguém recebe, e por que um e-mail não sairia"),
            order=7,
        ),
    )

    @classmethod
    def title_words(cls) -> str:
        return _("E-mails para Notificações")

    def help_words(self) -> str:
        return _(
            "Os endereços que recebem notificações de várias empresas, além do que está nos dados "
            "de cada uma. 'n' cadastra um endereço novo ou o de um usuário, 'v' vincula empresas, "
            "'y' escolhe os tipos que ele recebe de cada uma. 'd' mostra quem receberia um tipo de uma empresa, por qual caixa, sem enviar nada; "
            "'l' mostra o que ninguém recebe. Cada notificação é um só e-mail: quem o recebe vê os "
            "endereços de todos os outros."
        )

    def source(self) -> Source:
        return AddressSource(self.desk)

    def columns(self) -> Sequence[Column]:
        return (
            Column("email", _("E-mail"), 30, sortable=True, wide=True),
            Column("user", _("Usuário"), 14),
            Column("companies", _("Empresas"), 10, "right", sortable=True),
            Column("types", _("Tipos"), 8, "right"),
        )

    def empty_words(self) -> str:
        return _(
            "Nenhum endereço. Tecle n para cadastrar o primeiro; depois vincule empresas (v) e "
            "escolha os tipos que ele recebe de cada uma (y)."
        )

    async def record(self, record_id: int) -> AddressView | None:
        try:
            return await self.desk.ask(addresses.view, record_id)
        except NotFound:
            return None

    def form(self, record: AddressView | None) -> Screen[Any]:
        return AddressForm(self.desk, record)

    async def _filled_in(self, given: AddressView | None, new: bool) -> None:
        """A new address goes on to its companies and types: without any it is told of nothing."""
        await super()._filled_in(given, new)
        if new and given is not None:
            await self.list.go_to(given.id)
            if await self._link(given):
                await self._types(given)

    def _of_chosen(self, work: Callable[[AddressView], Awaitable[object]]) -> None:
        """Read the address under the cursor as it is now, and go on with it."""

        async def run() -> None:
            view = await self.chosen()
            if view is not None:
                await work(view)

        run_newest(self, "form", run)

    def action_link(self) -> None:
        """Vincular Empresas (R25)."""
        self._of_chosen(self._link)

    async def _link(self, view: AddressView) -> frozenset[int] | None:
        linked = await self.app.push_screen_wait(link_to_address(self.desk, view))
        await self.refresh_live()
        return linked

    def action_types(self) -> None:
        """Companies × types (R25)."""
        self._of_chosen(self._types)

    async def _types(self, view: AddressView) -> None:
        await self.app.push_screen_wait(TypeMatrix(self.desk, view))
        await self.refresh_live()

    def action_who(self) -> None:
        """Quem recebe? (R30)."""
        self.app.push_screen(WhoReceives(self.desk, self.desk.company))

    def action_coverage(self) -> None:
        """What nobody receives, and what cannot leave (R28)."""
        self.app.push_screen(Coverage(self.desk))

    def action_delete(self) -> None:
        """Delete the address under the cursor, after a question (R23)."""
        self._of_chosen(self._delete)

    async def _delete(self, view: AddressView) -> None:
        if not await self.app.push_screen_wait(
            Confirm(
                _("Excluir o endereço {email}?").format(email=view.email),
                happens=_happens(view),
                danger=True,
            )
        ):
            return
        self.attempt(
            lambda: self.desk.do(addresses.remove, view.id), lambda _done: self.refresh_live()
        )


def _happens(view: AddressView) -> list[str]:
    """What stops with an address."""
    if not view.types_count and not view.companies_count:
        return [_("Não recebe nada hoje: nenhuma empresa está vinculada.")]
    companies = ngettext("{n} empresa", "{n} empresas", view.companies_count).format(
        n=grouped(view.companies_count)
    )
    happens = [
        ngettext(
            "Deixa de receber {n} tipo de notificação, de {companies}.",
            "Deixa de receber {n} tipos de notificação, de {companies}.",
            view.types_count,
        ).format(n=grouped(view.types_count), companies=companies)
        if view.types_count
        else _("Deixa de estar vinculado a {companies}.").format(companies=companies)
    ]
    happens.append(_("O endereço nos dados de cada empresa continua recebendo."))
    return happens
