"""One switch turned for many companies (R2, R3, R14, R53, R55)."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from services.errors import Conflict, Invalid, NotAllowed
from services.fiscal.cnpj import check_digits
from services.office import Office
from services.registry import bulk, companies, company_csv, people
from services.registry.access import Actor, actor_of
from services.registry.bulk import BulkOutcome
from services.registry.companies import CompanyView
from services.store.models import AuditEntry, Company, Partner, User


def number(root: int, order: int = 1) -> str:
    base = f"{root:08d}{order:04d}"
    return base + check_digits(base)


@pytest.fixture
def many(office: Office, actor: Actor) -> list[int]:
    """Twelve hundred companies: more than go into one statement."""
    lines = "\n".join(f"{number(n)};E{n};E{n} Ltda" for n in range(1, 1_201))
    planned = office.ask_now(
        company_csv.plan, actor, f"cnpj;apelido;razao_social\n{lines}".encode()
    )
    for chunk in company_csv.chunks(planned):
        office.do_now(company_csv.apply, actor, chunk)
    return list(office.ask_now(companies.ids, actor))


def test_many_at_once(office: Office, actor: Actor, many: list[int]) -> None:
    """All in one unit of work, each audited and with a new version; the same again is no change."""
    first = office.ask_now(companies.view, actor, many[0])
    office.do_now(companies.edit, actor, many[1], {"invoicy_mail": True})
    done = office.do_now(bulk.switch, actor, [*many, many[0]], {"invoicy_mail": True})
    assert done == BulkOutcome(1_199, 1)
    assert office.ask_now(companies.view, actor, many[0]).version == first.version + 1
    assert list(office.ask_now(companies.ids, actor, invoicy_mail=True)) == many
    assert not office.ask_now(companies.ids, actor, invoicy_mail=False)
    entries = office.ask_now(
        lambda s: s.execute(
            select(AuditEntry.company_id, AuditEntry.before, AuditEntry.after).where(
                AuditEntry.action == "edit", AuditEntry.user_id == actor.user_id
            )
        ).all()
    )
    assert {row.company_id for row in entries} == set(many)
    assert {str((row.before, row.after)) for row in entries} == {
        "({'invoicy_mail': False}, {'invoicy_mail': True})"
    }
    assert office.do_now(bulk.switch, actor, many, {"invoicy_mail": True}) == BulkOutcome(0, 1_200)
    audited = office.ask_now(lambda s: s.scalar(select(func.count()).select_from(AuditEntry)))
    assert audited == len(entries) + 1_202


def test_only_what_differs_is_told(office: Office, actor: Actor, company: CompanyView) -> None:
    """Two flags, of which one was so already."""
    changes = {"document_import": True, "may_register": False}
    assert office.do_now(bulk.switch, actor, [company.id], changes) == BulkOutcome(1)
    entry = office.ask_now(
        lambda s: s.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()
    )
    assert (entry.before, entry.after) == ({"may_register": True}, {"may_register": False})


def test_what_is_gone_or_anothers_stops_no_other(
    office: Office, actor: Actor, company: CompanyView
) -> None:
    """R53: a company of nobody's, or of another partner, is refused by name or number."""

    def other(session: Any) -> int:
        partner = Partner(name="Outro", partner_key="outra")
        session.add(partner)
        session.flush()
        foreign = Actor(actor.user_id, "x", partner.id, "Outro", "partner", "x")
        return companies.add(
            session, foreign, companies.CompanyDraft(number(1), "Alheia", "Alheia Ltda")
        ).id

    foreign_id = office.do_now(other)
    done = office.do_now(
        bulk.switch, actor, [foreign_id, 99_999, company.id], {"invoicy_mail": True}
    )
    assert done.changed == 1
    assert [refusal.company_id for refusal in done.refused] == [foreign_id, 99_999]
    assert {refusal.nickname for refusal in done.refused} == {""}
    assert not office.ask_now(lambda s: s.get_one(Company, foreign_id).invoicy_mail)


@pytest.mark.parametrize(
    ("changes", "field"),
    [({}, None), ({"nickname": True}, "nickname"), ({"invoicy_mail": "on"}, "invoicy_mail")],
)
def test_only_flags(
    office: Office, actor: Actor, company: CompanyView, changes: Any, field: str | None
) -> None:
    """Nothing else can be changed this way."""
    with pytest.raises(Invalid) as refusal:
        office.do_now(bulk.switch, actor, [company.id], changes)
    assert refusal.value.field == field


def test_only_the_partner(office: Office, actor: Actor, company: CompanyView) -> None:
    """R53: company users switch nothing."""
    office.do_now(
        people.add_user, actor, people.UserDraft("rui", "Rui", None, "company", (company.cnpj,))
    )
    rui = office.ask_now(
        lambda s: actor_of(s, s.scalars(select(User).where(User.nickname == "rui")).one())
    )
    with pytest.raises(NotAllowed):
        office.do_now(bulk.switch, rui, [company.id], {"may_register": True})


def test_a_form_that_is_open_is_told(office: Office, actor: Actor, company: CompanyView) -> None:
    """Who edits one of them meanwhile does not overwrite the switch unseen."""
    office.do_now(bulk.switch, actor, [company.id], {"document_import": False})
    with pytest.raises(Conflict, match="ana"):
        office.do_now(
            companies.edit,
            actor,
            company.id,
            {"document_import": True},
            version=company.version,
        )


def test_two_sessions_at_once(office: Office, actor: Actor, many: list[int]) -> None:
    """Opposite orders neither lock each other nor lose a change: versions count every one."""
    office.do_now(bulk.switch, actor, many, {"document_import": False})
    before = office.ask_now(companies.rows, actor, many[:1])[many[0]].version
    done: list[BulkOutcome] = []

    def work(ids: list[int], changes: dict[str, bool]) -> Callable[[], None]:
        return lambda: done.append(office.do_now(bulk.switch, actor, ids, changes))

    threads = [
        threading.Thread(target=work(many, {"document_import": True})),
        threading.Thread(target=work(many[::-1], {"invoicy_mail": True})),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert done == [BulkOutcome(1_200), BulkOutcome(1_200)]
    seen = office.ask_now(companies.rows, actor, many[:1])[many[0]]
    assert (seen.document_import, seen.invoicy_mail, seen.version) == (True, True, before + 2)
