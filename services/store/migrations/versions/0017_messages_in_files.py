"""Where a raw message is that was put into a file beside the database."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    op.add_column("blob", sa.Column("segment", sa.String(40)))
    op.add_column("blob", sa.Column("position", sa.BigInteger()))
    op.create_index(
        "ix_blob_segment",
        "blob",
        ["segment", "size"],
        sqlite_where=sa.text("segment IS NOT NULL"),
        postgresql_where=sa.text("segment IS NOT NULL"),
    )
