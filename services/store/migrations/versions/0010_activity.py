"""What went through each mailbox by the hour and came for each company by the day, counted."""

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_HOUR = 3_600_000_000


def upgrade() -> None:
    op.create_table(
        "server_hour",
        sa.Column("server_id", _ID, nullable=False, autoincrement=False),
        sa.Column("hour", sa.Integer(), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("fetched", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("server_id", "hour"),
    )
    op.create_index("ix_server_hour_hour", "server_hour", ["hour"])
    op.create_table(
        "company_day",
        sa.Column("company_id", _ID, nullable=False, autoincrement=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("documents", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("company_id", "day"),
    )
    op.create_index("ix_company_day_day", "company_day", ["day"])
    # What the last weeks have brought is there already, and is counted once.
    op.execute(
        f"""
        INSERT INTO server_hour (server_id, hour, sent, failed, fetched)
        SELECT server_id, hour, sum(sent), sum(failed), sum(fetched) FROM (
            SELECT server_id, ended_at / {_HOUR} AS hour,
                CASE WHEN outcome = 'sent' THEN 1 ELSE 0 END AS sent,
                CASE WHEN outcome IN ('failed', 'uncertain') THEN 1 ELSE 0 END AS failed,
                0 AS fetched
            FROM outbox_attempt
            WHERE server_id IS NOT NULL AND ended_at IS NOT NULL AND outcome <> 'deferred'
            UNION ALL
            SELECT server_id, fetched_at / {_HOUR}, 0, 0, 1
            FROM inbound_message WHERE server_id IS NOT NULL
        ) AS each_one
        WHERE hour > (SELECT max(ended_at) FROM (
            SELECT max(ended_at) AS ended_at FROM outbox_attempt
            UNION ALL SELECT max(fetched_at) FROM inbound_message) AS last) / {_HOUR} - 744
        GROUP BY server_id, hour
        """  # noqa: S608 - numbers of our own
    )
    op.execute(
        f"""
        INSERT INTO company_day (company_id, day, documents)
        SELECT company_id, imported_at / {24 * _HOUR}, count(*) FROM document
        WHERE imported_at / {24 * _HOUR} >
            (SELECT max(imported_at) FROM document) / {24 * _HOUR} - 63
        GROUP BY company_id, imported_at / {24 * _HOUR}
        """  # noqa: S608 - numbers of our own
    )
