"""The checks that label a document: they say what was found and discard nothing (R40)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache, cached_property, partial
from pathlib import Path

import lxml.etree as etree

from services.fiscal import access_key, certificates, chain, fields, schemas, signature, written
from services.fiscal.kinds import bills, cfe, cte, event_layouts, mdfe, municipal, nfe, nfse, others
from services.fiscal.labels import Check, Checks, words
from services.fiscal.layout import Layout
from services.fiscal.xml import UnsafeXml, parse

__all__ = ["Check", "Checks", "check", "words"]


@dataclass(frozen=True)
class _Parts:
    """A document taken apart by its layout."""

    root: etree._Element
    body: etree._Element
    covered: etree._Element
    layout: Layout
    text: bytes | None
    said_at: datetime | None = None

    def texts(self, paths: tuple[str, ...]) -> list[str]:
        return [text.strip() for path in paths if (text := self.covered.findtext(path))]

    @cached_property
    def signers(self) -> list[str]:
        """CNPJ or CPF of those who may sign."""
        return self.texts(self.layout.signers)

    @cached_property
    def seal(self) -> etree._Element | None:
        return signature.find(self.body)

    @property
    def key(self) -> str:
        if self.layout.key:
            return (self.covered.findtext(self.layout.key) or "").strip()
        said = self.covered.get("Id") or ""
        return said.removeprefix(self.layout.prefix)

    @property
    def answer(self) -> etree._Element | None:
        return self.root.find(self.layout.answer) if self.layout.answer else None

    @property
    def at(self) -> datetime | None:
        said = self.said_at or fields.instant("T".join(self.texts(self.layout.signed_at)))
        if said is not None or self.answer is None or not self.layout.answered_at:
            return said
        return fields.instant((self.answer.findtext(self.layout.answered_at) or "").strip())

    @property
    def of_authority(self) -> bool:
        """Made by SEFAZ for somebody: it may have signed, and its CNPJ stands in the key."""
        series = self.key[22:25]
        return series.isdecimal() and int(series) in self.layout.by_authority


def check(data: bytes, trusted_file: Path | None = None) -> Checks:
    """The checks of the document in ``data``; never raises on any bytes.

    ``signature`` says whether the document is as it was signed, ``certificate`` whether by its
    issuer's, ``chain`` whether somebody in ``trusted_file`` vouches for that one, ``protocol``
    whether the authorisation is of what was signed.
    """
    try:
        root = parse(data)
    except UnsafeXml as refusal:
        none = Check("unverifiable", "unreadable")
        broken = Check("failed", "malformed", (refusal.detail or refusal.reason)[:200])
        return Checks(none, broken, none, none, none, none)
    layout = layouts().get(root.tag)
    if layout is None:
        return _municipal(root, data, trusted_file) if municipal.is_document(root) else _unknown()
    body = root.find(layout.body)
    covered = None if body is None else body.find(layout.covered)
    if body is None or covered is None:
        return _unknown()
    parts = _Parts(root, body, covered, layout, written.text_of(data))
    seal, certificate, vouched = _signed(parts, trusted_file)
    return Checks(
        _access_key(parts),
        schemas.check(root, covered, layout),
        seal,
        certificate,
        vouched,
        _protocol(parts),
    )


def signed_content(data: bytes) -> bytes | None:
    """What the signature in ``data`` is to cover, the same whatever stands round it.

    None where it cannot be told; never raises on any bytes.
    """
    try:
        root = parse(data)
        layout = layouts().get(root.tag)
        covered = None if layout is None else root.find(f"{layout.body}/{layout.covered}")
        if covered is None:
            return None
        content: bytes = etree.tostring(
            covered, method="c14n", exclusive=True, with_comments=False, with_tail=False
        )
    except (UnsafeXml, etree.LxmlError):
        return None
    return content


@cache
def layouts() -> dict[str, Layout]:
    """Where to look, by root element."""
    return {
        **nfe.LAYOUTS,
        **cte.LAYOUTS,
        **mdfe.LAYOUTS,
        **nfse.LAYOUTS,
        **cfe.LAYOUTS,
        **bills.LAYOUTS,
        **event_layouts.LAYOUTS,
        **others.LAYOUTS,
    }


def _unknown() -> Checks:
    unknown = Check("unverifiable", "unknown_kind")
    return Checks(unknown, unknown, unknown, unknown, unknown, unknown)


def _access_key(parts: _Parts) -> Check:
    form = parts.layout.key_form
    if not form:
        return Check("unverifiable", "no_digit")
    key = parts.key
    if not key:
        return Check("absent", "no_key")
    if not (access_key.is_valid(key) if form == "44" else access_key.is_valid_nfse(key)):
        return Check("failed", "wrong_digit")
    if parts.layout.key:
        return Check("ok")
    inside: Callable[[str], object] = (
        partial(getattr, access_key.parts(key))
        if form == "44"
        else {"cnpj": key[9:23], "number": key[23:36]}.__getitem__
    )
    for name, path in parts.layout.stated.items():
        said = parts.covered.findtext(path)
        if said is not None and not _same(said, inside(name)):
            return Check("failed", "key_differs", name)
    issuers = parts.signers
    mine = not issuers or any(_same(each, inside("cnpj")) for each in issuers)
    return Check("ok") if mine or parts.of_authority else Check("failed", "key_differs", "cnpj")


def _same(said: str, part: object) -> bool:
    return said.strip().lstrip("0") == str(part).lstrip("0")


def _signed(parts: _Parts, trusted_file: Path | None) -> tuple[Check, Check, Check]:
    """Signature, certificate and chain."""
    seal = parts.seal
    if seal is None:
        none = Check("absent", "unsigned")
        return none, none, none
    try:
        found = certificates.of(seal)
    except (ValueError, TypeError):
        unreadable = Check("unverifiable", "certificate_unreadable")
        return unreadable, unreadable, unreadable
    if not found:
        missing = Check("absent", "no_certificate")
        return Check("unverifiable", "no_certificate"), missing, missing
    at = parts.at
    return (
        signature.check(parts.body, parts.covered, found[0], parts.text),
        certificates.check(
            found[0],
            parts.signers,
            at,
            by_other=parts.layout.by_system or parts.of_authority,
        ),
        chain.check(found, at, trusted_file),
    )


def _protocol(parts: _Parts) -> Check:
    """The authorisation names this very key and the digest that was signed."""
    if not parts.layout.answer:
        return Check("unverifiable", "needs_no_protocol")
    answer = parts.answer
    if answer is None:
        return Check("absent", "no_protocol")
    if parts.layout.answered_key:
        key = (answer.findtext(parts.layout.answered_key) or "").strip()
        if key != parts.key:
            return Check("failed", "other_document", key[:60])
    space = answer.tag.rpartition("}")[0]
    said = "".join((answer.findtext(f"{space}}}digVal") or "").split())
    if not said:
        return Check("unverifiable", "no_digest")
    if parts.seal is None:
        return Check("unverifiable", "unsigned")
    return (
        Check("ok") if said == signature.digest(parts.seal) else Check("failed", "digest_differs")
    )


def _municipal(root: etree._Element, data: bytes, trusted_file: Path | None) -> Checks:
    """Every municipality has a layout of its own, and signs itself."""
    found = municipal.sealed(root)
    none = Check("absent", "unsigned")
    seal, certificate, vouched = none, none, none
    if found is not None:
        body, covered, at = found
        told = Layout(covered=covered.tag, by_system=True)
        parts = _Parts(root, body, covered, told, written.text_of(data), at)
        seal, certificate, vouched = _signed(parts, trusted_file)
    elif municipal.has_own_seal(root):
        seal = Check("unverifiable", "town_seal")
    return Checks(
        Check("unverifiable", "no_digit"),
        Check("unverifiable", "town_layout"),
        seal,
        certificate,
        vouched,
        Check("unverifiable", "needs_no_protocol"),
    )
