"""What a copy knows of its origin (R6)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import event

from services.office import Office
from services.registry import mailboxes, origins
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.registry.mailboxes import MailboxDraft, MailboxView
from services.registry.origins import Origin
from services.store.engine import Store
from services.store.models import EmailServer


@pytest.fixture
def pair(office: Office, actor: Actor, company: CompanyView) -> tuple[MailboxView, MailboxView]:
    """A sending mailbox and one that is its copy."""
    values: dict[str, Any] = {"sender_name": "P", "password": "segredo", "host": "mail.x.com"}
    first, second = (
        office.do_now(
            mailboxes.add,
            actor,
            company.id,
            MailboxDraft(function="send", nickname=name, email=f"{name}@x.com", **values),
        )
        for name in ("origem", "copia")
    )

    def tie(session: Any) -> None:
        origin = session.get_one(EmailServer, first.server_id)
        copy = session.get_one(EmailServer, second.server_id)
        for name in origins.CONNECTION:
            setattr(copy, name, getattr(origin, name))
        copy.origin_id, copy.origin_kind = origin.id, origins.PARTNER
        copy.origin_label = origins.label(origin)
        copy.origin_password_version = origin.password_version

    office.do_now(tie)
    return first, second


def of(office: Office, *views: MailboxView) -> dict[int, Origin]:
    return office.ask_now(
        lambda s: origins.of(s, [s.get_one(EmailServer, view.server_id) for view in views])
    )


def test_a_copy_knows_its_origin(
    office: Office, actor: Actor, pair: tuple[MailboxView, MailboxView]
) -> None:
    """R6: kind, server and label; what is no copy has no origin, in the mailbox's view too."""
    first, copy = pair
    known = Origin("partner", first.server_id, "origem <origem@x.com>", drifted=False)
    assert of(office, first, copy) == {copy.server_id: known}
    assert office.ask_now(mailboxes.view, actor, copy.id).origin == known
    assert office.ask_now(mailboxes.view, actor, first.id).origin is None


@pytest.mark.parametrize(
    ("change", "drifted"),
    [
        ({"host": "other.x.com"}, True),
        ({"port": 2525}, True),
        ({"security": "starttls"}, True),
        ({"username": "outro"}, True),
        ({"email": "novo@x.com"}, True),
        ({"authenticate": False}, True),
        ({"verify_certificate": False}, True),
        ({"timeout": 7}, True),
        ({"password": "outra"}, True),
        ({"password": "segredo"}, False),
        ({"sender_name": "Outro"}, False),
        ({"nickname": "Outro"}, False),
        ({"active": False}, False),
    ],
)
def test_drift(
    office: Office,
    actor: Actor,
    pair: tuple[MailboxView, MailboxView],
    change: dict[str, Any],
    drifted: bool,
) -> None:
    """R6: another connection or password makes a copy differ; names and switches do not."""
    first, copy = pair
    office.do_now(mailboxes.edit, actor, first.id, change)
    assert of(office, copy)[copy.server_id].drifted is drifted


def test_the_label_outlives_the_origin(
    office: Office, actor: Actor, pair: tuple[MailboxView, MailboxView]
) -> None:
    """R6: without its origin a copy has not drifted, and still says what it was a copy of."""
    first, copy = pair
    office.do_now(mailboxes.remove, actor, first.id)
    left = Origin("partner", None, "origem <origem@x.com>", drifted=False)
    assert of(office, copy) == {copy.server_id: left}


def test_one_query_for_many(
    office: Office, store: Store, pair: tuple[MailboxView, MailboxView]
) -> None:
    """Whatever the number of copies, the database is asked once; for none, not at all."""
    first, copy = pair
    asked: list[str] = []
    note: Callable[..., None] = lambda *told: asked.append(told[2])  # noqa: E731
    with store.reading() as session:
        rows = [session.get_one(EmailServer, view.server_id) for view in (first, copy)]
        event.listen(store.read_engine, "before_cursor_execute", note)
        try:
            origins.of(session, rows[:1])
            assert asked == []
            origins.of(session, rows * 5)
        finally:
            event.remove(store.read_engine, "before_cursor_execute", note)
    assert len(asked) == 1
