"""The bell for years: what keeps happening is one entry, found by company, type and severity."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    whole = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    _add("bell_entry", f"turn {whole} NOT NULL DEFAULT 0")
    _add("bell_entry", "first_at BIGINT NOT NULL DEFAULT 0")
    _add("bell_entry", "count INTEGER NOT NULL DEFAULT 1")
    _add("bell_entry", "fold_key VARCHAR(200)")
    _add("bell_entry", "mailed_at BIGINT")
    op.execute("UPDATE bell_entry SET turn = id, first_at = at")
    _add("bell_read", f"turn {whole} NOT NULL DEFAULT 0")
    op.execute("UPDATE bell_read SET turn = entry_id")
    _add("company", "silence_notice BOOLEAN NOT NULL DEFAULT TRUE")
    _add("notification_type", "by_bell BOOLEAN NOT NULL DEFAULT TRUE")
    _add("notification_type", "title_en VARCHAR(120) NOT NULL DEFAULT ''")
    _add("notification_type", "text VARCHAR(4000) NOT NULL DEFAULT ''")
    _add("notification_type", "text_en VARCHAR(4000) NOT NULL DEFAULT ''")
    op.drop_index("ix_bell_partner", "bell_entry")
    op.drop_index("ix_bell_company", "bell_entry")
    op.create_index("ix_bell_turn", "bell_entry", ["turn"])
    op.create_index("ix_bell_partner", "bell_entry", ["partner_id", "turn"])
    op.create_index("ix_bell_company", "bell_entry", ["company_id", "turn"])
    op.create_index("ix_bell_type", "bell_entry", ["partner_id", "type_key", "turn"])
    op.create_index("ix_bell_severity", "bell_entry", ["partner_id", "severity", "turn"])
    op.create_index("ix_bell_both", "bell_entry", ["partner_id", "type_key", "severity", "turn"])
    op.create_index("ix_bell_age", "bell_entry", ["severity", "at"])
    op.create_index("ux_bell_fold", "bell_entry", ["fold_key"], unique=True)
    op.create_index("ix_notification_created_at", "notification", ["created_at"])
    op.create_index("ix_document_arrival", "document", ["company_id", "imported_at"])
    for name, table in (
        ("ix_bell_notification", "bell_entry"),
        ("ix_outbox_notification", "outbox_message"),
    ):
        op.create_index(
            name,
            table,
            ["notification_id"],
            sqlite_where=sa.text("notification_id IS NOT NULL"),
            postgresql_where=sa.text("notification_id IS NOT NULL"),
        )


def _add(table: str, column: str) -> None:
    op.execute(f"ALTER TABLE {table} ADD COLUMN {column}")
