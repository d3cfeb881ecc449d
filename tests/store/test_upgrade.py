"""A database of an older schema is brought up to date with everything that it holds."""

from __future__ import annotations

from pathlib import Path

import pytest
from alembic import command
from alembic.config import Config
from sqlalchemy import select, text

from services.fiscal.facts import Facts
from services.fiscal.recognise import recognise
from services.notifications import bell
from services.outbox import views
from services.reading import documents, quarantine
from services.reading.finding import Filters
from services.reading.importing import Source, import_messages
from services.reading.taking_apart.findings import Extracted, Found
from services.registry import access, audit_views
from services.settings import Settings
from services.store.engine import Store, open_store
from services.store.mail import CompanyDay, Document, InboundMessage, ServerHour, Uidl
from services.store.models import Company, EmailServer, Function, Mailbox, User
from services.store.schema import _MIGRATIONS
from tests.documents import services
from tests.documents.generator import Party, cnpj

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
    VALUES (1, 1, 1, 'send', 0, 0);
INSERT INTO notification (id, partner_id, company_id, type_key, severity, subject, body, created_at)
    VALUES (1, 1, 1, 'general', 'info', 'Aviso', 'Olá', {at});
INSERT INTO bell_entry (id, at, partner_id, company_id, notification_id, type_key, severity, title,
    text) VALUES (1, {at}, 1, 1, 1, 'general', 'info', 'Aviso', 'Olá'),
    (2, {at}, 1, 1, NULL, 'general', 'info', 'Outro', '');
INSERT INTO outbox_message (id, partner_id, company_id, notification_id, message_id, subject, state,
    attempts, fence, next_attempt_at, held, give_up_at, mailbox_id, created_at)
    VALUES (1, 1, 1, 1, '<a@x>', 'Aviso', 'sent', 1, 1, {at}, FALSE, {at}, 1, {at}),
    (2, 1, 1, NULL, '<b@x>', 'Nota', 'queued', 0, 0, {at}, FALSE, {later}, NULL, {at});
INSERT INTO outbox_content (message_id, body) VALUES (1, 'Olá'), (2, 'Segue');
INSERT INTO outbox_recipient (message_id, position, address, state)
    VALUES (1, 0, 'a@x.example', 'sent'), (2, 0, 'b@x.example', 'queued');
INSERT INTO outbox_attempt (message_id, fence, server_id, started_at, ended_at, outcome)
    VALUES (1, 1, 1, {at}, {at}, 'sent');
INSERT INTO blob (sha256, size, data) VALUES ('{digest}', 4, CAST('nota' AS {bytes}));
INSERT INTO inbound_message (id, partner_id, server_id, uidl, sha256, size, state, subject, sender,
    found, fetched_at, committed_at)
    VALUES (1, 1, 1, 'u1', '{digest}', 4, 'imported', 'Nota', 'f@x.example', '[]', {at}, {at}),
    (2, 1, 1, 'u2', '{digest}', 4, 'quarantined', 'Outra', 'f@x.example', '[]', {at}, {at});
INSERT INTO document (id, partner_id, company_id, kind, access_key, event_id, issuer_cnpj,
    issuer_name, recipient_name, authorised, check_access_key, check_schema, check_signature, check_certificate,
    sha256, inbound_id, imported_at) VALUES (1, 1, 1, 'NFe', '{key}', '', '82845322000104', 'Moinho Ação', 'Padaria',
    TRUE, 'ok', 'ok', 'ok', 'ok', '{digest}', 1, {at});
INSERT INTO quarantine (id, partner_id, server_id, inbound_id, part, reason, detail, state,
    created_at) VALUES (1, 1, 1, 2, 'a.xml', 'foreign_company', '{key}', 'open', {at});
INSERT INTO uidl (server_id, uidl, inbound_id, size, first_seen_at) VALUES (1, 'u2', 2, 4, {at});
INSERT INTO outbox_attachment (message_id, position, filename, content_type, sha256)
    VALUES (2, 0, 'nota.xml', 'application/xml', '{digest}');
INSERT INTO bell_read (user_id, entry_id) VALUES (1, 1);
INSERT INTO audit_entry (id, at, partner_id, company_id, user_id, user_nickname, os_account, action,
    entity, entity_id, before, after) VALUES (1, {at}, 1, 1, 1, 'José', 'jose', 'edit', 'company', 1,
    '{{"nickname": "Padaria"}}', '{{"nickname": "Padaria São João"}}')
