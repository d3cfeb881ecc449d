"""An event and its document that come to two processes at once do not miss each other (R39)."""

from __future__ import annotations

from collections.abc import Collection
from zlib import crc32

from sqlalchemy import text
from sqlalchemy.orm import Session

from services.fiscal.facts import Facts
from services.reading.routing import Destination, holders, route

# A lock a key would fill the server's table of locks: keys share so many.
_PLACES = 256
_LOCK = text(
    """
    SELECT CASE WHEN alone THEN pg_advisory_xact_lock(7243103, place)
        ELSE pg_advisory_xact_lock_shared(7243103, place) END
    FROM unnest(CAST(:places AS int[]), CAST(:alone AS bool[])) AS wanted (place, alone)
    """
)


def meet(
    session: Session, linked: dict[str, Destination], arriving: Collection[Facts]
) -> dict[str, list[Destination]]:
    """What :func:`holders` says of ``arriving``, and it stays so until the unit of work ends.

    On PostgreSQL neither of two writers sees what the other has not committed: one would hold the
    event, for want of the document, and the other find no event that waits for its document. Who
    has an event that nobody is known to have the document of therefore waits for those who are
    importing documents of that key, and the other way round; documents do not wait for documents.
    SQLite has one writer.
    """
    held = holders(session, linked, arriving)
    if session.get_bind().dialect.name != "postgresql":
        return held
    places: dict[int, bool] = {}
    homeless = False
    for facts in arriving:
        routed = bool(route(facts.cnpjs, linked))
        place = crc32(facts.access_key.encode("utf-8", "replace")) % _PLACES
        if facts.event_id and not routed and not held.get(facts.access_key):
            places[place] = homeless = True
        elif not facts.event_id and routed:
            places.setdefault(place, False)
    if places:
        # In one order, so that no two wait in a ring.
        ordered = sorted(places)
        given = {"places": ordered, "alone": [places[place] for place in ordered]}
        session.connection().execute(_LOCK, given)
    return holders(session, linked, arriving) if homeless else held
