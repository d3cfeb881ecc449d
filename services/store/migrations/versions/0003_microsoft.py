"""Microsoft sign-ins: how an account logs in, who signed in, how the sign-in does."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _add("mechanism VARCHAR(8) NOT NULL DEFAULT 'password'")
    _add("pop_username VARCHAR(254)")
    _add("tenant VARCHAR(64)")
    _add("account VARCHAR(254)")
    _add("account_id VARCHAR(80)")
    op.create_table(
        "sign_in",
        sa.Column("server_id", _ID, nullable=False),
        sa.Column("renewed_at", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("check_at", sa.BigInteger(), nullable=True),
        sa.Column("trouble", sa.String(length=40), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["server_id"], ["email_server.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("server_id"),
    )
    op.create_index("ix_sign_in_check_at", "sign_in", ["check_at"])


def _add(column: str) -> None:
    op.execute(f"ALTER TABLE email_server ADD COLUMN {column}")
