"""As many documents and messages as a large partner has after years, made inside the database."""

from __future__ import annotations

import hashlib
from typing import cast

from sqlalchemy import Index, Table, insert, select, text
from sqlalchemy.orm import Session

from services.clock import now
from services.office import Office
from services.registry import search
from services.registry.access import Actor
from services.store.mail import Blob, Document, InboundMessage, PartyName
from services.store.models import Company
from tests.registry.partner_servers import cnpj_number

COMPANIES = 2_000
ISSUERS = 20_000
_DATA = b"<nota/>"
_DIGEST = hashlib.sha256(_DATA).hexdigest()
_SECONDS = 2 * 365 * 86_400


def issuer(n: int) -> str:
    """The CNPJ of who issued document ``n``."""
    return f"{10**13 + n * 7919 % ISSUERS:014d}"


def key(n: int) -> str:
    """The access key of document ``n``."""
    return f"352611{issuer(n)}55001{n:09d}1{n * 7919 % 10**8:08d}0"


def found(session: Session, actor: Actor) -> None:
    """The companies, and the names of who issues."""
    names = [f"Loja {n}" for n in range(COMPANIES)]
    session.execute(insert(Blob), [{"sha256": _DIGEST, "size": len(_DATA), "data": _DATA}])
    session.execute(
        insert(Company),
        [
            {
                "partner_id": actor.partner_id,
                "cnpj": cnpj_number(n),
                "nickname": name,
                "legal_name": name,
                "nickname_key": search.key(name, most=120),
                "search_key": search.key(name, cnpj_number(n), most=400),
            }
            for n, name in enumerate(names)
        ],
    )
    session.execute(
        insert(PartyName),
        [{"cnpj": issuer(n), "name_key": f"fornecedor {n} ltda"} for n in range(ISSUERS)],
    )


def fill(session: Session, actor: Actor, start: int, end: int) -> None:
    """Documents ``start`` to ``end``, each with the message that it came in."""
    lite = session.get_bind().dialect.name == "sqlite"

    def padded(expression: str, width: int) -> str:
        if lite:
            return f"printf('%0{width}d', {expression})"
        return f"lpad(({expression})::text, {width}, '0')"

    numbers = (
        "WITH RECURSIVE num(n) AS (SELECT :start UNION ALL SELECT n + 1 FROM num WHERE n + 1 < :end) "
        if lite
        else "WITH num AS (SELECT n FROM generate_series(:start, :end - 1) AS n) "
    )
    first = session.scalar(select(Company.id).order_by(Company.id))
    at = int(now().timestamp()) * 1_000_000
    given = {
        "start": start,
        "end": end,
        "partner": actor.partner_id,
        "first": first,
        "digest": _DIGEST,
        "at": at,
    }
    whole = "CAST(n AS BIGINT)"
    who = padded(f"10000000000000 + {whole} * 7919 % {ISSUERS}", 14)
    code = padded(f"{whole} * 7919 % 100000000", 8)
    shuffled = f"({whole} * 104729 % {_SECONDS})"
    session.execute(
        text(
            f"INSERT INTO inbound_message (id, partner_id, uidl, sha256, size, state, subject, sender,"
            f" found, fetched_at, committed_at)"
            f" {numbers} SELECT n + 1, :partner, 'uidl-' || n, {padded('n', 64)}, 80000,"
            f" 'imported', 'NF-e', 'nfe@fornecedor.example', '[]', :at, :at FROM num"
        )
        if lite
        else text(
            f"{numbers} INSERT INTO inbound_message (id, partner_id, uidl, sha256, size, state,"
            f" subject, sender, found, fetched_at, committed_at) SELECT n + 1, :partner,"
            f" 'uidl-' || n, {padded('n', 64)}, 80000, 'imported', 'NF-e',"
            f" 'nfe@fornecedor.example', '[]', :at, :at FROM num"
        ),
        given,
    )
    columns = (
        "id, partner_id, company_id, kind, access_key, event_id, number, series, issuer_cnpj,"
        " issuer_name, recipient_cnpj, recipient_name, issued_at, total, authorised,"
        " check_access_key, check_schema, check_signature, check_certificate, checked_at, sha256,"
        " inbound_id, imported_at"
    )
    values = (
        f"SELECT n + 1, :partner, :first + n % {COMPANIES}, 'NFe',"
        f" '352611' || {who} || '55001' || {padded('n', 9)} || '1' || {code} || '0', '', n, 1,"
        f" {who}, 'FORNECEDOR ' || n % {ISSUERS}, company.cnpj, company.nickname,"
        f" :at - {shuffled} * 1000000, n % 100000 + 100, TRUE, 'ok', 'ok', 'ok', 'ok', :at, :digest,"
        f" n + 1, :at FROM num JOIN company ON company.id = :first + n % {COMPANIES}"
    )
    into = f"INSERT INTO document ({columns}) "
    session.execute(text(into + numbers + values if lite else numbers + into + values), given)


def unindex(session: Session) -> None:
    """Filling goes faster without what :func:`index` makes again."""
    if session.get_bind().dialect.name == "sqlite":
        session.execute(text("PRAGMA cache_size=-400000"))
    for each in _indexes():
        each.drop(session.connection())


def index(session: Session) -> None:
    """As the schema has it."""
    for each in _indexes():
        each.create(session.connection())


def _indexes() -> list[Index]:
    tables = (cast(Table, model.__table__) for model in (Document, InboundMessage))
    return [each for table in tables for each in table.indexes]


def settle(office: Office) -> None:
    """What a database does by itself in the pauses of years."""
    if not office.store.is_sqlite:
        with office.store.write_engine.connect() as connection:
            connection.execution_options(isolation_level="AUTOCOMMIT").execute(
                text("VACUUM ANALYZE document, inbound_message, company, party_name")
            )
