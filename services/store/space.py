"""Room that rows have left in the database's file, given back to the disk."""

from __future__ import annotations

import sqlite3

from sqlalchemy import text
from sqlalchemy.orm import Session

_PAGES = 256
"""Of 16 KiB: 4 MB in one unit of work."""
_INCREMENTAL = 2
# What comes next takes the room again: only what is far more than that goes back.
_LEAST_PAGES = 4_096
_SHARE = 8


def give_back(session: Session) -> bool:
    """Give back a little of much free room, at the end of SQLite's file; False when there is none.

    PostgreSQL does it by itself. A file that was made without leave to shrink keeps its room for
    what comes; a backup of it, restored, is as small as can be, and shrinks from then on.
    """
    if (
        session.get_bind().dialect.name != "sqlite"
        or _pragma(session, "auto_vacuum") != _INCREMENTAL
    ):
        return False
    free = free_pages(session)
    if free <= max(_LEAST_PAGES, _pragma(session, "page_count") // _SHARE):
        return False
    driver = session.connection().connection.driver_connection
    assert isinstance(driver, sqlite3.Connection)
    # A row without columns for each page: it goes on for as long as they are fetched.
    driver.execute(f"PRAGMA incremental_vacuum({_PAGES})").fetchall()
    return True


def free_pages(session: Session) -> int:
    """Pages of SQLite's file with nothing in them."""
    return _pragma(session, "freelist_count")


def _pragma(session: Session, name: str) -> int:
    return int(session.scalar(text(f"PRAGMA {name}")) or 0)
