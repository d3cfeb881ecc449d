"""Bringing back what an import removed (R6)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from services import clock
from services.errors import Conflict, NotAllowed, NotFound, Refused
from services.registry import (
    companies,
    imports,
    links,
    mailboxes,
    origins,
    removed,
    rotation,
    servers,
    undoing,
)
from services.registry.companies import CompanyDraft
from services.store.models import EmailServer, Mailbox, MailboxImport, RemovedMailbox
from tests.registry.branch import Family


@pytest.fixture
def later() -> Iterator[Any]:
    """``later(days=30)`` sets the program's clock on."""
    at = clock.now()

    def go(**spell: float) -> None:
        clock.set_source(lambda: at + timedelta(**spell))

    yield go
    clock.set_source(None)


def imported(family: Family) -> Any:
    return family.office.do_now(imports.from_headquarters, family.actor, family.branch.id)


def undo(family: Family) -> undoing.Undone:
    return family.office.do_now(undoing.undo, family.actor, family.branch.id)


def last(family: Family) -> undoing.ImportView | None:
    return family.office.ask_now(undoing.last, family.actor, family.branch.id)


def test_all_come_back_as_they_were(family: Family) -> None:
    """R6: order, values, switch, health and passwords; the copy and what was kept are gone."""
    family.add(family.head, "matriz")
    family.add(family.branch, "um", port=26, security="none", authenticate=False, timeout=7)
    two = family.add(family.branch, "dois", active=False)
    family.office.do_now(mailboxes.move, family.actor, two.id, 0)

    def fail(session: Any) -> None:
        server = session.get_one(EmailServer, two.server_id)
        server.health, server.health_reason, server.health_since = "failing", "porque", clock.now()

    family.office.do_now(fail)
    before = family.sending()
    copy = imported(family)
    assert family.places_of_secrets().count("removed_mailbox") == 2
    seen = last(family)
    assert seen is not None
    assert (seen.by, seen.email, seen.why_not) == ("ana", copy.email, None)
    assert [kept.email for kept in seen.back] == ["dois@x.com", "um@x.com"]
    assert seen.undo_until - seen.at == timedelta(days=30)
    done = undo(family)
    after = family.sending()
    assert list(done.back) == after
    assert not done.copy_kept

    def told(view: Any) -> dict[str, Any]:
        names = set(view.__dataclass_fields__) - {"id", "server_id"}
        return {name: getattr(view, name) for name in names}

    assert [told(view) for view in after] == [told(view) for view in before]
    assert [family.password(view.server_id) for view in after] == ["senha-dois", "senha-um"]
    assert family.places_of_secrets().count("removed_mailbox") == 0
    found = family.office.ask_now(servers.list_servers, family.actor)
    assert copy.server_id not in [server.id for server in found if server.email == copy.email]
    assert last(family) is None
    with pytest.raises(Refused, match="já foi desfeita"):
        undo(family)


def test_a_found_again_server_is_found_by_words(family: Family) -> None:
    """R16: what came back is found as before."""
    family.add(family.head, "matriz")
    family.add(family.branch, "acai", nickname="Açaí")
    imported(family)
    undo(family)
    found = family.office.ask_now(mailboxes.ids, family.actor, filter="acai")
    assert len(found) == 1


def test_a_shared_server_is_linked_again(family: Family) -> None:
    """R6: one that lives on with others comes back as it is by then."""
    family.add(family.head, "matriz")
    shared = family.add(family.branch, "comum")
    theirs = family.office.do_now(
        companies.add, family.actor, CompanyDraft("12ABC34501DE35", "Loja", "Loja Ltda")
    )
    family.office.do_now(
        lambda s: s.add(Mailbox(server_id=shared.server_id, company_id=theirs.id, function="send"))
    )
    imported(family)
    family.office.do_now(
        servers.edit, family.actor, shared.server_id, {"password": "nova", "smtp_port": 26}
    )
    undo(family)
    (back,) = family.sending()
    assert (back.server_id, back.port) == (shared.server_id, 26)
    assert family.password(back.server_id) == "nova"
    assert len(back.companies) == 2


def test_a_shared_server_that_went_meanwhile(family: Family) -> None:
    """R6: nothing is lost, not even what others removed in the meantime."""
    family.add(family.head, "matriz")
    shared = family.add(family.branch, "comum")
    theirs = family.office.do_now(
        companies.add, family.actor, CompanyDraft("12ABC34501DE35", "Loja", "Loja Ltda")
    )
    family.office.do_now(
        lambda s: s.add(Mailbox(server_id=shared.server_id, company_id=theirs.id, function="send"))
    )
    imported(family)
    (link,) = family.sending(theirs)
    assert family.office.do_now(mailboxes.remove, family.actor, link.id)
    undo(family)
    (back,) = family.sending()
    assert (back.email, family.password(back.server_id)) == ("comum@x.com", "senha-comum")


