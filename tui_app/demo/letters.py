"""E-mails of suppliers, with the documents that they bring."""

from __future__ import annotations

from datetime import datetime
from email import policy
from email.header import Header
from email.mime.application import MIMEApplication
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import format_datetime, make_msgid

from services.language import _
from tui_app.demo.nfe import Nfe, Party

_CRLF = policy.compat32.clone(linesep="\r\n")


def with_documents(supplier: Party, to: str, documents: list[Nfe], at: datetime) -> bytes:
    """A message as it lies in a mailbox: CRLF lines, the XML attached."""
    numbers = ", ".join(str(each.number) for each in documents)
    subject = _("NF-e {number} de {name}").format(number=numbers, name=supplier.name)
    letter = MIMEMultipart()
    letter["From"] = f"{supplier.name} <nfe@fornecedor.example>"
    letter["To"] = to
    letter["Subject"] = Header(subject, "utf-8").encode()
    letter["Date"] = format_datetime(at)
    letter["Message-ID"] = make_msgid(domain="fornecedor.example")
    letter.attach(MIMEText(_("Segue em anexo a nota fiscal eletrônica."), "plain", "utf-8"))
    for each in documents:
        attached = MIMEApplication(each.xml, "xml")
        attached.add_header("Content-Disposition", "attachment", filename=f"{each.key}.xml")
        letter.attach(attached)
    return letter.as_bytes(policy=_CRLF)
