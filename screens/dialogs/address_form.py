"""*Novo E-mail*: a new address for notifications, or that of an existing user (R24)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import ClassVar

from textual.widget import Widget

from screens.background import run_newest
from screens.commands import Command
from screens.desk import Desk
from screens.dialogs.choose_user import ChooseUser
from screens.dialogs.record_form import RecordForm
from screens.widgets.fields import FieldSpec, Value
from screens.widgets.foreign import Foreign
from screens.widgets.form import Form
from services.language import _, later
from services.notifications import addresses
from services.notifications.addresses import AddressView
from services.wire.addresses import valid_address

NEW = "new"
OF_USER = "user"


def fields(view: AddressView | None) -> list[FieldSpec]:
    """What is asked of a new address, or of one that is being changed."""
    email = FieldSpec(
        "email",
        _("E-mail"),
        required=True,
        validate=valid_address,
        visible_when=lambda values: values.get("whose", NEW) == NEW,
        required_when=lambda values: values.get("whose", NEW) == NEW,
    )
    if view is not None:
        return [email]
    return [
        FieldSpec(
            "whose",
            _("Endereço"),
            kind="choice",
            choices=((NEW, _("um novo")), (OF_USER, _("o de um usuário"))),
            help=_("O de um usuário acompanha o que está no cadastro dele."),
        ),
        email,
    ]


class AddressForm(RecordForm[AddressView]):
    """Register or change an address; F8 chooses the user whose address it is."""

    DEFAULT_CSS = """
    AddressForm #whose { display: none; padding: 0 0 0 2; color: $text-primary; }
    AddressForm #whose.-shown { display: block; }
    """
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command(
            "address_form.user",
            "f8",
            later("Escolher o usuário"),
            "user",
            order=2,
            when=lambda form: form.is_of_user,
        ),
    )
    rules: ClassVar[str] = "address"

    def __init__(self, desk: Desk, view: AddressView | None = None) -> None:
        super().__init__(desk, fields(view), _values(view), view)
        self._user: tuple[str, str] | None = None

    def title_words(self) -> str:
        return _("Novo e-mail") if self.record is None else _("Editar e-mail")

    def help_words(self) -> str:
        return _(
            "Quem recebe uma notificação vê os endereços de todos os que a recebem. As empresas e "
            "os tipos se escolhem depois de salvar."
        )

    @property
    def is_of_user(self) -> bool:
        """True while the address is to be that of a user."""
        return self.form.values().get("whose") == OF_USER

    @property
    def unsaved(self) -> bool:
        """Is a user chosen?"""
        return self._user is not None

    def below(self) -> Iterable[Widget]:
        yield Foreign(id="whose", block=True)

    def on_mount(self) -> None:
        self._show_whose()
        # Whoever opens it types an address first.
        self.form.focus_field("email")

    def on_form_changed(self, message: Form.Changed) -> None:
        """A new address, or a user's: then the user is chosen at once."""
        if message.name == "whose":
            self._show_whose()
            self.refresh_bindings()
            if self.is_of_user and self._user is None:
                self.action_user()

    def _show_whose(self) -> None:
        whose = self.query_one("#whose", Foreign)
        words = ""
        if self.is_of_user:
            words = _("Nenhum usuário: F8 escolhe")
            if self._user is not None:
                words = _("{nickname}: {email} · F8 escolhe outro").format(
                    nickname=self._user[0], email=self._user[1]
                )
        elif self.record is not None and self.record.user:
            words = _(
                "É o e-mail do usuário {nickname} e acompanha o cadastro dele. Com outro endereço "
                "aqui, deixa de acompanhar."
            ).format(nickname=self.record.user)
        whose.show(words)
        whose.set_class(bool(words), "-shown")

    def action_user(self) -> None:
        """Choose the user."""
        run_newest(self, "choose", self._choose)

    async def _choose(self) -> None:
        chosen = await self.app.push_screen_wait(ChooseUser(self.desk))
        if chosen is not None:
            self._user = (chosen.nickname, chosen.email or "")
            self.tell("")
            self._show_whose()

    def action_save(self) -> None:
        """Save; a user's address needs the user first."""
        if self.is_of_user and self._user is None:
            self.tell(_("Escolha o usuário (F8)"), refusal=True)
        else:
            super().action_save()

    async def save(self) -> AddressView:
        email = str(self.form.values()["email"] or "")
        if self.record is None:
            if self.is_of_user and self._user is not None:
                return await self.desk.do(addresses.add, user=self._user[0])
            return await self.desk.do(addresses.add, email=email)
        if email == self.record.email:
            return self.record
        return await self.desk.do(
            addresses.edit, self.record.id, email, version=self.record.version
        )

    async def now(self) -> AddressView:
        assert self.record is not None
        return await self.desk.ask(addresses.view, self.record.id)

    def values_of(self, record: AddressView) -> Mapping[str, Value]:
        return _values(record)


def _values(view: AddressView | None) -> dict[str, Value]:
    return {"whose": NEW, "email": ""} if view is None else {"email": view.email}
