"""Limits of sending mailboxes, what they have sent lately, pauses made by hand."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _add("paused_by VARCHAR(60)")
    _add("paused_at BIGINT")
    _add("most_connections INTEGER")
    _add("most_per_minute INTEGER")
    _add("most_per_day INTEGER")
    _add("full_until BIGINT")
    _add("full_per VARCHAR(6)")
    op.create_index(
        "ix_email_server_full",
        "email_server",
        ["full_until"],
        sqlite_where=sa.text("full_until IS NOT NULL"),
        postgresql_where=sa.text("full_until IS NOT NULL"),
    )
    op.create_table(
        "sending_count",
        sa.Column("server_id", _ID, nullable=False),
        sa.Column("per", sa.String(length=6), nullable=False),
        sa.Column("begins_at", sa.BigInteger(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["server_id"], ["email_server.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("server_id", "per", "begins_at"),
    )


def _add(column: str) -> None:
    op.execute(f"ALTER TABLE email_server ADD COLUMN {column}")
