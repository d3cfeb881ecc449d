"""Empresas: the companies that the partner administers, one by one or many at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

from textual.screen import Screen

from screens.background import run_newest
from screens.browse import RecordsScreen
from screens.bulk import Left, Outcome
from screens.commands import Command
from screens.desk import Desk
from screens.dialogs.company_form import CompanyForm
from screens.dialogs.confirm import Confirm
from screens.dialogs.many_companies import ManyCompanies, switch_words
from screens.dialogs.progress import run_in_chunks
from screens.importing import CHUNK, import_companies
from screens.widgets.asking import Source
from screens.widgets.columns import Cell, Column
from screens.widgets.foreign import notify_safe
from screens.widgets.numbers import grouped
from screens.widgets.status import Tone
from services import clock
from services.fiscal.cnpj import masked
from services.language import _, later, ngettext
from services.registry import bulk, companies, company_export, relay
from services.registry.companies import CompanyView
from services.store import exchange

_FILTERS: tuple[Mapping[str, bool], ...] = (
    {},
    {"document_import": True},
    {"document_import": False},
    {"invoicy_mail": True},
    {"invoicy_mail": False},
)


class CompanySource:
    """The partner's companies; ``only`` narrows them to those with or without an extension."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.only: Mapping[str, bool] = {}

    async def ids(self, filter: str, sort: str | None, descending: bool) -> Sequence[int]:  # noqa: A002
        return await self._desk.ask(
            companies.ids, filter=filter, sort=sort, descending=descending, **self.only
        )

    async def rows(self, ids: Sequence[int]) -> Mapping[int, Sequence[Cell]]:
        return {i: _cells(v) for i, v in (await self._desk.ask(companies.rows, ids)).items()}


def _cells(view: CompanyView) -> Sequence[Cell]:
    return (
        view.nickname,
        masked(view.cnpj),
        view.legal_name,
        _switch(view.document_import),
        _switch(view.invoicy_mail),
        _switch(view.may_register),
        masked(view.headquarters) if view.headquarters else _("matriz"),
        view.notification_email or (_("nenhum"), Tone.MUTED),
    )


def _switch(on: bool) -> Cell:
    return (f"● {_('sim')}", Tone.GOOD) if on else (f"○ {_('não')}", Tone.MUTED)


