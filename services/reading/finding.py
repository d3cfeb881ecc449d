"""Finding documents by access key, CNPJ, number, names, kind and dates, among a million (R43)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta

from sqlalchemy import ColumnElement, false, func, or_, select, union_all
from sqlalchemy.orm import Session

from services.fiscal.labels import KINDS
from services.folding import fold
from services.reading.period import Period
from services.registry import access, search
from services.registry.access import Actor
from services.store.mail import Document, PartyName
from services.store.models import Company

_MASK = re.compile(r"[\s./-]")
_KEY_WIDTH = 60
_WHOLE_KEY = 44
_CNPJ = re.compile(r"[0-9A-Z]{12}[0-9]{2}")
# The least of a key that is not rather a number, of which there are nine digits at most.
_KEY_PART = re.compile(r"[0-9][0-9A-Z]{9,}")
# So many are named one by one; of more, most documents match and the newest are found at once.
_FEW = 1_000


@dataclass(frozen=True, slots=True)
class Filters:
    """What to find, all of it together; blank is everything.

    Every word of ``text`` must be an access key or its beginning, a CNPJ, a number, or part of a
    name; every word of ``company`` in its nickname or CNPJ. ``period`` is of the issue.
    """

    company: str = ""
    company_id: int | None = None
    kind: str = ""
    period: Period | None = None
    text: str = ""
    access_key: str = ""


EVERYTHING = Filters()


def conditions(session: Session, actor: Actor, filters: Filters) -> list[ColumnElement[bool]]:
    """The SQL conditions of ``filters``, each answered by an index."""
    found: list[ColumnElement[bool]] = []
    if filters.company_id is not None:
        found.append(Document.company_id == filters.company_id)
    if filters.company.strip():
        found.append(_of_companies(session, actor, filters.company))
    if filters.kind.strip():
        found.append(Document.kind.in_(_kinds(_bare(filters.kind).lower())))
    if filters.access_key:
        found.append(Document.access_key == _bare(filters.access_key))
    if filters.period is not None:
        found += _within(filters.period)
    found += [_word(session, actor, word) for word in filters.text.split()]
    return found


def _kinds(typed: str) -> list[str]:
    """The kinds that ``typed`` names, or else begins."""
    named = [kind for kind in KINDS if kind.lower() == typed]
    return named or [kind for kind in KINDS if kind.lower().startswith(typed)]


def _within(period: Period) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if period.since is not None:
        first = datetime.combine(period.since, time.min).astimezone(UTC)
        found.append(Document.issued_at >= first)
    if period.until is not None:
        end = datetime.combine(period.until + timedelta(days=1), time.min).astimezone(UTC)
        found.append(Document.issued_at < end)
    return found


def _word(session: Session, actor: Actor, word: str) -> ColumnElement[bool]:
    bare = _bare(word)
    if len(bare) >= _WHOLE_KEY and bare.isascii() and bare.isalnum():
        return Document.access_key == bare
    if bare.isascii() and bare.isdecimal() and len(bare) < 10:
        return Document.number == int(bare)
    either: list[ColumnElement[bool]] = []
    if _CNPJ.fullmatch(bare):
        either += [Document.issuer_cnpj == bare, Document.recipient_cnpj == bare]
        either += _companies(session, actor, Company.cnpj == bare)
    if _KEY_PART.fullmatch(bare):
        # Not by LIKE, which no index of either database answers: no key has more than a Z.
        last = bare + "Z" * (_KEY_WIDTH - len(bare))
        either.append(Document.access_key.between(bare, last))
    return _any(either) if either else _named(session, actor, word)


def _named(session: Session, actor: Actor, word: str) -> ColumnElement[bool]:
    """Part of a party's or a company's name."""
    folded = fold(word)
    if not folded:
        return false()
    names = PartyName.name_key.contains(folded, autoescape=True)
    cnpjs = select(PartyName.cnpj).where(names)
    few = session.scalars(cnpjs.distinct().limit(_FEW + 1)).all()
    companies = _companies(session, actor, search.matches(Company.search_key, word))
    if len(few) > _FEW:
        # The newest are found at once without any index, which must not be tried.
        parties = (Document.issuer_cnpj, Document.recipient_cnpj)
        return or_(*(func.coalesce(each, "").in_(cnpjs) for each in parties), *companies)
    either: list[ColumnElement[bool]] = []
    if few:
        either += [Document.issuer_cnpj.in_(few), Document.recipient_cnpj.in_(few)]
    # Persons have no CNPJ to be found by.
    either.append(
        Document.recipient_cnpj.is_(None)
        & func.lower(Document.recipient_name).contains(word.lower(), autoescape=True)
    )
    return _any([*either, *companies])


def _any(either: list[ColumnElement[bool]]) -> ColumnElement[bool]:
    """One of these, each asked of its own index: an OR would have either database read all rows."""
    if len(either) == 1:
        return either[0]
    return Document.id.in_(union_all(*(select(Document.id).where(each) for each in either)))


def _of_companies(session: Session, actor: Actor, words: str) -> ColumnElement[bool]:
    found = _companies(session, actor, search.matches(Company.search_key, words))
    return found[0] if found else false()


def _companies(
    session: Session, actor: Actor, condition: ColumnElement[bool]
) -> list[ColumnElement[bool]]:
    """Of one of the companies that match; empty when none does."""
    query = select(Company.id).where(
        access.visible(actor, Company.partner_id, Company.id), condition
    )
    few = session.scalars(query.limit(_FEW + 1)).all()
    if not few:
        return []
    return [Document.company_id.in_(few if len(few) <= _FEW else query)]


def _bare(text: str) -> str:
    return _MASK.sub("", text).upper()
