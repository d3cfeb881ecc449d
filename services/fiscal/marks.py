"""How fiscal documents are spotted in the midst of other bytes, before anything is parsed (R37)."""

from __future__ import annotations

import html
import re
from base64 import b64encode

from services.fiscal.recognise import READERS

_DOCUMENTS = sorted({tag.rpartition("}")[2] for tag in READERS} | {"CompNfse", "Nfse"})
_WRAPPERS = (
    *("retDistDFeInt", "retDistMDFe", "enviNFe", "enviCTe", "enviMDFe", "envEvento"),
    *("retEnvEvento", "Envelope", "ListaNfse", "ConsultarNfseResposta", "GerarNfseResposta"),
)
_TAGS = "|".join((*_DOCUMENTS, *_WRAPPERS))
_PREFIX = r"(?:[A-Za-z_][\w.\-]{0,30}:)?"
_DECLARATION = r"(?:<\?xml[^<>]{0,100}\?>\s{0,100})?"

BEGIN = re.compile(rf"{_DECLARATION}<({_PREFIX}(?:{_TAGS}))(?=[\s>])".encode())
"""Where a document begins in a text; the group is the name that ends it."""

LOST = re.compile(
    rf"<{_PREFIX}(?:{_TAGS})[^<>]{{0,200}}(?:portalfiscal|sped\.fazenda)"
    rf"|<{_PREFIX}(?:infCFe|InfNfse)\s".encode()
)
"""A document that stands in a message for everybody to see."""


def _encoded(start: str) -> bytes:
    """The Base64 of ``start`` as far as what follows does not change it."""
    return b64encode(start.encode())[: len(start) * 8 // 6]


BASE64 = (
    *(b"PD94bWwg", b"77u/P", b"//48AD", b"PAA/AHgA", b"UEsDB", b"H4sI"),
    *(_encoded(f"<{tag} x") for tag in (*_DOCUMENTS, *_WRAPPERS)),
    *(_encoded(f"<{tag}>") for tag in (*_DOCUMENTS, *_WRAPPERS)),
)
"""How a document, a zip or a gzip begins when a sender forgot to say that it is Base64."""
_BASE64_FIRST = frozenset(start[:4] for start in BASE64)

FORGOTTEN = re.compile(rb"\n\r?\n[\r\n]{0,4}(?:" + b"|".join(map(re.escape, BASE64)) + rb")")
"""Such a beginning where a part has its own: after an empty line."""

_ELEMENT = re.compile(r"<[^<>]*>")


def marked(data: bytes) -> bool:
    """True when something in ``data`` is named as in fiscal documents."""
    return (
        b"portalfiscal" in data
        or b"sped.fazenda.gov.br/nfse" in data
        or b"infCFe" in data
        or b"InfNfse" in data
        or b"ChaveNFe" in data
    )


def begins_in_base64(data: bytes) -> bool:
    """True for data that begins in one of those ways."""
    return data[:4] in _BASE64_FIRST and data.startswith(BASE64)


def hinted(raw: bytes) -> bool:
    """True for a message that a document could be in, although none was found."""
    return marked(raw) or FORGOTTEN.search(raw) is not None


def text_of_page(page: bytes) -> bytes:
    """What a web page shows: an XML that was written into it, for one."""
    try:
        text = page.decode()
    except UnicodeDecodeError:
        text = page.decode("cp1252", "replace")
    return html.unescape(_ELEMENT.sub("", text)).encode("utf-8", "replace")
