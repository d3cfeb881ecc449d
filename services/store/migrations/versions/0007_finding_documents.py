"""Finding documents among a million; whose a document in quarantine may be."""

import unicodedata

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"

_FOREIGN = sa.text("reason = 'foreign_company'")


def upgrade() -> None:
    op.create_index("ix_document_kind", "document", ["kind"])
    op.create_index("ix_document_number", "document", ["number"])
    op.create_index("ix_document_issuer", "document", ["issuer_cnpj"])
    op.create_index("ix_document_recipient", "document", ["recipient_cnpj"])
    op.create_index(
        "ix_document_issued",
        "document",
        ["issued_at", "id", "company_id", "kind", "total", "partner_id"],
    )
    op.drop_index("ix_document_partner_id", "document")
    op.drop_index("ix_inbound_uidl", "inbound_message")
    op.create_index("ix_inbound_uidl", "inbound_message", ["uidl", "server_id"])
    op.add_column(
        "quarantine", sa.Column("parties", sa.String(length=300), nullable=False, server_default="")
    )
    op.create_index(
        "ix_quarantine_foreign",
        "quarantine",
        ["detail"],
        sqlite_where=_FOREIGN,
        postgresql_where=_FOREIGN,
    )
    names = op.create_table(
        "party_name",
        sa.Column("cnpj", sa.String(length=14), nullable=False),
        sa.Column("name_key", sa.String(length=200), nullable=False),
        sa.PrimaryKeyConstraint("cnpj", "name_key"),
    )
    connection = op.get_bind()
    found = connection.execute(
        sa.text(
            "SELECT issuer_cnpj, issuer_name FROM document WHERE issuer_cnpj IS NOT NULL"
            " UNION SELECT recipient_cnpj, recipient_name FROM document"
            " WHERE recipient_cnpj IS NOT NULL"
        )
    )
    folded = sorted({(cnpj, key) for cnpj, name in found if (key := _folded(name))})
    if folded:
        op.bulk_insert(names, [{"cnpj": cnpj, "name_key": key} for cnpj, key in folded])


def _folded(text: str) -> str:
    spread = unicodedata.normalize("NFKD", text).casefold()
    return "".join(c for c in spread if not unicodedata.combining(c) and c.isprintable())[:200]