"""
_MUNICIPAL = f"""
INSERT INTO document (id, partner_id, company_id, kind, access_key, event_id, issuer_name,
    recipient_name, authorised, check_access_key, check_schema, check_signature, check_certificate,
    sha256, imported_at) VALUES (:id, 1, 1, 'NFSeMunicipal', :key, '', 'Oficina', '', :code, '', '',
    '', '', '{"0" * 64}', 1700000000000000)
"""
_PASSWORD = "senha ✓"
_AT = 1_700_000_000_000_000
_VALUES = {
    "at": _AT,
    "later": _AT + 10**12,
    "digest": "0" * 64,
    "key": "3" * 44,
}


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
        kind = "BLOB" if database_url.startswith("sqlite") else "BYTEA"
        for row in _ROWS.format(**_VALUES, bytes=kind).split(";"):
            connection.execute(text(row.replace(":", "\\:")))
    with store.writing() as session:
        store.vault.put(session, "email_server", 1, "password", _PASSWORD)
    store.close()
    return settings


def test_nothing_is_lost_and_everything_is_found(older: Settings) -> None:
    """R16, R55: rows and their links stay, passwords open, the trail is whole; the folded words of
    what is there already are filled in."""
    store = open_store(older)
    with store.reading() as session:
        assert session.get_one(Company, 1).nickname_key == "padaria sao joao"
        assert session.get_one(EmailServer, 1).email_key == "nfe@padaria.example"
        assert session.get_one(User, 1).search_key == "jose jose lima j@p.example"
        assert session.get_one(User, 1).nickname_key == "jose"
        assert session.get_one(Mailbox, 1).server.refusals == 2
        assert store.vault.get(session, "email_server", 1, "password") == _PASSWORD
        actor = access.identify(session, nickname="José", owns_state=True)
        (change,) = audit_views.entries(session, actor)
        assert (change.user, change.action, change.company) == ("José", "edit", "11222333000181")
        assert change.after == {"nickname": "Padaria São João"}
    store.close()


def test_mail_and_documents_are_as_they_were(older: Settings) -> None:
    """R33, R40, R43, R52: what waits still waits, what is there is found and counted."""
    store = open_store(older)
    with store.reading() as session:
        actor = access.identify(session, nickname="José", owns_state=True)
        letters = [views.show(session, actor, n) for n in (1, 2)]
        assert [letter.view.state for letter in letters] == ["sent", "queued"]
        assert [one.filename for one in letters[1].attachments] == ["nota.xml"]
        assert list(documents.ids(session, actor, filters=Filters(text="moinho acao"))) == [1]
        assert list(quarantine.ids(session, actor)) == [1]
        assert [entry.title for entry in bell.feed(session, actor)] == ["Outro", "Aviso"]
        assert bell.unread_count(session, actor) == 1
        assert session.scalars(select(Uidl.uidl)).all() == ["u2"]
        hour = session.scalars(select(ServerHour)).one()
        assert (hour.server_id, hour.hour) == (1, _AT // 3_600_000_000)
        assert (hour.sent, hour.failed, hour.fetched) == (1, 0, 2)
        day = session.scalars(select(CompanyDay)).one()
        assert (day.company_id, day.documents) == (1, 1)
    store.close()


def test_a_municipal_note_that_comes_again_is_the_one_that_is_there(older: Settings) -> None:
    """R40: with its town in the key, as it used to be stored; without a code the town still counts."""
    xml = services.abrasf(Party(cnpj(4), "OFICINA"), Party("11222333000181", "PADARIA"), 31)
    facts = recognise(xml)
    assert isinstance(facts, Facts)
    key = facts.access_key
    towns = [key[:14] + town + key[21:] for town in ("3550308", "4205407")]
    uncoded = f"{key[:14]}3550308{7:0>15}"
    store = Store(older)
    with store.write_engine.begin() as connection:
        given = [
            {"id": n, "key": one, "code": one != uncoded}
            for n, one in enumerate((*towns, uncoded), 2)
        ]
        connection.execute(text(_MUNICIPAL), given)
    store.close()
    store = open_store(older)
    with store.writing() as session:
        assert list(session.scalars(select(Document.access_key).order_by(Document.id)))[1:] == [
            key,
            towns[1],
            uncoded,
        ]
        session.get_one(EmailServer, 1).kind = "both"
        session.get_one(Mailbox, 1).function = Function.READ
        session.flush()
        found = Extracted(found=(Found("nota.xml", xml, facts),))
        done = import_messages(session, Source(1, 1), [(2, found)])
        assert (done.documents, session.get_one(InboundMessage, 2).found[0]["outcome"]) == (
            {},
            "duplicate",
        )
    store.close()
