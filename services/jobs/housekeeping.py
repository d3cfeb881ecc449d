"""What is kept for a time only, and goes when that is over."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from services.store.engine import Store


async def put_away(store: Store) -> None:
    """Drop what was kept for 30 days: mailboxes that an import removed, and their passwords (R6)."""
    await asyncio.to_thread(partial(_put_away, store))


def _put_away(store: Store) -> None:
    from services.registry import removed

    with store.writing() as session:
        removed.purge(session)
