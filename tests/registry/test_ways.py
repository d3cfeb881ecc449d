"""The four ways to register a mailbox: which are open, and whom to ask for the others (R4)."""

from __future__ import annotations

import pytest

from services.errors import NotFound, Refused
from services.registry import companies, imports
from services.registry.access import Actor
from services.registry.candidates import Candidate
from services.registry.companies import CompanyView
from services.registry.ways import ways
from tests.registry.branch import Family


def told(
    family: Family, actor: Actor, company: CompanyView, function: str = "send"
) -> dict[str, str | None]:
    """Every way with the reason against it, None where it is open."""
    found = family.office.ask_now(ways, actor, company.id, function)
    assert [way.key for way in found] == ["microsoft", "other", "headquarters", "partner"]
    assert all(bool(way.why) is not way.allowed for way in found)
    return {way.key: way.why or None for way in found}


def test_all_that_is_open(family: Family) -> None:
    """R4: a branch, a partner user, mailboxes to copy: three ways, and why not the fourth."""
    family.add(family.head, "matriz")
    found = told(family, family.actor, family.branch)
    assert "instalação" in (found.pop("microsoft") or "")
    assert set(found.values()) == {None}


def test_the_headquarters_is_for_branches(family: Family) -> None:
    """R4: others are told that they are none, and where that is changed or whom to ask."""
    family.add(family.branch, "loja")
    why = told(family, family.actor, family.head)["headquarters"] or ""
    assert "não é filial" in why
    assert "Empresas" in why


def test_a_headquarters_without_mailboxes(family: Family) -> None:
    """R4: nothing to copy, said with the headquarters' name and whom to ask."""
    why = told(family, family.rui, family.branch)["headquarters"] or ""
    assert family.head.nickname in why
    assert family.actor.partner_name in why


def test_a_headquarters_with_an_inactive_one_only(family: Family) -> None:
    """R4, R9: a copy of what sends nothing would stop the branch's e-mails."""
    family.add(family.head, "matriz", active=False)
    why = told(family, family.actor, family.branch)["headquarters"] or ""
    assert "matriz@x.com" in why
    assert "inativa" in why


def test_the_partner_is_for_partner_users(family: Family) -> None:
    """R4: a company user is told whom to ask; the partner, when there is nothing to copy."""
    assert "Servidores de E-mail" in (told(family, family.actor, family.branch)["partner"] or "")
    family.add(family.head, "matriz")
    found = told(family, family.rui, family.branch)
    assert family.actor.partner_name in (found["partner"] or "")
    assert found["other"] is None
    assert found["headquarters"] is None


def test_without_permission(family: Family) -> None:
    """R11: every way of a company user is closed, with the partner's name."""
    family.add(family.head, "matriz")
    family.office.do_now(companies.edit, family.actor, family.branch.id, {"may_register": False})
    found = told(family, family.rui, family.branch)
    del found["microsoft"]
    assert all(family.actor.partner_name in (why or "") for why in found.values())
    assert told(family, family.actor, family.branch)["other"] is None


def test_while_the_relay_is_on(family: Family) -> None:
    """R2: nothing is registered while InvoiCy Mail is on, by whatever way."""
    family.add(family.head, "matriz")
    family.office.do_now(companies.edit, family.actor, family.branch.id, {"invoicy_mail": True})
    found = told(family, family.actor, family.branch)
    assert all("InvoiCy Mail" in (why or "") for why in found.values())


def test_reading_is_by_another_provider(family: Family) -> None:
    """R3, R6: imports are for sending; without Document Import there is no reading at all."""
    family.add(family.head, "matriz")
    found = told(family, family.actor, family.branch, "read")
    assert found["other"] is None
    assert "envio" in (found["headquarters"] or "")
    assert "envio" in (found["partner"] or "")
    family.office.do_now(companies.edit, family.actor, family.branch.id, {"document_import": False})
    found = told(family, family.actor, family.branch, "read")
    assert all("Importação de Documentos" in (why or "") for why in found.values())


def test_what_there_is_to_choose_from(family: Family) -> None:
    """R4: of the headquarters its sending mailboxes, active first; of the partner all that can
    send but the company's own and but copies, with who uses them."""
    off = family.add(family.head, "antiga", active=False)
    on = family.add(family.head, "nova")
    family.add(family.head, "leitura", "read")
    mine = family.add(family.branch, "minha")

    def choice(actor: Actor, kind: str, company: CompanyView = family.branch) -> list[int]:
        return list(family.office.ask_now(imports.candidate_ids, actor, company.id, kind))

    def rows(actor: Actor, kind: str) -> list[Candidate]:
        asked = (actor, family.branch.id, kind, choice(actor, kind))
        return list(family.office.ask_now(imports.candidate_rows, *asked).values())

    assert choice(family.rui, "headquarters") == [on.server_id, off.server_id]
    assert choice(family.actor, "partner") == [on.server_id, off.server_id]
    assert choice(family.actor, "partner", family.head) == [mine.server_id]
    copy = family.office.do_now(imports.from_partner, family.actor, family.branch.id, on.server_id)
    assert choice(family.actor, "partner") == [on.server_id, off.server_id]
    with pytest.raises(Refused, match="não tem outra"):
        choice(family.actor, "partner", family.head)
    assert copy.server_id != on.server_id
    (first, *_rest) = rows(family.actor, "partner")
    assert first.companies == (family.head.nickname,)
    assert "cópia" in (first.why_not or "")
    assert "cópia" in (told(family, family.rui, family.branch)["headquarters"] or "")
    family.add(family.head, "outra")
    seen = rows(family.rui, "headquarters")
    assert [each.companies for each in seen] == [(), (), ()]


def test_found_by_words(family: Family) -> None:
    """R16: accents and case do not matter in the list to choose from."""
    family.add(family.head, "um", nickname="Açaí")
    two = family.add(family.head, "dois", nickname="Beta")
    found = family.office.ask_now(
        imports.candidate_ids, family.actor, family.branch.id, "partner", filter="BÉTA"
    )
    assert list(found) == [two.server_id]
    assert (
        family.office.ask_now(
            imports.candidate_rows, family.actor, family.branch.id, "headquarters", [999]
        )
        == {}
    )


def test_only_of_companies_in_sight(family: Family) -> None:
    """R53: a company user asks nothing about other companies, the headquarters included."""
    with pytest.raises(NotFound):
        told(family, family.rui, family.head)
