"""Many rows in one statement: the same on both databases as one by one."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from services.clock import now
from services.registry.access import Actor
from services.store.engine import Store
from services.store.mail import Blob, InboundMessage, InboundState
from services.store.rows import AT_ONCE, insert_rows, update_rows

_MANY = AT_ONCE * 2 + 7


def _messages(actor: Actor, count: int) -> list[dict[str, object]]:
    return [
        {"partner_id": actor.partner_id, "sha256": f"{n:064d}", "size": n, "found": [{"n": n}]}
        for n in range(count)
    ]


def test_more_than_one_statement_takes(store: Store, actor: Actor) -> None:
    """Every row is there, with what the model gives by itself; each is returned once."""
    began = now()
    with store.writing() as session:
        rows = insert_rows(
            session, InboundMessage, _messages(actor, _MANY), returning=("id", "sha256")
        )
    assert {sha256 for _id, sha256 in rows} == {f"{n:064d}" for n in range(_MANY)}
    with store.reading() as session:
        found = list(session.scalars(select(InboundMessage).order_by(InboundMessage.size)))
    assert [row.size for row in found] == list(range(_MANY))
    assert [row.id for row in found] == [i for i, _sha in sorted(rows, key=lambda row: row[1])]
    last = found[-1]
    assert (last.found, last.state, last.uidl) == ([{"n": _MANY - 1}], InboundState.STORED, "")
    assert last.fetched_at >= began
    assert last.deleted_at is None


def test_what_is_there_stays(store: Store) -> None:
    """With the conflict clause nothing is overwritten and only what is new is returned; without, it fails."""
    old = {"sha256": "a", "size": 1, "data": b"old"}
    new = [{"sha256": "a", "size": 3, "data": b"new"}, {"sha256": "b", "size": 3, "data": b"two"}]
    with store.writing() as session:
        insert_rows(session, Blob, [old])
        fresh = insert_rows(
            session, Blob, new, conflict="ON CONFLICT DO NOTHING", returning=("sha256",)
        )
    assert fresh == [("b",)]
    with store.reading() as session:
        assert session.scalar(select(Blob.data).where(Blob.sha256 == "a")) == b"old"
    with pytest.raises(IntegrityError), store.writing() as session:
        insert_rows(session, Blob, [old])


def test_each_row_gets_its_own_values(store: Store, actor: Actor) -> None:
    """NULL, JSON, instants and text, for more rows than one statement takes; others stay."""
    at = now()
    with store.writing() as session:
        rows = insert_rows(
            session, InboundMessage, _messages(actor, _MANY), returning=("id", "size")
        )
        given = [
            {
                "id": inbound_id,
                "subject": f"Nota nº {size}",
                "reason": None if size % 2 else "malformed",
                "found": [size],
                "committed_at": at if size % 2 else None,
            }
            for inbound_id, size in rows
            if size
        ]
        update_rows(session, InboundMessage, ("id",), given)
    with store.reading() as session:
        found = list(session.scalars(select(InboundMessage).order_by(InboundMessage.size)))
    assert (found[0].subject, found[0].found) == ("", [{"n": 0}])
    for row in found[1:]:
        odd = row.size % 2
        assert (row.subject, row.found) == (f"Nota nº {row.size}", [row.size])
        assert (row.reason, row.committed_at) == ((None, at) if odd else ("malformed", None))


def test_nothing_is_nothing(store: Store) -> None:
    """No row, no statement."""
    with store.writing() as session:
        assert insert_rows(session, Blob, []) == []
        update_rows(session, Blob, ("sha256",), [])
