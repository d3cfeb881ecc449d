"""The bell's words in English too; what is there keeps the words in which it was told."""

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.add_column("bell_entry", sa.Column("title_en", sa.String(998)))
    op.add_column("bell_entry", sa.Column("text_en", sa.Text()))
