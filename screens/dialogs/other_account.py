"""Who else signs in for a registered Microsoft mailbox, or through which kind of account (R49)."""

from __future__ import annotations

from typing import ClassVar

from screens.commands import Command
from screens.desk import Desk
from screens.dialogs.microsoft_fields import (
    account_of_values,
    identity_fields,
    identity_values,
    own_error,
)
from screens.dialogs.record_form import RecordForm
from services.errors import InvalidFields
from services.language import _, later
from services.registry import microsoft
from services.registry.microsoft import Link


class OtherAccount(RecordForm[Link]):
    """Gives the link that what was chosen makes of ``link``; nothing is saved by it."""

    VERBS: ClassVar[tuple[Command, ...]] = (
        Command("other_account.go", "f2,ctrl+s", later("Entrar na conta"), "save", order=1),
    )
    rules: ClassVar[str] = "microsoft"

    def __init__(self, desk: Desk, link: Link) -> None:
        self.link = link
        super().__init__(desk, identity_fields(), identity_values(link))

    def title_words(self) -> str:
        return _("Outra conta · {email}").format(email=self.link.email)

    def help_words(self) -> str:
        """When it is needed."""
        return _(
            "A caixa e seus vínculos continuam; muda só a conta que entra por ela. Serve quando a "
            "pessoa que entrava numa caixa compartilhada saiu, quando a conta foi criada de novo "
            "com o mesmo endereço, ou quando a caixa passou de pessoal a conta de trabalho."
        )

    async def save(self) -> Link:
        """The service decides what may be; whoever signs in is asked next."""
        assert self.link.server_id is not None
        values = self.form.values()
        try:
            return await self.desk.ask(
                microsoft.plan_again,
                self.link.server_id,
                account=account_of_values(values),
                delegate=str(values["delegate"] or ""),
            )
        except InvalidFields as e:
            raise InvalidFields([own_error(each, values) for each in e.errors]) from e
