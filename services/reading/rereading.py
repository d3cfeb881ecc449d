"""Reading again what is in quarantine, from the message as it was kept (R41)."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, Protocol

from sqlalchemy.exc import DBAPIError

from services.reading import quarantine
from services.reading.importing import REFUSED, Imported
from services.reading.recovery import first_line
from services.reading.taking_apart.extractor import Extractor
from services.reading.taking_apart.findings import Preview
from services.reading.taking_apart.problems import Problem


class Asker(Protocol):
    """Runs services in somebody's name."""

    def ask(self, service: Callable[..., Any], *args: Any) -> Coroutine[Any, Any, Any]: ...

    def do(self, service: Callable[..., Any], *args: Any) -> Coroutine[Any, Any, Any]: ...


async def reread(asker: Asker, extractor: Extractor, quarantine_id: int) -> Imported:
    """Take the message of this item apart anew, in the child, and import it.

    Raises ``NotFound`` where its content was never kept, ``Conflict`` when somebody has decided.
    """
    raw: bytes = await asker.ask(quarantine.message, quarantine_id)
    (extracted,) = await extractor.extract_many([raw])
    try:
        done: Imported = await asker.do(quarantine.retry, quarantine_id, extracted)
    except (DBAPIError, ValueError, TypeError, OverflowError) as e:
        problem = Problem(reason=REFUSED, detail=first_line(e))
        done = await asker.do(quarantine.retry, quarantine_id, problem)
    return done


async def looked_into(asker: Asker, quarantine_id: int) -> Preview:
    """Headers, parts and text of the message of this item, found out in the child.

    Raises ``NotFound`` where its content was never kept.
    """
    raw: bytes = await asker.ask(quarantine.message, quarantine_id)
    extractor = Extractor()
    try:
        return await extractor.preview(raw)
    finally:
        await extractor.close()