def test_what_came_since_stays_behind(family: Family) -> None:
    """R6, R13: a mailbox registered after the import is kept, after those that come back."""
    family.add(family.head, "matriz")
    family.add(family.branch, "um")
    copy = imported(family)
    family.add(family.branch, "depois")
    family.office.do_now(mailboxes.remove, family.actor, copy.id)
    seen = last(family)
    assert seen is not None
    assert seen.email is None
    undo(family)
    assert family.emails() == ["um@x.com", "depois@x.com"]
    assert [view.position for view in family.sending()] == [0, 1]


def test_addresses_taken_meanwhile(family: Family) -> None:
    """R6, R7: the reason and what to do; nothing is changed until it is out of the way."""
    family.add(family.head, "matriz")
    family.add(family.branch, "um")
    copy = imported(family)
    again = family.add(family.branch, "um", host="other.x.com")
    with pytest.raises(Refused, match=r"um@x\.com já foi cadastrado de novo"):
        undo(family)
    seen = last(family)
    assert seen is not None
    assert "cadastrado de novo" in (seen.why_not or "")
    family.office.do_now(mailboxes.remove, family.actor, again.id)
    reader = family.add(family.branch, "um", "read")
    with pytest.raises(Refused, match="leitura"):
        undo(family)
    assert family.emails() == [copy.email]
    family.office.do_now(mailboxes.remove, family.actor, reader.id)
    undo(family)
    assert family.emails() == ["um@x.com"]


def test_the_same_address_as_the_copys(family: Family) -> None:
    """R6: the copy itself is not in the way of the mailbox that it replaced."""
    family.add(family.head, "matriz")
    family.add(family.branch, "matriz", host="own.x.com")
    imported(family)
    undo(family)
    assert [view.host for view in family.sending()] == ["own.x.com"]


def test_a_copy_changed_by_hand_stays_with_the_partner(family: Family) -> None:
    """R6: nothing that somebody typed is lost; a changed sender name is no reason to keep it."""
    family.add(family.head, "matriz")
    family.add(family.branch, "um")
    copy = imported(family)
    family.office.do_now(mailboxes.edit, family.rui, copy.id, {"sender_name": "Filial"})
    assert not undo(family).copy_kept
    copy = imported(family)
    family.office.do_now(
        servers.edit, family.actor, copy.server_id, {"password": "achada", "smtp_port": 26}
    )
    assert undo(family).copy_kept
    assert family.emails() == ["um@x.com"]
    kept = family.office.ask_now(servers.view, family.actor, copy.server_id)
    assert (kept.smtp_port, kept.companies) == (26, ())
    assert family.password(copy.server_id) == "achada"


def test_a_copy_changed_as_its_origin_was_goes(family: Family) -> None:
    """R6: what the origin has too is not lost with the copy."""
    family.add(family.branch, "um")
    origin = family.add(family.head, "matriz")
    copy = imported(family)
    family.office.do_now(rotation.rotate, family.actor, [copy.server_id, origin.server_id], "nova")
    assert not undo(family).copy_kept
    assert len(family.office.ask_now(servers.list_servers, family.actor)) == 2


def test_what_becomes_of_the_copy_is_told_as_it_is(family: Family) -> None:
    """R6: still linked, used by others too, unlinked, changed by hand, removed."""
    family.add(family.head, "matriz")
    family.add(family.branch, "um")
    do, actor = family.office.do_now, family.actor
    shop = do(companies.add, actor, CompanyDraft("12ABC34501DE35", "Loja", "Loja Ltda"))

    def told_and_done() -> tuple[undoing.Fate, undoing.Fate]:
        seen = last(family)
        assert seen is not None
        return seen.copy, undo(family).copy

    imported(family)
    assert told_and_done() == (undoing.Fate.GOES, undoing.Fate.GOES)
    copy = imported(family)
    do(links.link, actor, copy.server_id, [shop.id])
    assert told_and_done() == (undoing.Fate.SHARED, undoing.Fate.SHARED)
    assert len(family.office.ask_now(servers.view, actor, copy.server_id).companies) == 1
    copy = imported(family)
    do(links.unlink, actor, copy.server_id, [family.branch.id])
    assert told_and_done() == (undoing.Fate.UNLINKED, undoing.Fate.UNLINKED)
    assert family.office.ask_now(servers.view, actor, copy.server_id).email == copy.email
    copy = imported(family)
    do(servers.edit, actor, copy.server_id, {"smtp_port": 26})
    assert told_and_done() == (undoing.Fate.CHANGED, undoing.Fate.CHANGED)
    copy = imported(family)
    do(mailboxes.remove, actor, copy.id)
    assert told_and_done() == (undoing.Fate.GONE, undoing.Fate.GONE)
    assert family.emails() == ["um@x.com"]


