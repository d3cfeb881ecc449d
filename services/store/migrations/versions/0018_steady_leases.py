"""When a lease runs out by the time that its holder's machine has been at work, which nobody sets."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    op.add_column("lease", sa.Column("uptime", sa.Double()))
