"""Documents by e-mail: what there is to say of an e-mail on its record."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    op.add_column("outbox_content", sa.Column("note", sa.String(length=500), nullable=True))