def test_what_comes_back_is_told_as_it_comes(family: Family) -> None:
    """R6: a server that lives on comes back as it is now."""
    family.add(family.head, "matriz")
    shared = family.add(family.branch, "comum")
    shop = family.office.do_now(
        companies.add, family.actor, CompanyDraft("12ABC34501DE35", "Loja", "Loja Ltda")
    )
    family.office.do_now(links.link, family.actor, shared.server_id, [shop.id])
    imported(family)
    family.office.do_now(servers.edit, family.actor, shared.server_id, {"email": "nova@x.com"})
    seen = last(family)
    assert seen is not None
    assert [kept.email for kept in seen.back] == ["nova@x.com"]
    assert [view.email for view in undo(family).back] == ["nova@x.com"]


def test_import_after_import(family: Family) -> None:
    """R6: undone one by one, the last first, through a copy that came back."""
    first = family.add(family.head, "matriz")
    other = family.add(family.head, "outra")
    family.add(family.branch, "um")
    for server_id in (first.server_id, other.server_id):
        family.office.do_now(imports.from_headquarters, family.actor, family.branch.id, server_id)
    assert family.emails() == ["outra@x.com"]
    undo(family)
    (copy,) = family.sending()
    assert copy.origin is not None
    assert (copy.origin.server_id, copy.origin.drifted) == (first.server_id, False)
    undo(family)
    assert family.emails() == ["um@x.com"]
    with pytest.raises(Refused):
        undo(family)


def test_copies_find_their_origin_again(family: Family) -> None:
    """R6: an origin that was removed and came back is the origin of its copies again."""
    family.add(family.head, "matriz")
    copy = imported(family)
    other = family.office.do_now(
        companies.add, family.actor, CompanyDraft("12ABC34501DE35", "Loja", "Loja Ltda")
    )
    central = family.add(other, "central")
    family.office.do_now(imports.from_partner, family.actor, family.head.id, central.server_id)
    gone = family.office.ask_now(mailboxes.view, family.actor, copy.id).origin
    assert gone is not None
    assert gone.server_id is None
    family.office.do_now(undoing.undo, family.actor, family.head.id)
    (head,) = family.sending(family.head)
    found = family.office.ask_now(mailboxes.view, family.actor, copy.id).origin
    assert found == origins.Origin(
        "headquarters", head.server_id, "Matriz <matriz@x.com>", drifted=False
    )


def test_who_may(family: Family) -> None:
    """R2, R11, R53: with permission, for one's own companies, while the relay is off."""
    family.add(family.head, "matriz")
    family.add(family.branch, "um")
    imported(family)
    with pytest.raises(NotFound):
        family.office.do_now(undoing.undo, family.rui, family.head.id)
    family.office.do_now(companies.edit, family.actor, family.branch.id, {"may_register": False})
    with pytest.raises(NotAllowed, match="Contábil Sul"):
        family.office.do_now(undoing.undo, family.rui, family.branch.id)
    family.office.do_now(
        companies.edit,
        family.actor,
        family.branch.id,
        {"may_register": True, "invoicy_mail": True},
    )
    with pytest.raises(Refused, match="InvoiCy Mail"):
        undo(family)
    family.office.do_now(companies.edit, family.actor, family.branch.id, {"invoicy_mail": False})
    family.office.do_now(undoing.undo, family.rui, family.branch.id)
    assert family.emails() == ["um@x.com"]


def test_who_decided_on_an_older_picture_is_told(family: Family) -> None:
    """R6: another import since then is not undone by mistake."""
    family.add(family.head, "matriz")
    other = family.add(family.head, "outra", active=False)
    imported(family)
    seen = last(family)
    assert seen is not None
    family.office.do_now(mailboxes.edit, family.actor, other.id, {"active": True})
    family.office.do_now(imports.from_headquarters, family.actor, family.branch.id, other.server_id)
    with pytest.raises(Conflict):
        family.office.do_now(undoing.undo, family.actor, family.branch.id, import_id=seen.id)
    assert family.emails() == ["outra@x.com"]


def test_for_thirty_days(family: Family, later: Any) -> None:
    """R6: on the thirtieth day still, afterwards not; then values and passwords are dropped."""
    family.add(family.head, "matriz")
    family.add(family.branch, "um")
    imported(family)
    later(days=29.9)
    assert family.office.do_now(removed.purge) == 0
    assert last(family) is not None
    later(days=30.1)
    assert last(family) is None
    with pytest.raises(Refused, match="30 dias"):
        undo(family)
    assert family.office.do_now(removed.purge) == 1
    assert "removed_mailbox" not in family.places_of_secrets()
    assert family.office.ask_now(lambda s: s.scalars(select(RemovedMailbox)).all()) == []
    assert family.office.ask_now(lambda s: s.scalars(select(MailboxImport)).all()) == []
    with pytest.raises(Refused, match="Nenhuma importação"):
        undo(family)
    assert family.emails() == ["matriz@x.com"]


def test_a_removed_company_leaves_no_secret(family: Family) -> None:
    """The passwords that were kept for it go with it."""
    family.add(family.head, "matriz")
    family.add(family.branch, "um")
    imported(family)
    family.office.do_now(companies.remove, family.actor, family.branch.id)
    assert list(family.places_of_secrets()) == ["email_server"]
