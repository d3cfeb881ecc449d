"""Who is told what: addresses for notifications, their companies and types, types of partners."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "notification_email",
        sa.Column("id", _ID, nullable=False),
        sa.Column("partner_id", _ID, nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("email_key", sa.String(length=400), nullable=False),
        sa.Column("user_id", _ID, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"]),
        sa.ForeignKeyConstraint(["user_id"], ["app_user.id"], ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("partner_id", "email_key"),
    )
    op.create_table(
        "notification_email_company",
        sa.Column("email_id", _ID, nullable=False),
        sa.Column("company_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(["email_id"], ["notification_email.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("email_id", "company_id"),
    )
    op.create_index(
        "ix_notification_email_company_company_id", "notification_email_company", ["company_id"]
    )
    op.create_table(
        "subscription",
        sa.Column("email_id", _ID, nullable=False),
        sa.Column("company_id", _ID, nullable=False),
        sa.Column("type_key", sa.String(length=40), nullable=False),
        sa.ForeignKeyConstraint(["email_id"], ["notification_email.id"], ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["company_id"], ["company.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("email_id", "company_id", "type_key"),
    )
    op.create_index("ix_subscription_company", "subscription", ["company_id", "type_key"])
    op.create_table(
        "notification_type",
        sa.Column("partner_id", _ID, nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("title", sa.String(length=120), nullable=False),
        sa.Column("severity", sa.String(length=8), nullable=False),
        sa.Column("by_email", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["partner_id"], ["partner.id"]),
        sa.PrimaryKeyConstraint("partner_id", "key"),
    )
