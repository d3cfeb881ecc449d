"""The words of an e-mail that carries a document, and the names of its files (R31)."""

from __future__ import annotations

from decimal import Decimal

from services.dispatch.draft import Draft
from services.fiscal.cnpj import is_valid, masked
from services.fiscal.danfe import Danfe
from services.language import _
from services.safe_text import safe

_KINDS = {"NFe": "NF-e", "NFCe": "NFC-e"}
_MOST_NAME = 120


def name_of(draft: Draft) -> str:
    """The document in a few words: "NF-e 123, série 1"."""
    facts = draft.facts
    return _("{kind} {number}, série {series}").format(
        kind=_KINDS.get(facts.kind, facts.kind),
        number=_or_dash(facts.number),
        series=_or_dash(facts.series),
    )


def subject(draft: Draft) -> str:
    """The subject: which document, and whose."""
    return _("{document} – {issuer}").format(document=name_of(draft), issuer=_issuer(draft))


def body(draft: Draft, *, with_danfe: bool, forwarded_by: str | None = None) -> str:
    """The text; ``forwarded_by`` is the company that sends another's document."""
    facts = draft.facts
    greeting = _("Olá,")
    opening = _("segue em anexo a {document}, emitida por {issuer}.")
    if forwarded_by is not None:
        opening = _("{company} encaminha em anexo a {document}, emitida por {issuer}.")
    opening = opening.format(
        document=name_of(draft), issuer=_issuer(draft), company=safe(forwarded_by, _MOST_NAME)
    )
    files = _("O arquivo XML é o documento fiscal: guarde-o.")
    if with_danfe:
        files = _(
            "O arquivo XML é o documento fiscal: guarde-o. O PDF é o DANFE, a sua representação "
            "para impressão."
        )
    lines = [
        (_("Emitente"), _issuer(draft)),
        ("CNPJ", _cnpj(facts.issuer_cnpj)),
        (_("Destinatário"), safe(facts.recipient_name, _MOST_NAME)),
        (_("Número"), _or_dash(facts.number)),
        (_("Série"), _or_dash(facts.series)),
        (_("Emissão"), f"{facts.issued_at:%d/%m/%Y}" if facts.issued_at else ""),
        (_("Total"), _money(facts.total)),
        (_("Chave de acesso"), _grouped(facts.access_key)),
        (_("Protocolo"), safe(facts.protocol, 20)),
    ]
    facts_told = "\n".join(f"{label}: {value}" for label, value in lines if value)
    return "\n\n".join([greeting, opening, facts_told, files]) + "\n"


def attachments(draft: Draft, danfe: Danfe) -> list[tuple[str, str, bytes]]:
    """XML and, where there is one, the DANFE: name, content type, bytes."""
    key = draft.facts.access_key
    files = [(f"{draft.facts.kind}-{key}.xml", "application/xml", draft.xml)]
    if danfe.pdf:
        files.append((f"DANFE-{key}.pdf", "application/pdf", danfe.pdf))
    return files


def why_no_danfe(danfe: Danfe) -> str | None:
    """Why the XML goes alone, and what to do; None when it does not."""
    if danfe.pdf:
        return None
    known = {
        "missing": _(
            "sem o DANFE em PDF: o extra danfe não está instalado (./carteiro extra danfe)"
        ),
        "deadline": _("sem o DANFE em PDF: gerá-lo demorou demais"),
        "unsupported": _("sem o DANFE em PDF: não há um para este tipo de documento"),
        "unasked": _("sem o DANFE em PDF, como pedido"),
    }
    return known.get(danfe.why) or _("sem o DANFE em PDF: não foi possível gerá-lo deste XML")


def _issuer(draft: Draft) -> str:
    return safe(draft.facts.issuer_name, _MOST_NAME) or _cnpj(draft.facts.issuer_cnpj)


def _cnpj(number: str | None) -> str:
    if number is None:
        return ""
    return masked(number) if is_valid(number) else safe(number, 14)


def _or_dash(number: int | None) -> str:
    return "—" if number is None else str(number)


def _money(total: Decimal | None) -> str:
    if total is None:
        return ""
    return "R$ " + f"{total:,.2f}".translate(str.maketrans(",.", ".,"))


def _grouped(key: str) -> str:
    return " ".join(key[at : at + 4] for at in range(0, len(key), 4))
