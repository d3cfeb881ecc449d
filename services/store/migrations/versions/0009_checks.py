"""Chain and protocol among the checks of a document, and why each label is what it is."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    for name in ("check_chain", "check_protocol"):
        op.add_column(
            "document",
            sa.Column(name, sa.String(length=12), nullable=False, server_default=""),
        )
    op.add_column(
        "document", sa.Column("check_reasons", sa.Text(), nullable=False, server_default="")
    )
