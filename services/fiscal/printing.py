"""Printing a DANFE: much work for the processor, by a library that is not ours.

It is done in a process that may be ended (:mod:`services.reading.taking_apart.child`).
"""

from __future__ import annotations

import unicodedata
from importlib import import_module

import lxml.etree as etree

from services.fiscal.danfe import LIBRARY, Danfe, is_installed
from services.fiscal.recognise import NFE
from services.fiscal.xml import parse

_OF_MODEL = {"55": ("danfe", "Danfe"), "65": ("danfce", "Danfce")}
_MODEL = f"{{{NFE}}}NFe/{{{NFE}}}infNFe/{{{NFE}}}ide/{{{NFE}}}mod"
# What the printer's fonts lack and people type.
_PLAIN = str.maketrans(
    {"–": "-", "—": "-", "‘": "'", "’": "'", "“": '"', "”": '"', "…": "...", "•": "·", "€": "EUR"}
)


def render(data: bytes) -> Danfe:
    """The DANFE of the document in ``data``.

    Raises whatever the library does over a document that it cannot print.
    """
    if not is_installed():
        return Danfe(why="missing")
    root = parse(data)
    printer = _OF_MODEL.get(root.findtext(_MODEL) or "")
    if printer is None:
        return Danfe(why="unsupported")
    room, name = printer
    make = getattr(import_module(f"{LIBRARY}.{room}"), name)
    pdf = bytes(make(xml=_printable(root)).output())
    return Danfe(pdf) if pdf.startswith(b"%PDF-") else Danfe(why="failed")


def _printable(root: etree._Element) -> str:
    """The document with every character that the printer's fonts have, and "?" for the others."""
    text = etree.tostring(root, encoding="unicode").translate(_PLAIN)
    return "".join(map(_latin, text)) if not _is_latin(text) else text


def _latin(character: str) -> str:
    if _is_latin(character):
        return character
    plain = unicodedata.normalize("NFKD", character).encode("latin-1", "ignore").decode("latin-1")
    return plain or "?"


def _is_latin(text: str) -> bool:
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return False
    return True
