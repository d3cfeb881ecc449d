"""Keeping and reading secrets of rows; the vault behind it is opened only when one is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from sqlalchemy.orm import Session

if TYPE_CHECKING:
    from services.store.engine import Store
    from services.store.vault import Vault


def put(session: Session, place: str, owner: int, field: str, secret: str) -> None:
    """Keep ``secret`` of row ``owner`` of table ``place`` in this unit of work."""
    _vault(session).put(session, place, owner, field, secret)


def get(session: Session, place: str, owner: int, field: str) -> str | None:
    """The secret kept there, or None. Raises ``Unavailable`` when the master key is not its own."""
    return _vault(session).get(session, place, owner, field)


def copy(session: Session, place: str, owner: int, to_place: str, to_owner: int) -> None:
    """Keep every secret of row ``owner`` of table ``place`` for another row too."""
    _vault(session).copy(session, place, owner, to_place, to_owner)


def drop(session: Session, place: str, owner: int) -> None:
    """Forget every secret of that row."""
    _vault(session).drop(session, place, owner)


def _vault(session: Session) -> Vault:
    return cast("Store", session.info["store"]).vault
