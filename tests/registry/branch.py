"""A headquarters and its branch with their mailboxes, for the tests of importing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from services.office import Office
from services.registry import companies, mailboxes, people
from services.registry.access import Actor, actor_of
from services.registry.companies import CompanyDraft, CompanyView
from services.registry.mailboxes import MailboxDraft, MailboxView
from services.store import secret
from services.store.models import Secret, User

BRANCH = "11222333000262"


@dataclass(frozen=True)
class Family:
    """``head`` is the headquarters, ``branch`` its branch, ``rui`` a user of the branch only."""

    office: Office
    actor: Actor
    head: CompanyView
    branch: CompanyView
    rui: Actor

    def add(
        self, company: CompanyView, name: str, function: str = "send", **given: Any
    ) -> MailboxView:
        """Register a mailbox ``name``@x.com with the password "senha-``name``"."""
        values: dict[str, Any] = {
            "nickname": name.capitalize(),
            "sender_name": f"De {name}",
            "email": f"{name}@x.com",
            "password": f"senha-{name}",
            "host": f"{name}.x.com",
        }
        draft = MailboxDraft(function=function, **values | given)
        return self.office.do_now(mailboxes.add, self.actor, company.id, draft)

    def sending(self, company: CompanyView | None = None) -> list[MailboxView]:
        """The sending mailboxes of a company (the branch), in their order."""
        found = (company or self.branch).id
        return self.office.ask_now(mailboxes.list_of, self.actor, found, "send")

    def emails(self, company: CompanyView | None = None) -> list[str]:
        """Their addresses."""
        return [view.email for view in self.sending(company)]

    def password(self, server_id: int) -> str | None:
        """What the vault has for a server."""
        return self.office.ask_now(secret.get, "email_server", server_id, "password")

    def places_of_secrets(self) -> Sequence[str]:
        """The places under which the vault keeps anything, each once for each secret."""
        return self.office.ask_now(lambda s: s.scalars(select(Secret.place)).all())


def family(office: Office, actor: Actor, head: CompanyView) -> Family:
    """``head`` with a branch and a user of the branch."""
    branch = office.do_now(
        companies.add,
        actor,
        CompanyDraft(
            BRANCH, "Filial", "Padaria Filial", headquarters=head.cnpj, document_import=True
        ),
    )
    office.do_now(
        people.add_user, actor, people.UserDraft("rui", "Rui", None, "company", (BRANCH,))
    )
    rui = office.ask_now(
        lambda s: actor_of(s, s.scalars(select(User).where(User.nickname == "rui")).one())
    )
    return Family(office, actor, head, branch, rui)
