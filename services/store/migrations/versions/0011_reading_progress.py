"""How far the work is for which somebody holds a lease; living leases are found at once."""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    op.add_column("lease", sa.Column("done", sa.Integer(), nullable=True))
    op.add_column("lease", sa.Column("total", sa.Integer(), nullable=True))
    op.create_index("ix_lease_until", "lease", ["until"])
