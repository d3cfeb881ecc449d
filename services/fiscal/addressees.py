"""To whom a document says that it is to be sent (R31)."""

from __future__ import annotations

import re

import lxml.etree as etree

from services.fiscal.recognise import NFE
from services.fiscal.xml import UnsafeXml, parse

_NS = f"{{{NFE}}}"
_LETTERS = re.compile(r"[^a-z]")
_NAMED = "email"
_MOST_TEXT = 20_000


def addressees(data: bytes) -> tuple[str, ...]:
    """The texts in which the document in ``data`` names e-mail addresses, as they stand there.

    The recipient's own (``dest/email``), and every free field of the issuer's (``obsCont``) whose
    name begins with "email", however it is written. Each may be one address or a list separated
    by ``;``; none is proven to be valid. Empty for what is no document.
    """
    try:
        root = parse(data)
    except UnsafeXml:
        return ()
    nfe = root if root.tag == f"{_NS}NFe" else root.find(f"{_NS}NFe")
    info = None if nfe is None else nfe.find(f"{_NS}infNFe")
    if info is None:
        return ()
    texts = [info.findtext(f"{_NS}dest/{_NS}email")]
    texts += [
        field.findtext(f"{_NS}xTexto")
        for field in info.iterfind(f"{_NS}infAdic/{_NS}obsCont")
        if _names_email(field)
    ]
    return tuple(text.strip()[:_MOST_TEXT] for text in texts if text and text.strip())


def _names_email(field: etree._Element) -> bool:
    return _LETTERS.sub("", field.get("xCampo", "").casefold()).startswith(_NAMED)
