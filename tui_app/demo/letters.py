"""E-mails of suppliers, with the documents that they bring."""

from __future__ import annotations

from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, make_msgid

from services.language import _
from tui_app.demo.nfe import Nfe, Party


def with_documents(supplier: Party, to: str, documents: list[Nfe], at: datetime) -> bytes:
    """A message as it lies in a mailbox: CRLF lines, the XML attached."""
    numbers = ", ".join(str(each.number) for each in documents)
    letter = EmailMessage(policy=SMTP)
    letter["From"] = f"{supplier.name} <nfe@fornecedor.example>"
    letter["To"] = to
    letter["Subject"] = _("NF-e {number} de {name}").format(number=numbers, name=supplier.name)
    letter["Date"] = format_datetime(at)
    letter["Message-ID"] = make_msgid(domain="fornecedor.example")
    letter.set_content(_("Segue em anexo a nota fiscal eletrônica."))
    for each in documents:
        letter.add_attachment(
            each.xml, maintype="application", subtype="xml", filename=f"{each.key}.xml"
        )
    return letter.as_bytes()