class CompaniesScreen(RecordsScreen[CompanyView]):
    """Enter edits; Space marks for what is done to many."""

    key = "companies"
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command("companies.new", "n", later("Nova"), "new", order=1),
        Command(
            "companies.many",
            "m",
            later("Em lote"),
            "many",
            later("Liga ou desliga uma extensão nas marcadas ou em todas as listadas"),
            order=3,
        ),
        Command("companies.enter", "v", later("Ver caixas"), "mailboxes", order=4),
        Command("companies.delete", "x", later("Excluir"), "delete", order=5),
        Command("companies.only", "s", later("Extensões"), "only", order=6),
        Command("companies.import", "i", later("Importar CSV"), "import_csv", order=7),
        Command("companies.export", "E", later("Exportar CSV"), "export_csv"),
    )

    def __init__(self, desk: Desk) -> None:
        self._source = CompanySource(desk)
        super().__init__(desk)

    @classmethod
    def title_words(cls) -> str:
        return _("Empresas")

    def help_words(self) -> str:
        return _(
            "As empresas emissoras do parceiro. Uma filial aponta para a matriz, da mesma raiz de "
            "CNPJ. As extensões decidem o que cada uma tem: Importação de Documentos, as caixas de "
            "leitura; InvoiCy Mail, o envio pelo relay do parceiro. Espaço marca várias para "
            "alterar em lote."
        )

    def source(self) -> Source:
        return self._source

    def columns(self) -> Sequence[Column]:
        return (
            Column("nickname", _("Apelido"), 16, sortable=True, wide=True),
            Column("cnpj", "CNPJ", 18, sortable=True),
            Column("legal_name", _("Razão social"), 13, sortable=True, wide=True),
            Column("document_import", _("Import."), 7),
            Column("invoicy_mail", "InvoiCy", 7),
            Column("may_register", _("Cadastra"), 9, min_terminal_width=120),
            Column("headquarters", _("Matriz"), 18, min_terminal_width=140),
            Column("notification_email", _("Notificações"), 20, min_terminal_width=160),
        )

    def empty_words(self) -> str:
        return _(
            "Nenhuma empresa. Tecle n para cadastrar a primeira, ou i para importar uma planilha."
        )

    async def record(self, record_id: int) -> CompanyView | None:
        return (await self.desk.ask(companies.rows, [record_id])).get(record_id)

    def form(self, record: CompanyView | None) -> Screen[Any]:
        return CompanyForm(self.desk, record)

    def action_mailboxes(self) -> None:
        """The mailboxes of the company under the cursor."""
        self.attempt(self._enter)

    async def _enter(self) -> None:
        view = await self.chosen()
        if view is not None:
            self.desk.company = view
            await self.app.run_action("go('mailboxes')")

    def action_delete(self) -> None:
        """Remove the company under the cursor, after a question."""
        run_newest(self, "delete", self._delete)

    async def _delete(self) -> None:
        view = await self.chosen()
        if view is None or not await self.app.push_screen_wait(
            Confirm(
                _("Excluir a empresa {name}?").format(name=view.nickname),
                f"{masked(view.cnpj)} {view.legal_name}",
                [
                    _("As suas caixas de e-mail são desvinculadas."),
                    _("Os servidores de e-mail que só ela usa são excluídos, com as senhas."),
                ],
                danger=True,
            )
        ):
            return
        self.attempt(
            lambda: self.desk.do(companies.remove, view.id), lambda _done: self._removed(view.id)
        )

    async def _removed(self, company_id: int) -> None:
        if self.desk.company is not None and self.desk.company.id == company_id:
            self.desk.company = None
        await self.refresh_live()

    def action_only(self) -> None:
        """All companies, or only those with or without an extension."""
        self._show(_FILTERS[(_FILTERS.index(self._source.only) + 1) % len(_FILTERS)])

    async def narrow_as(self, before: Self) -> None:
        self._show(before._source.only)

    def _show(self, only: Mapping[str, bool]) -> None:
        self._source.only = only
        self.narrowed(_only_words(self._source.only))
        self.list.refresh_ids()

    def action_many(self) -> None:
        """Switch an extension on or off for the marked, or for all that are listed."""
        run_newest(self, "many", self._many)

    async def _many(self) -> None:
        partner = await self.desk.ask(relay.view)
        chosen = await self.app.push_screen_wait(
            ManyCompanies(
                sorted(self.list.marks),
                self.list.ids,
                filtered=self.list.filter or _only_words(self._source.only),
                no_relay=partner.why_not,
            )
        )
        if chosen is None:
            return

        async def switch(ids: Sequence[int]) -> Sequence[Left]:
            done = await self.desk.do(bulk.switch, ids, {chosen.field: chosen.on})
            return [Left(refused.nickname, refused.why) for refused in done.refused]

        title = _("{name}: ativando") if chosen.on else _("{name}: desativando")
        outcome = await run_in_chunks(
            self.app,
            title.format(name=switch_words(chosen.field)),
            chosen.companies,
            CHUNK,
            switch,
        )
        self._tell(
            outcome, ngettext("{n} empresa alterada", "{n} empresas alteradas", outcome.done)
        )

    def action_import_csv(self) -> None:
        """Companies from a spreadsheet: first what would happen, then doing it."""
        run_newest(self, "import", self._import)

    async def _import(self) -> None:
        outcome = await import_companies(self.app, self.desk)
        if outcome is not None:
            self._tell(
                outcome, ngettext("{n} empresa importada", "{n} empresas importadas", outcome.done)
            )

    def _tell(self, outcome: Outcome, words: str) -> None:
        if outcome.done and not outcome.behind:
            notify_safe(self.app, words.format(n=grouped(outcome.done)))
        self.list.refresh_ids()

    def action_export_csv(self) -> None:
        """Everything that is listed, into a file of the exchange folder."""
        self.attempt(self._export)

    async def _export(self) -> None:
        at = clock.now().astimezone()
        name = _("empresas-{at}.csv").format(at=f"{at:%Y%m%d-%H%M%S}")
        path = exchange.place(self.desk.settings, name)
        count = await self.desk.ask(company_export.save, path, ids=self.list.ids)
        notify_safe(
            self.app,
            ngettext("{n} empresa em {path}", "{n} empresas em {path}", count).format(
                n=grouped(count), path=path
            ),
        )


def _only_words(only: Mapping[str, bool]) -> str:
    names = {"document_import": _("Importação de Documentos"), "invoicy_mail": "InvoiCy Mail"}
    for name, on in only.items():
        return (_("com {name}") if on else _("sem {name}")).format(name=names[name])
    return ""
