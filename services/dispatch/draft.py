"""What may be sent to somebody as a fiscal document, and what not, with the reason (R31)."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

from services.errors import Invalid
from services.fiscal.addressees import addressees
from services.fiscal.facts import Facts, NotFiscal
from services.fiscal.recognise import recognise
from services.fiscal.xml import MAX_BYTES, UnsafeXml, parse
from services.language import _
from services.safe_text import safe

KINDS = ("NFe", "NFCe")
_UNFINISHED = ("malformed", "encoding")


@dataclass(frozen=True, slots=True)
class Draft:
    """An authorised document: its facts, its bytes, and the texts that name its addressees."""

    facts: Facts
    xml: bytes
    addressees: tuple[str, ...]

    @property
    def digest(self) -> str:
        """The SHA-256 of the bytes."""
        return hashlib.sha256(self.xml).hexdigest()


def read(xml: bytes) -> Draft:
    """The document in ``xml``.

    Raises :class:`Invalid` naming what is wrong and how to mend it: no XML, no document of a kind
    that is sent, not authorised, or a key that cannot be.
    """
    found = recognise(xml)
    if isinstance(found, NotFiscal):
        raise Invalid(_why_none(found), field="file")
    if found.kind not in KINDS or found.event_id:
        raise Invalid(_unsupported(), field="file")
    if not found.key_ok:
        raise Invalid(
            _("A chave de acesso {key} é inválida: peça o XML ao sistema que emitiu a nota").format(
                key=safe(found.access_key, 60)
            ),
            field="access_key",
        )
    if not found.authorised:
        raise Invalid(
            _(
                "A nota {key} não está autorizada: o XML não traz o protocolo de autorização desta "
                "chave. Envie o arquivo de distribuição (procNFe), que a SEFAZ devolve autorizado"
            ).format(key=found.access_key),
            field="file",
        )
    return Draft(found, xml, addressees(xml))


def is_whole(data: bytes) -> bool:
    """False for what may be the beginning of an XML that somebody is still writing."""
    try:
        parse(data)
    except UnsafeXml as refusal:
        return refusal.reason not in _UNFINISHED
    return True


def _why_none(found: NotFiscal) -> str:
    if found.reason == "unsupported":
        return _unsupported()
    if found.reason == "too_large":
        return _("O arquivo tem mais de {most} MB: um documento fiscal é menor").format(
            most=MAX_BYTES // 2**20
        )
    if found.reason == "incomplete":
        return _("O documento está incompleto: falta {what}").format(what=safe(found.detail, 60))
    if found.reason == "other":
        return _("O XML não é de um documento fiscal: envie o XML autorizado da NF-e ou NFC-e")
    if found.reason == "summary":
        return _("O XML é só o resumo de um documento: envie o XML autorizado, inteiro")
    place = re.search(r"line (\d+), column (\d+)", found.detail or "")
    if place is None:
        return _("O arquivo não é um XML legível: envie o XML autorizado, inteiro")
    detail = _("confira a linha {line}, coluna {column}").format(line=place[1], column=place[2])
    return _("O arquivo não é um XML legível ({detail}): envie o XML autorizado, inteiro").format(
        detail=detail
    )


def _unsupported() -> str:
    return _("Este tipo de documento não é enviado: só NF-e e NFC-e autorizadas")
