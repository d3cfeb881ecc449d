"""One switch turned for many companies at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from sqlalchemy import Table, select, update
from sqlalchemy.orm import Session

from services.errors import Invalid
from services.language import _
from services.registry import access, audit
from services.registry.access import Actor
from services.registry.audit import Change
from services.registry.fields import Form
from services.store.models import Company

FLAGS = ("document_import", "invoicy_mail", "may_register", "silence_notice")
_COMPANY = cast(Table, Company.__table__)
# Both databases cap the parameters of a statement.
_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class BulkRefusal:
    """A company that stayed as it was, and why; ``nickname`` is empty for one that is gone."""

    company_id: int
    nickname: str
    why: str


@dataclass(frozen=True, slots=True)
class BulkOutcome:
    """How many companies changed, how many were so already, and which were refused."""

    changed: int = 0
    same: int = 0
    refused: tuple[BulkRefusal, ...] = ()

    def __add__(self, other: BulkOutcome) -> BulkOutcome:
        """Both together, for callers that work in pieces."""
        return BulkOutcome(
            self.changed + other.changed, self.same + other.same, self.refused + other.refused
        )


def switch(
    session: Session, actor: Actor, company_ids: Iterable[int], changes: Mapping[str, bool]
) -> BulkOutcome:
    """Turn the named flags of :data:`FLAGS` on or off for these companies (R2, R3, R11, R14).

    One unit of work, audited for each company (R55); only for the partner (R53). A company that
    is gone is refused and stops no other. Callers may hand in pieces of 500 or so to show how
    far it is and to be cancelled between them.
    """
    access.partner_only(actor)
    _check(changes)
    total = BulkOutcome()
    # In one order for everybody: two that hold what the other waits for would be stopped.
    for some in pieces(sorted(set(company_ids)), _AT_ONCE):
        total += _switch(session, actor, some, changes)
    return total


def pieces(everything: Sequence[Any], most: int) -> Iterable[Sequence[Any]]:
    """``everything`` in runs of at most ``most``."""
    return (everything[start : start + most] for start in range(0, len(everything), most))


def _check(changes: Mapping[str, bool]) -> None:
    if not changes:
        raise Invalid(_("Informe o que ligar ou desligar"))
    form = Form()
    for name, value in changes.items():
        if name not in FLAGS:
            raise Invalid(_("Campo desconhecido: {name}").format(name=name), field=name)
        form.flag(name, name, value)
    form.done()


def _switch(
    session: Session, actor: Actor, company_ids: Sequence[int], changes: Mapping[str, bool]
) -> BulkOutcome:
    found = session.execute(
        select(_COMPANY.c.id, *(_COMPANY.c[name] for name in changes))
        .where(_COMPANY.c.id.in_(company_ids), _COMPANY.c.partner_id == actor.partner_id)
        .order_by(_COMPANY.c.id)
        .with_for_update()
    ).all()
    before = {row.id: {name: getattr(row, name) for name in changes} for row in found}
    differing = [company_id for company_id, had in before.items() if had != changes]
    if differing:
        session.execute(
            update(_COMPANY)
            .where(_COMPANY.c.id.in_(differing))
            .values(**changes, version=_COMPANY.c.version + 1)
        )
    audit.record_many(
        session,
        actor,
        "edit",
        "company",
        [Change(each, each, before[each], dict(changes)) for each in differing],
    )
    gone = [each for each in company_ids if each not in before]
    return BulkOutcome(
        len(differing),
        len(before) - len(differing),
        tuple(BulkRefusal(each, "", _("Empresa não encontrada")) for each in gone),
    )
