"""Companies: values checked all at once, CNPJs, headquarters, who may do what."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as rules
from hypothesis import strategies as st
from sqlalchemy import select

from services.errors import (
    Conflict,
    Invalid,
    InvalidFields,
    NotAllowed,
    NotFound,
    Refused,
)
from services.fiscal.cnpj import check_digits
from services.office import Office
from services.outbox import queue
from services.registry import companies, mailboxes, people
from services.registry.access import Actor, actor_of
from services.registry.companies import CompanyDraft, CompanyView
from services.registry.mailboxes import MailboxDraft
from services.store.models import AuditEntry, EmailServer, Partner, Secret, User
from tests.registry.waiting import until_it_waits

BRANCH = "11222333000262"
OTHER = "12ABC34501DE35"


def draft(**changes: Any) -> CompanyDraft:
    values: dict[str, Any] = {"cnpj": OTHER, "nickname": "Loja", "legal_name": "Loja Ltda"}
    return CompanyDraft(**values | changes)


def number(root: int, order: int = 1) -> str:
    base = f"{root:08d}{order:04d}"
    return base + check_digits(base)


def user_of(office: Office, actor: Actor, cnpj: str, nickname: str = "rui") -> Actor:
    office.do_now(
        people.add_user,
        actor,
        people.UserDraft(nickname, "Rui Lima", "rui@loja.example", "company", (cnpj,)),
    )
    return office.ask_now(
        lambda s: actor_of(s, s.scalars(select(User).where(User.nickname == nickname)).one())
    )


def test_kept_in_canonical_form(office: Office, actor: Actor) -> None:
    """An alphanumeric CNPJ with mask, blanks, and a list of addresses (R26)."""
    made = office.do_now(
        companies.add,
        actor,
        draft(
            cnpj="12.abc.345/01DE-35",
            nickname="  Loja ",
            notification_email="a@x.com ; b@Y.com;a@x.com",
        ),
    )
    assert (made.cnpj, made.nickname) == (OTHER, "Loja")
    assert made.notification_email == "a@x.com;b@y.com"
    assert office.ask_now(companies.by_cnpj, actor, "12.ABC.345/01DE-35") == made


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("cnpj", "11222333000182"),
        ("cnpj", ""),
        ("cnpj", "11222333"),
        ("nickname", ""),
        ("nickname", "a" * 61),
        ("legal_name", "a" * 201),
        ("legal_name", " "),
        ("sender_name", "a" * 201),
        ("headquarters", "11222333000182"),
        ("headquarters", "11222333000181"),
        ("notification_email", "a@x.com; b"),
        ("notification_email", "a@x.com\r\nBcc: z@z.com"),
    ],
)
def test_bad_value_names_its_field(office: Office, actor: Actor, field: str, value: str) -> None:
    """Nothing is saved and the error says which field."""
    with pytest.raises(InvalidFields) as refusal:
        office.do_now(companies.add, actor, draft(**{field: value}))
    assert [e.field for e in refusal.value.errors] == [field]
    assert not office.ask_now(companies.ids, actor)


def test_all_errors_at_once(office: Office, actor: Actor) -> None:
    """Several bad values come back together."""
    with pytest.raises(InvalidFields) as refusal:
        office.do_now(
            companies.add, actor, CompanyDraft("1", "", "x\ny", notification_email="none")
        )
    assert {e.field for e in refusal.value.errors} == {
        "cnpj",
        "nickname",
        "legal_name",
        "notification_email",
    }


@rules(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    field=st.sampled_from(
        ["cnpj", "nickname", "legal_name", "headquarters", "notification_email", "sender_name"]
    ),
    control=st.characters(categories=["Cc", "Zl", "Zp", "Cs"], exclude_characters=[]),
    place=st.integers(0, 3),
)
def test_no_control_character_in_any_field(
    office: Office, actor: Actor, field: str, control: str, place: int
) -> None:
    """CR, LF, NUL, C1, line separators and lone surrogates are refused, wherever they stand."""
    good = {
        "cnpj": OTHER,
        "nickname": "Loja",
        "legal_name": "Loja Ltda",
        "headquarters": "12ABC345000103",
        "notification_email": "a@x.com",
        "sender_name": "Loja",
    }[field]
    bad = good[:place] + control + good[place:]
    with pytest.raises(InvalidFields) as refusal:
        office.do_now(companies.add, actor, draft(**{field: bad}))
    assert refusal.value.field == field
    assert not office.ask_now(companies.ids, actor)


def test_same_cnpj_twice(office: Office, actor: Actor, company: CompanyView) -> None:
    """One company a CNPJ."""
    with pytest.raises(Conflict, match="Padaria"):
        office.do_now(companies.add, actor, draft(cnpj=company.cnpj))


def test_headquarters(office: Office, actor: Actor, company: CompanyView) -> None:
    """A branch has the root of its headquarters, which is no branch itself."""
    branch = office.do_now(
        companies.add, actor, draft(cnpj=BRANCH, headquarters="11.222.333/0001-81")
    )
    assert branch.headquarters == company.cnpj
    with pytest.raises(InvalidFields, match="raiz"):
        office.do_now(companies.add, actor, draft(headquarters=company.cnpj))
    with pytest.raises(InvalidFields, match="filia"):
        office.do_now(companies.edit, actor, company.id, {"headquarters": BRANCH})
    with pytest.raises(Refused, match="matriz de 1 filial"):
        office.do_now(companies.remove, actor, company.id)


def test_found_without_accents_case_and_mask(
    office: Office, actor: Actor, company: CompanyView
) -> None:
    """R16: accents, case and the mask of a CNPJ do not matter."""
    office.do_now(companies.add, actor, draft())
    for words in ("sao joao", "PADARIA", "11.222.333/0001-81", "222.333", "joão padaria", ""):
        found = office.ask_now(companies.ids, actor, filter=words)
        assert company.id in found, words
        assert len(found) == (1 if words else 2)
    for words in ("nada", "100%", "_", "\0"):
        assert len(office.ask_now(companies.ids, actor, filter=words)) == (
            2 if words == "\0" else 0
        )


def test_filtered_by_what_they_are(office: Office, actor: Actor, company: CompanyView) -> None:
    """By extension (R2, R3) and by the e-mail server that they are linked to (R15)."""
    other = office.do_now(companies.add, actor, draft(invoicy_mail=True))
    mailbox = office.do_now(
        mailboxes.add,
        actor,
        company.id,
        MailboxDraft("send", "Notas", "Padaria", "n@x.com", password="s", host="smtp.x.com"),
    )
    for condition, found in (
        ({"document_import": True}, [company.id]),
        ({"document_import": False}, [other.id]),
        ({"invoicy_mail": True}, [other.id]),
        ({"invoicy_mail": True, "document_import": True}, []),
        ({"server_id": mailbox.server_id}, [company.id]),
        ({"server_id": mailbox.server_id + 1}, []),
        ({"server_id": mailbox.server_id, "filter": "loja"}, []),
    ):
        assert list(office.ask_now(companies.ids, actor, **condition)) == found, condition  # type: ignore[arg-type]


def test_sorted_as_people_sort(office: Office, actor: Actor) -> None:
    """Accents and case do not matter, on both databases."""
    for root, name in enumerate(("bar", "Água", "Zebra", "acre")):
        office.do_now(
            companies.add,
            actor,
            draft(cnpj=number(root + 1), nickname=name, legal_name=f"{name} Ltda"),
        )

    def by(sort: str | None, descending: bool = False) -> list[str]:
        wanted = office.ask_now(companies.ids, actor, sort=sort, descending=descending)
        found = office.ask_now(companies.rows, actor, wanted)
        return [found[each].nickname for each in wanted]

    for sort in (None, "nickname", "legal_name"):
        assert by(sort) == ["acre", "Água", "bar", "Zebra"]
        assert by(sort, descending=True) == ["Zebra", "bar", "Água", "acre"]
    assert by("cnpj") == ["bar", "Água", "Zebra", "acre"]


def test_new_ones_follow_the_partner(office: Office, actor: Actor) -> None:
    """R14: InvoiCy Mail is on for new companies where the partner wants it, unless told."""

    def wish(session: Any) -> None:
        session.get_one(Partner, actor.partner_id).auto_invoicy_mail = True

    assert office.do_now(companies.add, actor, draft()).invoicy_mail is False
    office.do_now(wish)
    assert office.do_now(companies.add, actor, draft(cnpj=number(1))).invoicy_mail is True
    told = office.do_now(companies.add, actor, draft(cnpj=number(2), invoicy_mail=False))
    assert told.invoicy_mail is False


def test_headquarters_that_becomes_a_branch_meanwhile(office: Office, actor: Actor) -> None:
    """Of two sessions the second sees what the first did, however close they are."""
    one, two, three = (
        office.do_now(companies.add, actor, draft(cnpj=number(9, order))) for order in (1, 2, 3)
    )
    refused: list[Exception] = []

    def branch_of_two() -> None:
        try:
            office.do_now(companies.edit, actor, three.id, {"headquarters": two.cnpj})
        except InvalidFields as e:
            refused.append(e)

    second = threading.Thread(target=branch_of_two)
    with office.store.writing() as session:
        companies.edit(session, actor, two.id, {"headquarters": one.cnpj})
        session.flush()
        second.start()
        until_it_waits(office.store, second)
    second.join(60)
    assert [str(each) for each in refused] == ["Matriz: Loja é ela mesma uma filial"]
    assert office.ask_now(companies.view, actor, three.id).headquarters is None


def test_second_editor_is_told_who_was_first(
    office: Office, actor: Actor, company: CompanyView
) -> None:
    """No silent overwrite: the conflict names who changed it."""
    office.do_now(companies.edit, actor, company.id, {"nickname": "Nova"}, version=company.version)
    with pytest.raises(Conflict, match="ana"):
        office.do_now(
            companies.edit, actor, company.id, {"nickname": "Outra"}, version=company.version
        )
    assert office.ask_now(companies.view, actor, company.id).nickname == "Nova"


def test_unchanged_edit_keeps_the_version(
    office: Office, actor: Actor, company: CompanyView
) -> None:
    """Saving the same values is no change and no audit entry (R55)."""
    same = office.do_now(companies.edit, actor, company.id, {"nickname": company.nickname})
    assert same.version == company.version


def test_company_users_see_only_theirs(office: Office, actor: Actor, company: CompanyView) -> None:
    """R53: another company is not found, and changing companies is the partner's."""
    other = office.do_now(companies.add, actor, draft())
    rui = user_of(office, actor, company.cnpj)
    assert list(office.ask_now(companies.ids, rui)) == [company.id]
    assert office.ask_now(companies.only, rui) == company
    assert office.ask_now(companies.only, actor) is None
    assert list(office.ask_now(companies.rows, rui, [company.id, other.id])) == [company.id]
    for ask in (
        lambda: office.ask_now(companies.by_cnpj, rui, other.cnpj),
        lambda: office.ask_now(companies.view, rui, other.id),
    ):
        with pytest.raises(NotFound):
            ask()
    for change in (
        lambda: office.do_now(companies.add, rui, draft()),
        lambda: office.do_now(companies.edit, rui, company.id, {"may_register": True}),
        lambda: office.do_now(companies.remove, rui, company.id),
    ):
        with pytest.raises(NotAllowed):
            change()


