"""A raw message in, the fiscal documents in it out, under caps (R36, R37, R41)."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass, field

from fast_mail_parser import ParseError, PyLazyMimePart, parse_email_tree

from services.fiscal.facts import Facts, NotFiscal
from services.fiscal.recognise import recognise
from services.fiscal.xml import MAX_BYTES
from services.reading import archives, old_parser
from services.reading.caps import Caps, Problem, TooMuch

_TEXT_LIMIT = 2_000
_NAME_LIMIT = 255
_FORMS = ("other", "malformed", "encoding")
_SPACE = b" \t\r\n"
_BOM = b"\xef\xbb\xbf"
_UTF16 = (b"\xff\xfe<\0", b"\xfe\xff\0<")
# How a document looks when a sender forgot to say that it is base64: <?xml, <nfeProc, <NFe, PK, gzip.
_BASE64 = (b"PD94bWwg", b"77u/PD94", b"PG5mZVBy", b"PE5GZSB", b"UEsDB", b"H4sI")
_PASTED = re.compile(rb"<\?xml\s|<(?:nfeProc|NFe)[\s>]")
_PASTED_END = (b"</nfeProc>", b"</NFe>")
_HINTS = (b"portalfiscal", *_BASE64)
_WEB_PAGE = re.compile(rb"<!doctype\s+(?:html|svg)|<html", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Found:
    """A fiscal document: where it was, its own bytes, what it says."""

    part_name: str
    xml: bytes
    facts: Facts


@dataclass(frozen=True, slots=True)
class Extracted:
    """What a message holds. Texts are foreign; nothing found and no problem is "no document"."""

    subject: str = ""
    sender: str = ""
    date: str = ""
    message_id: str = ""
    found: tuple[Found, ...] = ()
    problems: tuple[Problem, ...] = ()


def extract(raw: bytes, caps: Caps) -> Extracted:
    """The fiscal documents of a message, wherever in it they are; never raises on any bytes.

    XML is known by its content: attached under any name or type, in archives, in forwarded
    messages, inline or pasted into the text. What looks fiscal and cannot be read, and what goes
    beyond ``caps``, is a :class:`Problem`; the rest of the message is read all the same.
    """
    refusal = _refusal(raw, caps)
    if refusal is not None:
        return Extracted(problems=(refusal,))
    search = _Search(caps)
    headers: dict[str, list[str]] = {}
    doubtful = False
    try:
        headers, doubtful = search.message(raw, 0)
        if doubtful or (not search.found and any(hint in raw for hint in _HINTS)):
            for name, declared, content in old_parser.leaves(raw, caps):
                search.leaf(name, declared, content, 0)
    except TooMuch as limit:
        search.problem(limit.problem)
    return Extracted(
        subject=_header(headers, "subject"),
        sender=_header(headers, "from"),
        date=_header(headers, "date"),
        message_id=_header(headers, "message-id"),
        found=tuple(search.found),
        problems=tuple(search.problems),
    )


def _refusal(raw: bytes, caps: Caps) -> Problem | None:
    """What is refused unopened, by a look that costs microseconds."""
    if len(raw) > caps.message_bytes:
        return Problem("too_large", f"{len(raw)} bytes")
    if raw.count(b"\n--") > 3 * caps.parts:
        return Problem("too_many_parts")
    head = len(raw)
    for blank in (b"\r\n\r\n", b"\n\n"):
        at = raw.find(blank, 0, head)
        head = at if at >= 0 else head
    if head > caps.header_bytes and b"\n" in raw[:head]:
        return Problem("header_too_large", f"{head} bytes")
    return None


@dataclass(slots=True)
class _Search:
    caps: Caps
    found: list[Found] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    _seen: set[bytes] = field(default_factory=set)
    _parts: int = 0
    _expanded: int = 0

    def problem(self, problem: Problem) -> None:
        if problem not in self.problems and len(self.problems) < self.caps.problems:
            self.problems.append(problem)

    def message(self, raw: bytes, depth: int) -> tuple[dict[str, list[str]], bool]:
        """The headers of a message, and whether the quick parser could not take it apart."""
        try:
            root = parse_email_tree(raw, mode="lazy")
        except ParseError:
            return {}, True
        doubtful = False
        for part, name in self._leaves(root, depth):
            try:
                content = part.content
            except ParseError:
                doubtful = True
                continue
            if content is None:
                doubtful = True
            elif content:
                self.leaf(name, part.content_type, content, depth)
        return root.headers, doubtful

    def _leaves(self, root: PyLazyMimePart, depth: int) -> Iterator[tuple[PyLazyMimePart, str]]:
        """Every part without parts of its own; the depth and number of all are capped."""
        pending = [(root, depth)]
        while pending:
            part, level = pending.pop()
            self._parts += 1
            if self._parts > self.caps.parts:
                raise TooMuch("too_many_parts")
            if level > self.caps.depth:
                raise TooMuch("too_deep", part=part.filename)
            children = part.children
            if children:
                pending += [(child, level + 1) for child in reversed(children)]
            else:
                yield part, part.filename[:_NAME_LIMIT]

    def leaf(self, name: str, declared: str, content: bytes, depth: int) -> None:
        """Look into some bytes and keep what is fiscal in them."""
        if depth > self.caps.depth:
            raise TooMuch("too_deep", part=name)
        start = content[:64].removeprefix(_BOM).lstrip(_SPACE)
        if start[:1] == b"<" or content[:4] in _UTF16:
            self._xml(name, declared, content)
        elif content[:4] in archives.ZIP:
            self._zip(name, content, depth)
        elif content[:2] == archives.GZIP:
            self._gzip(name, content, depth)
        elif start.startswith(_BASE64):
            self._base64(name, declared, content, depth)
        elif name[-4:].lower() == ".eml":
            if self.message(content, depth + 1)[1]:
                self.problem(Problem("unreadable", part_name=name))
        elif b"portalfiscal" in content and content[:4] != b"%PDF":
            self._pasted(name, content)
        elif _says_xml(name, declared):
            self.problem(Problem("malformed", part_name=name))
        elif archives.says_zip(name, declared):
            self.problem(Problem("zip_broken", part_name=name))

    def _xml(self, name: str, declared: str, content: bytes) -> None:
        answer = recognise(content)
        if isinstance(answer, Facts):
            self._keep(name, content, answer)
        elif not isinstance(answer, NotFiscal) or answer.reason == "other":
            return
        elif answer.looks_fiscal and answer.reason == "malformed" and self._pasted(name, content):
            return
        elif answer.looks_fiscal or (
            _says_xml(name, declared) and not _WEB_PAGE.search(content, 0, 1_000)
        ):
            self.problem(Problem(answer.reason, answer.detail, name))

    def _keep(self, name: str, xml: bytes, facts: Facts) -> None:
        if xml not in self._seen:
            self._seen.add(xml)
            self.found.append(Found(name, xml, facts))

    def _pasted(self, name: str, content: bytes) -> bool:
        """Documents in the midst of a text; False when there is none."""
        before = len(self.found)
        at = 0
        while (start := _PASTED.search(content, at)) and len(self.found) <= self.caps.entries:
            ends = [(content.find(end, start.start()), end) for end in _PASTED_END]
            # The outermost element of the two that begins here ends last.
            outer = b"nfeProc" in content[start.start() : start.start() + 400]
            place, end = ends[0] if outer and ends[0][0] >= 0 else ends[1]
            if place < 0:
                break
            at = place + len(end)
            answer = recognise(content[start.start() : at])
            if isinstance(answer, Facts):
                self._keep(name, content[start.start() : at], answer)
            elif answer.looks_fiscal:
                self.problem(Problem(answer.reason, answer.detail, name))
        if at == 0 and _PASTED.search(content):
            self.problem(Problem("malformed", part_name=name))
            return True
        return len(self.found) > before

    def _base64(self, name: str, declared: str, content: bytes, depth: int) -> None:
        try:
            inner = b64decode(content + b"===")
        except binascii.Error:
            self.problem(Problem("encoding", part_name=name))
            return
        self.leaf(name, declared, inner, depth + 1)

    def _gzip(self, name: str, content: bytes, depth: int) -> None:
        try:
            inner = archives.gunzip(content, self._allowance())
        except archives.Unreadable as error:
            if _says_xml(name.lower().removesuffix(".gz"), ""):
                self.problem(Problem("gzip_broken", str(error), name))
            return
        self._spend(inner, name)
        self.leaf(name.removesuffix(".gz"), "", inner, depth + 1)

    def _zip(self, name: str, content: bytes, depth: int) -> None:
        if depth >= self.caps.archive_depth:
            raise TooMuch("too_deep", part=name)
        try:
            for entry, inner in archives.entries(content, self.caps, self._allowance):
                self._spend(inner, name)
                # An office file is a zip of XML, none of it said to be fiscal.
                self.leaf(f"{name}/{entry}"[-_NAME_LIMIT:], "", inner, depth + 1)
        except archives.Unreadable as error:
            if not archives.is_office(name):
                self.problem(Problem(error.reason, str(error), name))

    def _allowance(self) -> int:
        return self.caps.expanded_bytes - self._expanded

    def _spend(self, inner: bytes, name: str) -> None:
        self._expanded += len(inner)
        if self._expanded > self.caps.expanded_bytes:
            raise TooMuch("zip_bomb", part=name)


def _says_xml(name: str, declared: str) -> bool:
    return name[-4:].lower() == ".xml" or (declared in ("application/xml", "text/xml") and not name)


def _header(headers: dict[str, list[str]], wanted: str) -> str:
    for name, values in headers.items():
        if name.lower() == wanted:
            return values[0][:_TEXT_LIMIT]
    return ""
