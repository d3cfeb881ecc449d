"""*Importar da Matriz* and *do Parceiro*: what goes, what comes, who may, two at once (R6)."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from sqlalchemy import select

from services.errors import (
    CarteiroError,
    Conflict,
    Invalid,
    InvalidFields,
    NotAllowed,
    NotFound,
    Refused,
)
from services.office import Office
from services.registry import companies, copying, imports, mailboxes, rotation, servers
from services.registry.origins import Origin
from services.registry.server_form import ServerDraft
from services.store.models import AuditEntry, EmailServer, Mailbox
from tests.registry.branch import Family
from tests.store_fixtures import PARTNER_KEY


def test_a_copy_takes_the_place_of_all(family: Family) -> None:
    """R6: every sending mailbox goes, the copy comes filled, with a password of its own."""
    origin = family.add(family.head, "matriz", port=2525, security="starttls", timeout=9)
    for name in ("um", "dois"):
        family.add(family.branch, name)
    reader = family.add(family.branch, "leitura", "read")
    copy = family.office.do_now(imports.from_headquarters, family.actor, family.branch.id)
    assert family.sending() == [copy]
    assert (copy.nickname, copy.sender_name, copy.email) == ("Matriz", "De matriz", "matriz@x.com")
    assert (copy.host, copy.port, copy.security, copy.timeout) == (
        "matriz.x.com",
        2525,
        "starttls",
        9,
    )
    assert copy.server_id != origin.server_id
    assert copy.origin == Origin(
        "headquarters", origin.server_id, "Matriz <matriz@x.com>", drifted=False
    )
    assert family.password(copy.server_id) == "senha-matriz"
    kept = [s.id for s in family.office.ask_now(servers.list_servers, family.actor)]
    assert sorted(kept) == sorted([origin.server_id, reader.server_id, copy.server_id])
    assert family.emails(family.head) == ["matriz@x.com"]


def test_the_sender_name_is_the_branchs(family: Family) -> None:
    """R6: the one field that may be chosen; what is no name is refused and nothing is removed."""
    family.add(family.head, "matriz")
    family.add(family.branch, "loja")
    for bad in ("", " ", "a\r\nBcc: x@y.com", "n" * 201):
        with pytest.raises(InvalidFields) as refusal:
            family.office.do_now(
                imports.from_headquarters, family.actor, family.branch.id, None, bad
            )
        assert refusal.value.field == "sender_name"
    assert family.emails() == ["loja@x.com"]
    copy = family.office.do_now(
        imports.from_headquarters, family.actor, family.branch.id, sender_name=" Filial "
    )
    assert copy.sender_name == "Filial"
    assert family.sending(family.head)[0].sender_name == "De matriz"


def test_a_branch_user_imports_what_it_does_not_see(family: Family) -> None:
    """R6, R11, R53: allowed with permission; address and nickname are learned, no secret."""
    origin = family.add(family.head, "matriz")
    with pytest.raises(NotFound):
        family.office.ask_now(mailboxes.view, family.rui, origin.id)
    seen = family.office.ask_now(imports.preview, family.rui, family.branch.id, "headquarters")
    assert (seen.comes.nickname, seen.comes.email) == ("Matriz", "matriz@x.com")
    assert "senha" not in repr(seen)
    copy = family.office.do_now(imports.from_headquarters, family.rui, family.branch.id)
    assert copy.companies == (family.branch.cnpj,)
    family.office.do_now(companies.edit, family.actor, family.branch.id, {"may_register": False})
    with pytest.raises(NotAllowed, match="Contábil Sul"):
        family.office.do_now(imports.from_headquarters, family.rui, family.branch.id)


def test_from_the_partner(family: Family) -> None:
    """R6: any server of the partner that can send, by its number; only for partner users."""
    draft = ServerDraft(
        kind="both",
        nickname="Central",
        sender_name="Contábil",
        email="central@x.com",
        partner_key=PARTNER_KEY,
        password="segredo",
        smtp_host="smtp.x.com",
        pop_host="pop.x.com",
    )
    central = family.office.do_now(servers.add, family.actor, draft)
    family.add(family.branch, "loja")
    with pytest.raises(NotAllowed):
        family.office.do_now(imports.from_partner, family.rui, family.branch.id, central.id)
    copy = family.office.do_now(imports.from_partner, family.actor, family.branch.id, central.id)
    assert family.emails() == ["central@x.com"]
    assert copy.kind == "send"
    assert copy.origin is not None
    assert copy.origin.kind == "partner"
    server = family.office.ask_now(servers.view, family.actor, copy.server_id)
    assert server.pop_host is None
    assert server.origin == copy.origin


def test_what_cannot_be_copied(family: Family) -> None:
    """R4, R6, R7: unknown, reading only, inactive, in use for reading, already here."""
    one = family.add(family.head, "matriz")
    reads = family.add(family.head, "entrada", "read")
    off = family.add(family.head, "antiga", active=False)
    both = family.add(family.head, "comum")
    family.add(family.branch, "comum", "read")

    def refused(error: type[CarteiroError], server_id: int | None, words: str) -> None:
        with pytest.raises(error, match=words) as refusal:
            family.office.do_now(
                imports.from_headquarters, family.actor, family.branch.id, server_id
            )
        assert refusal.value.field == "server"

    refused(NotFound, 999, "999")
    refused(NotFound, reads.server_id, "não encontrado")
    refused(Refused, off.server_id, "inativa")
    refused(Refused, both.server_id, "leitura")
    family.office.do_now(imports.from_headquarters, family.actor, family.branch.id)
    family.add(family.head, "terceira")
    refused(Refused, one.server_id, "cópia")
    family.add(family.head, "quarta")
    refused(Invalid, None, "terceira@x.com")
    assert family.emails() == ["matriz@x.com"]
    assert family.emails(family.head)[0] == "matriz@x.com"


def test_not_of_a_mailbox_that_is_shared(family: Family) -> None:
    """R6: what both use already is no copy to be had."""
    origin = family.add(family.head, "matriz")
    family.office.do_now(
        lambda s: s.add(
            Mailbox(server_id=origin.server_id, company_id=family.branch.id, function="send")
        )
    )
    with pytest.raises(Refused, match="já envia"):
        family.office.do_now(imports.from_headquarters, family.actor, family.branch.id)


def test_a_shared_mailbox_is_only_unlinked(family: Family) -> None:
    """R6, R12: a server that serves others lives on with them."""
    family.add(family.head, "matriz")
    shared = family.add(family.branch, "comum")
    family.office.do_now(
        lambda s: s.add(
            Mailbox(server_id=shared.server_id, company_id=family.head.id, function="send")
        )
    )
    copy = family.office.do_now(imports.from_headquarters, family.actor, family.branch.id)
    assert family.emails() == [copy.email]
    assert set(family.emails(family.head)) == {"matriz@x.com", "comum@x.com"}
    assert family.password(shared.server_id) == "senha-comum"


def test_it_is_audited_without_secrets(family: Family) -> None:
    """R55: who, what went and what came."""
    family.add(family.head, "matriz")
    family.add(family.branch, "loja")
    family.office.do_now(imports.from_headquarters, family.rui, family.branch.id)

    def entries(session: Any) -> list[AuditEntry]:
        return list(session.scalars(select(AuditEntry).where(AuditEntry.user_nickname == "rui")))

    told = family.office.ask_now(entries)
    (entry,) = [each for each in told if each.action == "import"]
    assert (entry.company_id, entry.entity) == (family.branch.id, "mailbox")
    assert entry.before == {"mailboxes": ["loja@x.com"]}
    assert entry.after is not None
    assert entry.after["origin"] == "Matriz <matriz@x.com>"
    assert not any("senha" in f"{each.before} {each.after}" for each in told)


def test_nothing_goes_that_was_not_seen(family: Family) -> None:
    """R6: who decides on an older picture is told, and nothing is removed."""
    family.add(family.head, "matriz")
    family.add(family.branch, "um")
    seen = family.office.ask_now(
        imports.preview, family.actor, family.branch.id, "headquarters"
    ).seen
    family.add(family.branch, "dois")
    with pytest.raises(Conflict):
        family.office.do_now(imports.from_headquarters, family.actor, family.branch.id, seen=seen)
    assert family.emails() == ["um@x.com", "dois@x.com"]


def test_two_at_once_one_wins(family: Family, office: Office) -> None:
    """R6: of two who import at the same moment one is told; there is one copy, nothing is lost."""
    for name in ("um", "dois"):
        family.add(family.head, name)
    family.add(family.branch, "loja")
    choices = [view.server_id for view in family.sending(family.head)]
    seen = office.ask_now(
        imports.preview, family.actor, family.branch.id, "headquarters", choices[0]
    ).seen
    start = threading.Barrier(2)
    outcome: list[object] = []

    def go(server_id: int) -> None:
        start.wait()
        try:
            outcome.append(
                office.do_now(
                    imports.from_headquarters,
                    family.actor,
                    family.branch.id,
                    server_id,
                    seen=seen,
                ).email
            )
        except CarteiroError as e:
            outcome.append(e)

    threads = [threading.Thread(target=go, args=(each,)) for each in choices]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    (won,) = [each for each in outcome if isinstance(each, str)]
    (told,) = [each for each in outcome if not isinstance(each, str)]
    assert isinstance(told, Conflict)
    assert family.emails() == [won]


def test_a_copy_is_edited_by_its_sender_name_only(family: Family) -> None:
    """R6, R9: name and switch; everything else is refused with what to do; the form may send all."""
    family.add(family.head, "matriz")
    copy = family.office.do_now(imports.from_headquarters, family.actor, family.branch.id)
    same = {"email": copy.email, "host": copy.host, "port": copy.port, "password": ""}
    edited = family.office.do_now(
        mailboxes.edit, family.rui, copy.id, {**same, "sender_name": "Filial", "active": False}
    )
    assert (edited.sender_name, edited.active) == ("Filial", False)
    for change in (
        {"host": "other.x.com", "password": "minha"},
        {"password": "minha"},
        {"nickname": "Outra"},
        {"username": "outro"},
    ):
        with pytest.raises(Refused, match="Contábil Sul") as refusal:
            family.office.do_now(mailboxes.edit, family.rui, copy.id, change)
        assert refusal.value.field == next(iter(change))
    with pytest.raises(Refused, match="Servidores de E-mail"):
        family.office.do_now(mailboxes.edit, family.actor, copy.id, {"port": 26})
    changed = family.office.do_now(servers.edit, family.actor, copy.server_id, {"smtp_port": 26})
    assert changed.smtp_port == 26


def test_resync(family: Family) -> None:
    """R6: values and password of now, the name stays, a clean slate; what changes is shown first."""
    origin = family.add(family.head, "matriz")
    copy = family.office.do_now(
        imports.from_headquarters, family.actor, family.branch.id, sender_name="Filial"
    )
    assert family.office.ask_now(copying.differences, family.rui, copy.id) == ()
    unchanged = family.office.do_now(copying.resync, family.rui, copy.id)
    assert unchanged.version == copy.version
    family.office.do_now(
        mailboxes.edit,
        family.actor,
        origin.id,
        {"host": "new.x.com", "password": "nova", "sender_name": "Outro"},
    )
    drifted = family.office.ask_now(mailboxes.view, family.rui, copy.id)
    assert drifted.origin is not None
    assert drifted.origin.drifted
    shown = family.office.ask_now(copying.differences, family.rui, copy.id)
    assert [(d.field, d.here, d.there) for d in shown] == [
        ("smtp_host", "matriz.x.com", "new.x.com"),
        ("password", None, "***"),
    ]

    def fail(session: Any) -> None:
        server = session.get_one(EmailServer, copy.server_id)
        server.refusals, server.health = 5, "down"

    family.office.do_now(fail)
    synced = family.office.do_now(copying.resync, family.rui, copy.id)
    assert synced.origin is not None
    assert not synced.origin.drifted
    assert (synced.host, synced.sender_name, synced.health) == ("new.x.com", "Filial", "unknown")
    assert family.password(copy.server_id) == "nova"
    told = family.office.ask_now(
        lambda s: s.scalars(select(AuditEntry).where(AuditEntry.action == "resync")).one()
    )
    assert told.after == {"smtp_host": "new.x.com", "password": "***"}


def test_a_copy_of_a_copy_follows(family: Family) -> None:
    """R6: what is new passes on link by link, passwords included."""
    origin = family.add(family.branch, "partner")
    head = family.office.do_now(
        imports.from_partner, family.actor, family.head.id, origin.server_id
    )
    branch = family.office.do_now(
        imports.from_headquarters, family.actor, family.branch.id, head.server_id
    )
    shared = family.office.ask_now(mailboxes.view, family.actor, head.id)
    assert shared.origin is not None
    assert shared.origin.server_id is None
    family.office.do_now(servers.edit, family.actor, head.server_id, {"password": "outra"})
    drifted = family.office.ask_now(mailboxes.view, family.actor, branch.id)
    assert drifted.origin is not None
    assert drifted.origin.drifted
    family.office.do_now(copying.resync, family.actor, branch.id)
    assert family.password(branch.server_id) == "outra"


def test_one_password_for_both_keeps_them_in_step(family: Family) -> None:
    """R6: a copy that gets its origin's new password by another way has not drifted."""
    origin = family.add(family.head, "matriz")
    copy = family.office.do_now(imports.from_headquarters, family.actor, family.branch.id)

    def drifted() -> bool | None:
        known = family.office.ask_now(mailboxes.view, family.actor, copy.id).origin
        return None if known is None else known.drifted

    family.office.do_now(rotation.rotate, family.actor, [copy.server_id, origin.server_id], "nova")
    assert drifted() is False
    family.office.do_now(mailboxes.edit, family.actor, origin.id, {"password": "outra"})
    assert drifted() is True
    family.office.do_now(servers.edit, family.actor, copy.server_id, {"password": "outra"})
    assert drifted() is False


def test_what_cannot_be_resynced(family: Family) -> None:
    """R6, R7: no copy, no origin any more, an address that the branch uses otherwise by now."""
    origin = family.add(family.head, "matriz")
    with pytest.raises(Refused, match="não é cópia"):
        family.office.do_now(copying.resync, family.actor, origin.id)
    copy = family.office.do_now(imports.from_headquarters, family.actor, family.branch.id)
    family.add(family.branch, "nova", "read")
    family.office.do_now(mailboxes.edit, family.actor, origin.id, {"email": "nova@x.com"})
    with pytest.raises(Refused, match="leitura"):
        family.office.do_now(copying.resync, family.actor, copy.id)
    family.office.do_now(mailboxes.remove, family.actor, origin.id)
    with pytest.raises(Refused, match=r"Matriz <matriz@x\.com>"):
        family.office.do_now(copying.resync, family.actor, copy.id)
    with pytest.raises(Refused, match="já não existe"):
        family.office.do_now(mailboxes.edit, family.actor, copy.id, {"port": 26})
