"""Canonical XML out of a document's own text, where it stands there as signers write it (R40).

Making it takes longer than all the rest of a signature. What is given here is what would be made;
where that is not seen at once, nothing is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import lxml.etree as etree

from services.fiscal.certificates import DSIG
from services.fiscal.xml import is_utf8

_SPACE = DSIG[1:-1]
_HEAD = re.compile(
    rb"""(?:\xef\xbb\xbf)?\s*(?:<\?xml\s+version=["']1\.0["'](?:\s+encoding=["'](?i:utf-8)["'])?"""
    rb"""(?:\s+standalone=["'](?:yes|no)["'])?\s*\?>\s*)?<[A-Za-z]"""
)
# With a scheme, as canonical XML asks for.
_NAMESPACE = re.compile(r"http://[a-z.]+(?:/[A-Za-z0-9_.-]+)+")
_PLAIN = re.compile(r"[A-Za-z0-9_.:/#-]+")
# No prefix: here none is declared, and what has one nonetheless has no canonical form.
_NAME = re.compile(r"[A-Za-z0-9_.-]+")
_IN_NAMES = re.compile(rb"[A-Za-z0-9_.:\x80-\xff-]")
# The one form of an attribute inside: alone in its element, no namespace, nothing to be escaped.
_ATTRIBUTE = re.compile(rb'<[A-Za-z0-9_.-]+ (?!xmlns=)[A-Za-z0-9_.-]+="[A-Za-z0-9_.:,/-]*">')
# What may stand in the name of a tag, and what stands in no tag at all.
_NO_MATTER = bytes({*range(33, 127)} - {*b"<>/=&'\"!?:"})
_ESCAPED = (b"&amp;", b"&lt;", b"&gt;")


@dataclass(frozen=True, slots=True)
class SignedInfo:
    """What a signature signs: its canonical form, and what it says.

    ``by`` is what makes that form and transforms what is signed; ``digest`` is in Base64.
    """

    canonical: bytes
    by: tuple[str, ...]
    method: str
    reference: str
    digested_by: str
    digest: str


def _empty(name: str, says: str) -> str:
    return f'<{name} Algorithm="{says}"(?:/>|></{name}>)'


_NAMED = "([A-Za-z0-9_.:/#-]+)"
_SIGNED_INFO = re.compile(
    (
        f'<SignedInfo(?: xmlns="{re.escape(_SPACE)}")?>'
        + _empty("CanonicalizationMethod", _NAMED)
        + _empty("SignatureMethod", _NAMED)
        + f'<Reference URI="{_NAMED}"><Transforms>'
        + _empty("Transform", _NAMED)
        + _empty("Transform", _NAMED)
        + "</Transforms>"
        + _empty("DigestMethod", _NAMED)
        + "<DigestValue>([A-Za-z0-9+/=]+)</DigestValue></Reference></SignedInfo>"
    ).encode()
)
_CANONICAL_INFO = (
    f'<SignedInfo xmlns="{_SPACE}">'
    '<CanonicalizationMethod Algorithm="%s"></CanonicalizationMethod>'
    '<SignatureMethod Algorithm="%s"></SignatureMethod><Reference URI="%s"><Transforms>'
    '<Transform Algorithm="%s"></Transform><Transform Algorithm="%s"></Transform></Transforms>'
    '<DigestMethod Algorithm="%s"></DigestMethod><DigestValue>%s</DigestValue></Reference>'
    "</SignedInfo>"
)


def text_of(data: bytes) -> bytes | None:
    """``data`` where it is read as UTF-8 and as it stands, else None."""
    return data if _HEAD.match(data) and is_utf8(data) else None


def canonical(text: bytes, element: etree._Element) -> bytes | None:
    """Canonical XML 1.0 of ``element``, alone, out of the ``text`` that it was read from; or None."""
    space, _brace, local = element.tag.rpartition("}")
    space, name = space[1:], local.encode()
    opening = _opening(local, space, element.items())
    if opening is None or not _stands_alone(element, space):
        return None
    place = _place(text, name)
    content = None if place is None else text[slice(*place)]
    if content is None or not _is_canonical(content):
        return None
    return b"%b%b</%b>" % (opening, content, name)


def signed_info(text: bytes, element: etree._Element) -> SignedInfo | None:
    """What the ``SignedInfo`` says, out of the ``text`` that it was read from; or None."""
    if not _stands_alone(element, _SPACE) or text.count(b"SignedInfo") != 2:
        return None
    said = _SIGNED_INFO.match(text, text.find(b"<SignedInfo"))
    if said is None:
        return None
    values = tuple(each.decode() for each in said.groups())
    by, method, reference, first, second, digested_by, digest = values
    whole = (_CANONICAL_INFO % values).encode()
    return SignedInfo(whole, (by, first, second), method, reference, digested_by, digest)


def _stands_alone(element: etree._Element, space: str) -> bool:
    """Is its own namespace, without a prefix, all that holds where it stands?"""
    return element.prefix is None and element.nsmap == ({None: space} if space else {})


def _opening(local: str, space: str, attributes: list[tuple[str, str]]) -> bytes | None:
    if not _NAME.fullmatch(local) or (space and not _NAMESPACE.fullmatch(space)):
        return None
    if not all(_NAME.fullmatch(name) and _PLAIN.fullmatch(value) for name, value in attributes):
        return None
    told = [("xmlns", space)] if space else []
    told += sorted(attributes)
    return "".join([f"<{local}", *(f' {name}="{value}"' for name, value in told), ">"]).encode()


def _place(text: bytes, name: bytes) -> tuple[int, int] | None:
    """Where the content of the only element of that name is: it is named nowhere else."""
    found: list[int] = []
    at = text.find(name)
    while at >= 0 and len(found) <= 2:
        if not _IN_NAMES.match(text, at + len(name)):
            found.append(at)
        at = text.find(name, at + len(name))
    if len(found) != 2:
        return None
    begins, ends = found
    start = text.find(b">", begins) + 1
    # Where the element is empty, what seems its end stands in a comment, which is not canonical.
    opened = text[begins - 1 : begins] == b"<"
    closed = text[ends - 2 : ends] == b"</" and text.startswith(b">", ends + len(name))
    return (start, ends - 2) if opened and closed else None


def _is_canonical(content: bytes) -> bool:
    """Would what stands in a well-formed element in UTF-8 be written in the very same way?"""
    if b"\r" in content or (
        b"&" in content and content.count(b"&") != sum(map(content.count, _ESCAPED))
    ):
        return False
    told = 0
    at = content.find(b'"')
    while at >= 0:
        tag = _ATTRIBUTE.match(content, content.rfind(b"<", 0, at))
        if tag is None or tag.end() <= at:
            return False
        told += 1
        at = content.find(b'"', tag.end())
    # All other tags are a name and nothing else, as many begin as end, and every > ends one.
    bare = content.translate(None, delete=_NO_MATTER)
    begun, ended = bare.count(b"<>") + told, bare.count(b"</>")
    return begun == ended and bare.count(b"<") == bare.count(b">") == begun + ended
