"""Municipal NFS-e with a code go without their town in the key; cancellations have an index."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"

_EVENTS = sa.text("event_id <> ''")
_TOWN = slice(14, 21)
_NO_TOWN = "0000000"


def upgrade() -> None:
    op.create_index(
        "ix_document_event",
        "document",
        ["kind", "event_id"],
        sqlite_where=_EVENTS,
        postgresql_where=_EVENTS,
    )
    connection = op.get_bind()
    found = connection.execute(
        sa.text(
            "SELECT id, company_id, event_id, access_key, authorised FROM document"
            " WHERE kind = 'NFSeMunicipal' ORDER BY id"
        )
    ).all()
    taken = {tuple(row[1:4]) for row in found}
    changed = []
    for document_id, company_id, event_id, key, has_code in found:
        if not has_code or key[_TOWN] == _NO_TOWN:
            continue
        bare = key[: _TOWN.start] + _NO_TOWN + key[_TOWN.stop :]
        # The same note under two towns: both stay, and the first is what comes again.
        if (company_id, event_id, bare) not in taken:
            taken.add((company_id, event_id, bare))
            changed.append({"the_id": document_id, "bare": bare})
    if changed:
        connection.execute(
            sa.text("UPDATE document SET access_key = :bare WHERE id = :the_id"), changed
        )
