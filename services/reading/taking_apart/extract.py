"""A raw message in, the fiscal documents in it out, under caps (R36, R37, R41)."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field

from fast_mail_parser import ParseError, PyLazyMimePart, parse_email_tree

from services.fiscal import marks
from services.fiscal.facts import Facts, NotFiscal
from services.fiscal.recognise import recognise
from services.fiscal.xml import MAX_BYTES, wide_encoding
from services.reading.taking_apart import archives, json_text, leftovers, old_parser, packages, tnef
from services.reading.taking_apart.findings import Extracted, Found
from services.reading.taking_apart.problems import Caps, Problem, TooMuch

_TEXT_LIMIT = 2_000
_NAME_LIMIT = 255
# No header has a line of that length.
_LINE = 1_000
# So short a message cannot have parts enough to cost anything.
_FEW = 256 * 1024
_SPACE = b" \t\r\n"
_BOM = b"\xef\xbb\xbf"
_PDF = b"%PDF"
_WEB_PAGE = re.compile(rb"<!doctype\s+(?:html|svg)|<html", re.IGNORECASE)
_MESSAGE = re.compile(
    rb"[a-z][a-z\-]{1,40}: [^\0]{0,16000}?^mime-version:", re.IGNORECASE | re.MULTILINE
)
_SEALED = ("application/pkcs7-mime", "application/x-pkcs7-mime")

__all__ = ["Caps", "Extracted", "Found", "Problem", "extract"]


def extract(raw: bytes, caps: Caps) -> Extracted:
    """The fiscal documents of a message, wherever in it they are; never raises on any bytes.

    XML is known by its content: attached under any name or type, in archives, in forwarded
    messages, inline or pasted into the text. What looks fiscal and cannot be read, and what goes
    beyond ``caps``, is a :class:`Problem`; the rest of the message is read all the same.
    """
    if raw.find(b"\n", 0, _LINE) < 0 and b"\r" in raw[:_LINE]:
        raw = raw.replace(b"\r", b"\n")
    refusal = _refusal(raw, caps)
    if refusal is not None:
        return Extracted(problems=(refusal,))
    search = _Search(caps)
    try:
        doubtful = search.message(raw, 0)
        nothing = not search.found and not search.problems
        hinted = (doubtful or nothing) and leftovers.hinted(raw)
        if doubtful or hinted:
            try:
                search.again(raw)
            except TooMuch:
                if not search.headers or (doubtful and hinted) or marks.LOST.search(raw):
                    raise
        if not search.found and (hinted or search.problems):
            search.leftovers(raw)
        if (
            (doubtful or hinted)
            and not (search.found or search.problems)
            and marks.LOST.search(raw)
        ):
            search.problem(Problem("unreadable"))
    except TooMuch as limit:
        search.stopped_by(limit.problem)
    headers = {name.lower(): values for name, values in reversed(search.headers.items())}
    return Extracted(
        subject=_first(headers, "subject"),
        sender=_first(headers, "from"),
        date=_first(headers, "date"),
        message_id=_first(headers, "message-id"),
        found=tuple(search.found),
        problems=tuple(search.problems),
    )


def _refusal(raw: bytes, caps: Caps) -> Problem | None:
    """What is refused unopened, by a look that costs microseconds."""
    if len(raw) > caps.message_bytes:
        return Problem("too_large", f"{len(raw)} bytes")
    if len(raw) > _FEW and raw.count(b"\n--") > 3 * caps.parts:
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
    headers: dict[str, list[str]] = field(default_factory=dict)
    _seen: set[bytes] = field(default_factory=set)
    _parts: int = 0
    _expanded: int = 0

    def problem(self, problem: Problem) -> None:
        cleaned = Problem(problem.reason, _clean(problem.detail), _clean(problem.part_name))
        if cleaned not in self.problems and len(self.problems) < self.caps.problems:
            self.problems.append(cleaned)

    def stopped_by(self, problem: Problem) -> None:
        """Why nothing more is read, told even where the number of problems has reached its cap."""
        del self.problems[self.caps.problems - 1 :]
        self.problem(problem)

    def message(self, raw: bytes, depth: int) -> bool:
        """Look into a message; True when the quick parser could not take it apart."""
        try:
            root = parse_email_tree(raw, mode="lazy")
        except ParseError:
            return True
        if depth == 0:
            self.headers = root.headers
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
        return doubtful

    def again(self, raw: bytes) -> None:
        """The same with the parser that forgives more; its headers, if there were none."""
        forgiven, leaves = old_parser.parse(raw, self.caps)
        self.headers = self.headers or forgiven
        for name, declared, content in leaves:
            self.leaf(name, declared, content, 0)

    def leftovers(self, raw: bytes) -> None:
        """What is there although no part leads to it; only documents count, no new problem."""
        before = list(self.problems)
        with suppress(TooMuch):
            for name, content in leftovers.files(raw):
                self._count(name)
                self.leaf(name[:_NAME_LIMIT], "", content, 1)
            for text in leftovers.texts(raw):
                self._pasted("", text, 1)
        self.problems = before
        if self.found:
            self.problems = [one for one in before if one.reason != "malformed"]

    def _leaves(self, root: PyLazyMimePart, depth: int) -> Iterator[tuple[PyLazyMimePart, str]]:
        """Every part without parts of its own; the depth and number of all are capped."""
        pending = [(root, depth)]
        while pending:
            part, level = pending.pop()
            self._count()
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
        wide = wide_encoding(content) is not None
        page = declared == "text/html" and start[:5] != b"<?xml" and not wide
        if page and not marks.marked(content):
            return
        if start[:1] == b"<" or wide:
            self._xml(name, declared, content, depth)
        elif content[:4] == _PDF or not self._opened(name, declared, content, start, depth):
            self._said(name, declared, content, depth)

    def _opened(self, name: str, declared: str, content: bytes, start: bytes, depth: int) -> bool:
        """Look into what shows by its own bytes that it holds others; False for anything else."""
        if content[:4] in archives.ZIP:
            self._zip(name, content, depth)
        elif content[:2] == archives.GZIP:
            self._gzip(name, content, depth)
        elif content[:4] == tnef.SIGNATURE:
            self._tnef(name, content, depth)
        elif archives.ends_as_zip(content):
            self._zip(name, content, depth)
        elif content.startswith(archives.CLOSED):
            self.problem(Problem("archive_closed", part_name=name))
        elif marks.begins_in_base64(start):
            self._base64(name, declared, content, depth)
        elif start[:6] == b"begin " and leftovers.is_uuencoded(content):
            for inner_name, inner in leftovers.uuencoded(content):
                self._count(name)
                self.leaf(inner_name[:_NAME_LIMIT], "", inner, depth + 1)
        else:
            return json_text.may_carry(content) and self._json(name, content, depth)
        return True

    def _said(self, name: str, declared: str, content: bytes, depth: int) -> None:
        """Look into what is a message or a text, and tell of what is not what it is said to be."""
        if _says_message(name, declared) or _MESSAGE.match(content):
            if self.message(content, depth + 1):
                self.problem(Problem("unreadable", part_name=name))
        elif content[:4] != _PDF and marks.marked(content) and self._pasted(name, content, depth):
            return
        elif _says_xml(name, declared):
            self.problem(Problem("malformed", part_name=name))
        elif archives.says_zip(name, declared):
            self.problem(Problem("zip_broken", part_name=name))
        elif declared in _SEALED:
            self.problem(Problem("sealed", part_name=name))
        elif content[:4] == archives.OUTLOOK and name[-4:].lower() == ".msg":
            self.problem(Problem("outlook_item", part_name=name))

    def _xml(self, name: str, declared: str, content: bytes, depth: int) -> None:
        answer = self._document(name, content, depth)
        if answer is None:
            return
        if (
            answer.reason == "malformed"
            and marks.marked(content)
            and self._pasted(name, content, depth)
        ):
            return
        if answer.looks_fiscal or (
            answer.reason != "other"
            and _says_xml(name, declared)
            and not _WEB_PAGE.search(content, 0, 1_000)
        ):
            self.problem(Problem(answer.reason, answer.detail, name))

    def _document(self, name: str, content: bytes, depth: int) -> NotFiscal | None:
        """Keep the document, or those that some XML carries; else why there is none."""
        answer = recognise(content)
        if isinstance(answer, Facts):
            self._keep(name, content, answer)
            return None
        if answer.reason in ("other", "unsupported") and self._package(name, content, depth):
            return None
        return answer

    def _package(self, name: str, content: bytes, depth: int) -> bool:
        if not packages.may_carry(content):
            return False
        carried = 0
        for entry, inner in packages.documents(content):
            carried += 1
            if carried > self.caps.entries:
                raise TooMuch("too_many_parts", part=name)
            self.leaf(f"{name}/{entry}"[-_NAME_LIMIT:], "", inner, depth + 1)
        return carried > 0

    def _json(self, name: str, content: bytes, depth: int) -> bool:
        """What the answer of an interface carries; False where nothing of it is fiscal."""
        try:
            carried = json_text.documents(content)
        except json_text.Broken as error:
            self.problem(Problem("json_broken", str(error), name))
            return True
        if len(carried) > self.caps.entries:
            raise TooMuch("too_many_parts", part=name)
        for entry, inner in carried:
            self.leaf(f"{name}/{entry}"[-_NAME_LIMIT:], "", inner, depth + 1)
        return bool(carried)

    def _keep(self, name: str, xml: bytes, facts: Facts) -> None:
        if self.found:
            # Only now: a hash reads the whole document, and most messages hold one.
            self._seen = self._seen or {self.found[0].xml}
            if xml in self._seen:
                return
            self._seen.add(xml)
        self.found.append(Found(_clean(name), xml, facts))

    def _pasted(self, name: str, content: bytes, depth: int) -> bool:
        """Documents in the midst of a text; False when nothing there looks like one."""
        if b"&lt;" in content and len(content) <= MAX_BYTES and not marks.BEGIN.search(content):
            content = marks.text_of_page(content)
        at = tries = 0
        while (start := marks.BEGIN.search(content, at)) and tries < self.caps.entries:
            tries += 1
            end = b"</" + start[1] + b">"
            place = content.find(end, start.end())
            if place < 0:
                self.problem(Problem("malformed", part_name=name))
                break
            at = place + len(end)
            answer = self._document(name, content[start.start() : at], depth + 1)
            if answer is not None and answer.looks_fiscal:
                self.problem(Problem(answer.reason, answer.detail, name))
        return tries > 0

    def _base64(self, name: str, declared: str, content: bytes, depth: int) -> None:
        try:
            inner = b64decode(content + b"===")
        except binascii.Error:
            self.problem(Problem("encoding", part_name=name))
            return
        self.leaf(name, declared, inner, depth + 1)

    def _tnef(self, name: str, content: bytes, depth: int) -> None:
        try:
            for inner_name, inner in tnef.attachments(content):
                self._count(name)
                self.leaf(inner_name[:_NAME_LIMIT], "", inner, depth + 1)
        except tnef.Broken as error:
            self.problem(Problem("tnef_broken", str(error), name))

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
                # An office file is a zip full of XML of its own.
                if archives.is_office(name) and not marks.marked(inner):
                    continue
                self.leaf(
                    (f"{name}/{entry}" if name else entry)[-_NAME_LIMIT:], "", inner, depth + 1
                )
        except archives.Unreadable as error:
            if not archives.is_office(name):
                self.problem(Problem(error.reason, str(error), name))

    def _count(self, name: str = "") -> None:
        self._parts += 1
        if self._parts > self.caps.parts:
            raise TooMuch("too_many_parts", part=name)

    def _allowance(self) -> int:
        return self.caps.expanded_bytes - self._expanded

    def _spend(self, inner: bytes, name: str) -> None:
        self._expanded += len(inner)
        if self._expanded > self.caps.expanded_bytes:
            raise TooMuch("zip_bomb", part=name)


def _says_message(name: str, declared: str) -> bool:
    return name[-4:].lower() == ".eml" or declared == "message/rfc822"


def _says_xml(name: str, declared: str) -> bool:
    return name[-4:].lower() == ".xml" or (declared in ("application/xml", "text/xml") and not name)


def _first(headers: dict[str, list[str]], name: str) -> str:
    values = headers.get(name)
    return _clean(values[0]) if values is not None else ""


def _clean(text: str) -> str:
    """What every database takes: no NUL, no half of a character."""
    text = text[:_TEXT_LIMIT].replace("\0", "")
    return text if text.isascii() else text.encode("utf-8", "replace").decode()
