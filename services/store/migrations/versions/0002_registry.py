"""The registry complete: relay, copies and their origin, imports, keys to find by."""

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _add("partner", "auto_invoicy_mail BOOLEAN NOT NULL DEFAULT FALSE")
    _add("partner", "version INTEGER NOT NULL DEFAULT 1")
    _add("app_user", "nickname_key VARCHAR(120) NOT NULL DEFAULT ''")
    _add("app_user", "search_key VARCHAR(700) NOT NULL DEFAULT ''")
    _add("app_user", "version INTEGER NOT NULL DEFAULT 1")
    _add("company", "sender_name VARCHAR(200) NOT NULL DEFAULT ''")
    _add("company", "nickname_key VARCHAR(120) NOT NULL DEFAULT ''")
    _add("email_server", "pop_refusals INTEGER NOT NULL DEFAULT 0")
    # Not by ALTER of constraints, which SQLite lacks, nor by a copy of the table, whose old one
    # would take its mailboxes with it when it is dropped.
    whole = "INTEGER" if op.get_bind().dialect.name == "sqlite" else "BIGINT"
    _add("email_server", f"origin_id {whole} REFERENCES email_server (id) ON DELETE SET NULL")
    _add("email_server", "origin_kind VARCHAR(12)")
    _add("email_server", "origin_label VARCHAR(320)")
    _add("email_server", "origin_password_version INTEGER")
    _add("email_server", "password_version INTEGER NOT NULL DEFAULT 1")
    _add("email_server", "email_key VARCHAR(400) NOT NULL DEFAULT ''")
    op.create_index("ix_email_server_origin_id", "email_server", ["origin_id"])
    op.create_index(
        "ux_email_server_relay",
        "email_server",
        ["partner_id"],
        unique=True,
        sqlite_where=sa.text("kind = 'relay'"),
        postgresql_where=sa.text("kind = 'relay'"),
    )
    op.create_table(
        "mailbox_import",
        sa.Column("id", _ID, nullable=False),
        sa.Column("company_id", _ID, nullable=False),
        sa.Column("server_id", _ID, nullable=True),
        sa.Column("user_nickname", sa.String(length=60), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("undone_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["server_id"], ["email_server.id"], ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_mailbox_import_company_id", "mailbox_import", ["company_id"])
    op.create_index("ix_mailbox_import_created_at", "mailbox_import", ["created_at"])
    op.create_table(
        "removed_mailbox",
        sa.Column("id", _ID, nullable=False),
        sa.Column("import_id", _ID, nullable=False),
        sa.Column("server_id", _ID, nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("settings", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["import_id"], ["mailbox_import.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["server_id"], ["email_server.id"], ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("ix_removed_mailbox_import_id", "removed_mailbox", ["import_id"])
    _fill("company", "nickname_key", 120, "nickname")
    _fill("email_server", "email_key", 400, "email")
    _fill("app_user", "nickname_key", 120, "nickname")
    _fill("app_user", "search_key", 700, "nickname", "name", "email", "os_account")


def _add(table: str, column: str) -> None:
    op.execute(f"ALTER TABLE {table} ADD COLUMN {column}")


def _fill(name: str, key: str, most: int, *parts: str) -> None:
    """The folded words of the rows there are (R16)."""
    connection = op.get_bind()
    table = sa.Table(name, sa.MetaData(), autoload_with=connection)
    for row in connection.execute(sa.select(table)).mappings().all():
        words = _fold(" ".join(row[part] for part in parts if row[part]))[:most]
        connection.execute(sa.update(table).where(table.c.id == row["id"]).values({key: words}))


def _fold(words: str) -> str:
    spread = unicodedata.normalize("NFKD", words).casefold()
    return "".join(c for c in spread if not unicodedata.combining(c) and c.isprintable())
