"""The form of a user: who they are, what they are, which companies they see (R53, R54)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from textual.widget import Widget

from screens.background import run_newest
from screens.commands import Command
from screens.desk import Desk
from screens.dialogs.choose_company import CompanySource, columns
from screens.dialogs.many_choice import ChoiceWords, ManyChoice
from screens.dialogs.record_form import RecordForm
from screens.widgets.choice_list import Show
from screens.widgets.fields import FieldSpec, Value
from screens.widgets.foreign import Foreign
from screens.widgets.form import Form
from screens.widgets.numbers import grouped
from services.errors import CarteiroError
from services.language import _, later, ngettext
from services.registry import companies, links, people
from services.registry.people import UserDraft, UserView
from services.store.models import Role
from services.wire.addresses import valid_address


def role_words(role: str) -> str:
    """A role as people read it."""
    return {Role.PARTNER: _("parceiro"), Role.COMPANY: _("empresa")}.get(Role(role), role)


def fields() -> list[FieldSpec]:
    """The user's fields."""
    return [
        FieldSpec("nickname", _("Apelido"), required=True),
        FieldSpec("name", _("Nome"), required=True),
        FieldSpec("email", _("E-mail"), validate=valid_address),
        FieldSpec(
            "role",
            _("Papel"),
            kind="choice",
            choices=tuple((role.value, role_words(role)) for role in Role),
            help=_("Parceiro vê tudo; empresa vê só as empresas escolhidas."),
        ),
        FieldSpec(
            "os_account",
            _("Conta do sistema"),
            help=_("A conta do sistema operacional desta pessoa; vazio para quem só usa SSH."),
        ),
        FieldSpec("active", _("Pode entrar"), kind="switch"),
        FieldSpec(
            "language",
            _("Idioma"),
            kind="choice",
            choices=(("", _("o da sessão")), ("pt_BR", "Português"), ("en", "English")),
            help=_("O idioma em que o programa fala com esta pessoa; ela mesma o troca com I."),
        ),
    ]


class UserForm(RecordForm[UserView]):
    """Register or change a user; F8 chooses the companies that a company user sees."""

    DEFAULT_CSS = """
    UserForm #sees { display: none; padding: 1 0 0 2; color: $text-primary; }
    UserForm #sees.-shown { display: block; }
    """
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command(
            "user_form.companies",
            "f8",
            later("Empresas que vê"),
            "companies",
            order=2,
            when=lambda form: form.is_of_company,
        ),
    )
    rules: ClassVar[str] = "user"

    def __init__(self, desk: Desk, view: UserView | None = None) -> None:
        super().__init__(desk, fields(), _values(view), view)
        self._companies = _companies(view)

    def title_words(self) -> str:
        return _("Novo usuário") if self.record is None else _("Editar usuário")

    @property
    def is_of_company(self) -> bool:
        """True while the role on the form is that of a company's user."""
        return self.form.values()["role"] == Role.COMPANY

    @property
    def unsaved(self) -> bool:
        """Are other companies chosen than those that are saved?"""
        return self.is_of_company and self._companies != _companies(self.record)

    def below(self) -> Iterable[Widget]:
        yield Foreign(id="sees")

    def on_mount(self) -> None:
        self._show_companies()

    def on_form_changed(self, message: Form.Changed) -> None:
        """Another role: companies to be chosen, or not."""
        if message.name == "role":
            self._show_companies()
            self.refresh_bindings()

    def _show_companies(self) -> None:
        sees = self.query_one("#sees", Foreign)
        sees.set_class(self.is_of_company, "-shown")
        n = len(self._companies)
        words = ngettext("Vê {n} empresa · F8 escolhe", "Vê {n} empresas · F8 escolhe", n)
        sees.show(words.format(n=grouped(n)) if n else _("Não vê nenhuma empresa: F8 escolhe"))

    def action_companies(self) -> None:
        """Choose the companies that this user sees."""
        run_newest(self, "choose", self._choose)

    async def _choose(self) -> None:
        chosen = await self.app.push_screen_wait(
            ManyChoice(_words(), CompanySource(self.desk), columns(), self._ids)
        )
        if chosen is not None:
            views = await self.desk.ask(companies.rows, chosen)
            self._companies = frozenset(view.cnpj for view in views.values())
            self._show_companies()

    async def _ids(self) -> frozenset[int]:
        return frozenset(await self.desk.ask(links.by_cnpj, self._companies))

    async def save(self) -> UserView:
        values: dict[str, Any] = self.form.values()
        for name in ("email", "os_account", "language"):
            values[name] = values[name] or None
        values["companies"] = tuple(sorted(self._companies)) if self.is_of_company else ()
        if self.record is None:
            return await self.desk.do(people.add_user, UserDraft(**values))
        return await self.desk.do(
            people.edit_user, self.record.id, values, version=self.record.version
        )

    def refuse(self, error: CarteiroError) -> None:
        if error.field == "companies":
            self.tell(error.message, refusal=True)
        else:
            super().refuse(error)

    async def now(self) -> UserView:
        assert self.record is not None
        return await self.desk.ask(people.view, self.record.id)

    def values_of(self, record: UserView) -> Mapping[str, Value]:
        return _values(record)


def _companies(view: UserView | None) -> frozenset[str]:
    return frozenset(view.companies if view is not None else ())


def _words() -> ChoiceWords:
    return ChoiceWords(
        title=_("Empresas que o usuário vê"),
        filter=_("apelido, CNPJ ou razão social"),
        empty=_("Nenhuma empresa cadastrada."),
        work=_("Salvando"),
        counts=_counts,
        show={
            Show.ALL: "",
            Show.CHOSEN: _("só as que vê"),
            Show.OTHERS: _("só as que não vê"),
            Show.CHANGED: _("só o que muda"),
        },
    )


def _counts(chosen: int, added: int, dropped: int) -> str:
    words = _("vê {n}").format(n=grouped(chosen))
    if added:
        words += " · " + _("{n} a incluir").format(n=grouped(added))
    if dropped:
        words += " · " + _("{n} a retirar").format(n=grouped(dropped))
    return words


def _values(view: UserView | None) -> dict[str, Value]:
    if view is None:
        return {
            "nickname": "", "name": "", "email": "", "role": Role.PARTNER.value, "os_account": "",
            "language": "", "active": True,
        }  # fmt: skip
    return {
        "nickname": view.nickname, "name": view.name, "email": view.email or "",
        "role": view.role, "os_account": view.os_account or "",
        "language": view.language or "", "active": view.active,
    }  # fmt: skip
