"""When the work began that a lease is for: whoever takes it over tells of all since then."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    op.add_column("lease", sa.Column("since", sa.BigInteger()))
