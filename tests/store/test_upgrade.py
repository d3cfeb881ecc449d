"""A database of an older schema is brought up to date with everything that it holds."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import text

from services.settings import Settings
from services.store.engine import Store, open_store
from services.store.models import Company, EmailServer, Mailbox, User
from services.store.schema import _MIGRATIONS

_ROWS = """
INSERT INTO partner (id, name, partner_key, created_at) VALUES (1, 'P', 'K', 0);
INSERT INTO app_user (id, partner_id, nickname, name, email, role, active, bell_read_up_to,
    created_at) VALUES (1, 1, 'José', 'José Lima', 'j@p.example', 'partner', TRUE, 0, 0);
INSERT INTO company (id, partner_id, cnpj, nickname, legal_name, document_import, invoicy_mail,
    may_register, search_key, version, created_at)
    VALUES (1, 1, '11222333000181', 'Padaria São João', 'L', TRUE, FALSE, TRUE, '', 1, 0);
INSERT INTO email_server (id, partner_id, kind, nickname, sender_name, email, username, active,
    authenticate, verify_certificate, timeout, delete_after, health, refusals, search_key, version,
    created_at) VALUES (1, 1, 'send', 'N', 'S', 'NFe@Padaria.example', 'u', TRUE, TRUE, TRUE, 30,
    'import', 'ok', 2, '', 1, 0);
INSERT INTO mailbox (id, server_id, company_id, function, position, created_at)
    VALUES (1, 1, 1, 'send', 0, 0)
"""


@pytest.fixture
def older(request: pytest.FixtureRequest, home: Path, database_url: str) -> Settings:
    """A database of the first schema, with a row of each table of the registry."""
    if database_url.startswith("sqlite"):
        url = f"sqlite:///{home / 'older.db'}"
    else:
        url = request.getfixturevalue("postgres").database()
    settings = Settings(home=home, database_url=url)
    store = Store(settings)
    with store.write_engine.begin() as connection:
        config = Config()
        config.set_main_option("script_location", str(_MIGRATIONS))
        config.attributes["connection"] = connection
        command.upgrade(config, "0001")
        for row in _ROWS.split(";"):
            connection.execute(text(row))
    store.close()
    return settings


def test_nothing_is_lost_and_everything_is_found(older: Settings) -> None:
    """R16: rows and their links stay; the folded words of what is there already are filled in."""
    store = open_store(older)
    with store.reading() as session:
        assert session.get_one(Company, 1).nickname_key == "padaria sao joao"
        assert session.get_one(EmailServer, 1).email_key == "nfe@padaria.example"
        assert session.get_one(User, 1).search_key == "jose jose lima j@p.example"
        assert session.get_one(User, 1).nickname_key == "jose"
        assert session.get_one(Mailbox, 1).server.refusals == 2
    store.close()
