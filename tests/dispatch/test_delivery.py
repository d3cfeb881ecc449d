"""A document from the watched folder to the recipient's server, byte for byte."""

from __future__ import annotations

from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from services.dispatch.folder import DONE, INBOX
from services.jobs import runner
from services.office import Office
from services.registry import mailboxes
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.registry.mailbox_form import MailboxDraft
from services.settings import Settings
from services.store.engine import Store
from tests.dispatch.conftest import Queue, invoice
from tests.servers.sink import Sink


async def test_xml_and_danfe_arrive_as_they_were(
    settings: Settings,
    store: Store,
    actor: Actor,
    company: CompanyView,
    root: Path,
    sink: Sink,
    queue: Queue,
) -> None:
    """R31: ``worker --once`` takes the file, prints, queues and sends by the company's mailbox."""
    draft = MailboxDraft(
        *("send", "Notas", "Padaria São João", "nfe@padaria.example"),
        host="127.0.0.1", port=sink.port, security="none", authenticate=False,
    )  # fmt: skip
    with store.writing() as session:
        mailboxes.add(session, actor, company.id, draft)
    (root / INBOX).mkdir(parents=True)
    xml = invoice(email="cliente@loja.example;compras@loja.example")
    (root / INBOX / "nota.xml").write_bytes(xml)
    office = Office(replace(settings, documents_folder=root), store)
    done = await runner.run_once(office, ["sending"])
    office.close_now()
    assert (done.dispatched, done.sent) == (1, 1)
    assert (root / DONE / "nota.xml").read_bytes() == xml
    (sunk,) = sink.wait_for(1)
    assert (sunk.sender, set(sunk.recipients)) == (
        "nfe@padaria.example",
        {"cliente@loja.example", "compras@loja.example"},
    )
    message = message_from_bytes(sunk.raw, _class=EmailMessage, policy=policy.default)
    assert message["Subject"] == "NF-e 12, série 1 – Padaria São João Ltda"
    attached = {part.get_filename(): part.get_content() for part in message.iter_attachments()}
    (detail,) = queue()
    key = detail.attachments[0].filename[4:48]
    assert list(attached) == [f"NFe-{key}.xml", f"DANFE-{key}.pdf"]
    assert attached[f"NFe-{key}.xml"] == xml
    pdf = attached[f"DANFE-{key}.pdf"]
    assert (pdf[:5], len(pdf)) == (b"%PDF-", detail.attachments[1].size)
    assert pdf.rstrip().endswith(b"%%EOF")
    assert detail.view.state == "sent"
    assert detail.note is None
