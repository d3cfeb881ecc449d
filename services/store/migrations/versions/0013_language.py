"""The language that the program speaks to a person; none: that of the session or the settings."""

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    op.add_column("app_user", sa.Column("language", sa.String(10)))
