"""The partner's companies in memory, as they are and as a file would leave them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from services.registry.bulk import pieces
from services.registry.company_form import CompanyDraft, Neighbour
from services.store.models import Company

# Both databases take more parameters than this.
_AT_ONCE = 10_000


@dataclass(frozen=True, slots=True)
class Known:
    """A company of the database."""

    id: int
    version: int
    draft: CompanyDraft


class World:
    """What the rules ask for (:class:`company_form.Around`), changed line by line."""

    def __init__(self, known: dict[str, Known], branched: Iterable[str] = ()) -> None:
        self.known = known
        self._now = {cnpj: each.draft for cnpj, each in known.items()}
        self._branches = Counter(
            draft.headquarters for draft in self._now.values() if draft.headquarters
        )
        self._branches.update(branched)

    def put(self, cnpj: str, draft: CompanyDraft | None) -> None:
        """Let the company of ``cnpj`` be ``draft``; None takes it away."""
        if (before := self._now.pop(cnpj, None)) is not None and before.headquarters:
            self._branches[before.headquarters] -= 1
        if draft is not None:
            self._now[cnpj] = draft
            if draft.headquarters:
                self._branches[draft.headquarters] += 1

    def restore(self, cnpj: str) -> None:
        """Let it be as the database has it."""
        self.put(cnpj, self.known[cnpj].draft if cnpj in self.known else None)

    def neighbour(self, cnpj: str) -> Neighbour | None:
        """The company of that CNPJ."""
        found = self._now.get(cnpj)
        return None if found is None else Neighbour(found.nickname, bool(found.headquarters))

    def has_branches(self, cnpj: str) -> bool:
        """Is it named as headquarters?"""
        return self._branches[cnpj] > 0


def load(
    session: Session, partner_id: int, cnpjs: Collection[str] | None = None, *, hold: bool = False
) -> dict[str, Known]:
    """The partner's companies by CNPJ: all, or those of ``cnpjs``; held until the end of the
    unit of work when asked."""
    above = aliased(Company)
    query = (
        select(
            Company.id,
            Company.version,
            Company.cnpj,
            Company.nickname,
            Company.legal_name,
            above.cnpj,
            Company.notification_email,
            Company.document_import,
            Company.invoicy_mail,
            Company.may_register,
            Company.sender_name,
            Company.silence_notice,
        )
        .outerjoin(above, above.id == Company.headquarters_id)
        .where(Company.partner_id == partner_id)
        .order_by(Company.id)
    )
    if hold:
        query = query.with_for_update(of=Company)
    if cnpjs is None:
        found = session.execute(query).all()
    else:
        found = [
            row
            for some in pieces(sorted(cnpjs), _AT_ONCE)
            for row in session.execute(query.where(Company.cnpj.in_(some)))
        ]
    return {row[2]: Known(row[0], row[1], CompanyDraft(*row[2:])) for row in found}


def branched(session: Session, known: Collection[Known]) -> list[str]:
    """Of these companies the CNPJs of those that have branches."""
    cnpj_of = {each.id: each.draft.cnpj for each in known}
    return [
        cnpj_of[row]
        for some in pieces(sorted(cnpj_of), _AT_ONCE)
        for row in session.scalars(
            select(Company.headquarters_id).where(Company.headquarters_id.in_(some)).distinct()
        )
        if row is not None
    ]
