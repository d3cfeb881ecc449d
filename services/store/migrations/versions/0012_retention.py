"""What is kept for a time only: which raw messages are gone, and who refers to which bytes."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"

_RAW = sa.text("raw_removed_at IS NULL AND sha256 <> ''")


def upgrade() -> None:
    op.add_column("inbound_message", sa.Column("raw_removed_at", sa.BigInteger(), nullable=True))
    op.create_index(
        "ix_inbound_raw", "inbound_message", ["id"], sqlite_where=_RAW, postgresql_where=_RAW
    )
    # Without these every blob that goes costs a look at all documents and attachments.
    op.create_index("ix_document_sha256", "document", ["sha256"])
    op.create_index("ix_outbox_attachment_sha256", "outbox_attachment", ["sha256"])
