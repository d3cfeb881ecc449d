"""Which mailbox carries a branch's e-mails before, while and after it is a copy (R6)."""

from __future__ import annotations

from services.outbox import queue
from services.registry import companies, imports, mailboxes, undoing
from services.registry.access import Actor
from services.registry.companies import CompanyDraft, CompanyView
from services.registry.mailboxes import MailboxDraft
from services.sending.tick import Sender
from services.store.engine import Store
from tests.sending.conftest import AddMailbox, Show
from tests.servers.sink import Sink


async def test_queued_emails_leave_by_the_copy_and_after_undoing_by_the_old_one(
    store: Store,
    actor: Actor,
    company: CompanyView,
    sink: Sink,
    mailbox: AddMailbox,
    sender: Sender,
    show: Show,
) -> None:
    """R6: what was queued goes on by the copy under the branch's name, what is queued after
    undoing by the mailbox that came back."""
    mailbox(sink.port, "matriz@padaria.example")
    with store.writing() as session:
        branch = companies.add(
            session,
            actor,
            CompanyDraft("11222333000262", "Filial", "Filial Ltda", headquarters=company.cnpj),
        )
        mailboxes.add(
            session,
            actor,
            branch.id,
            MailboxDraft(
                function="send",
                nickname="Filial",
                sender_name="Filial",
                email="filial@padaria.example",
                host="127.0.0.1",
                port=sink.port,
                security="none",
                authenticate=False,
            ),
        )

    def put() -> int:
        with store.writing() as session:
            return queue.enqueue(
                session,
                partner_id=actor.partner_id,
                company_id=branch.id,
                to=["cliente@loja.example"],
                subject="NF-e 12",
                body="Segue a nota.",
            )

    waiting = put()
    with store.writing() as session:
        copy = imports.from_headquarters(session, actor, branch.id, sender_name="Padaria Filial")
    assert await sender.run_due() == 1
    (sunk,) = sink.wait_for(1)
    assert sunk.sender == "matriz@padaria.example"
    assert b"From: Padaria Filial <matriz@padaria.example>" in sunk.raw
    assert show(waiting).view.mailbox_id == copy.id
    with store.writing() as session:
        done = undoing.undo(session, actor, branch.id)
    put()
    assert await sender.run_due() == 1
    sunk = sink.wait_for(2)[1]
    assert sunk.sender == "filial@padaria.example"
    assert [view.email for view in done.back] == ["filial@padaria.example"]