def test_every_change_is_audited(office: Office, actor: Actor, company: CompanyView) -> None:
    """R55: who, what, from what to what; only what differs."""
    office.do_now(companies.edit, actor, company.id, {"nickname": "Nova"})
    entry = office.ask_now(
        lambda s: s.scalars(select(AuditEntry).order_by(AuditEntry.id.desc()).limit(1)).one()
    )
    assert (entry.user_nickname, entry.action, entry.entity_id) == ("ana", "edit", company.id)
    assert (entry.before, entry.after) == ({"nickname": company.nickname}, {"nickname": "Nova"})


def test_removal_takes_servers_and_secrets(
    office: Office, actor: Actor, company: CompanyView
) -> None:
    """R12: with its last company a server and its password go."""
    office.do_now(
        mailboxes.add,
        actor,
        company.id,
        MailboxDraft("send", "Notas", "Padaria", "n@x.com", password="s", host="smtp.x.com"),
    )
    office.do_now(companies.remove, actor, company.id)
    assert not office.ask_now(lambda s: s.scalars(select(EmailServer)).all())
    assert not office.ask_now(lambda s: s.scalars(select(Secret)).all())


def test_removal_is_refused_while_mail_waits(
    office: Office, actor: Actor, company: CompanyView
) -> None:
    """R33: nothing accepted is lost with its company."""
    office.do_now(
        queue.enqueue,
        partner_id=actor.partner_id,
        company_id=company.id,
        to=["a@x.com"],
        subject="s",
        body="b",
    )
    with pytest.raises(Refused, match="fila"):
        office.do_now(companies.remove, actor, company.id)


def test_unknown_field(office: Office, actor: Actor, company: CompanyView) -> None:
    """A field that does not exist is named."""
    with pytest.raises(Invalid) as refusal:
        office.do_now(companies.edit, actor, company.id, {"colour": "blue"})
    assert refusal.value.field == "colour"
