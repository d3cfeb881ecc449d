"""What PostgreSQL refuses, in the reader's words and with its own in brackets."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import errors

from services.errors import Unavailable
from services.language import speaking
from services.settings import Settings
from services.store import postgres_words
from services.store.engine import open_store
from services.store.models import Partner
from tests.servers.ports import free_port
from tests.servers.postgres import Postgres


@pytest.fixture
def administered(postgres: Postgres) -> Iterator[psycopg.Connection]:
    """Whoever looks after the cluster."""
    with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
        connection.execute("DROP ROLE IF EXISTS locked")
        connection.execute("CREATE ROLE locked LOGIN PASSWORD 'segredo'")
        yield connection
        connection.execute("DROP OWNED BY locked")
        connection.execute("DROP ROLE locked")


def refusal(home: Path, url: str) -> str:
    """Why a database cannot be opened."""
    with pytest.raises(Unavailable) as refused:
        open_store(Settings(home=home, database_url=url)).close()
    return refused.value.message


def test_why_nobody_comes_in(
    home: Path, postgres: Postgres, administered: psycopg.Connection
) -> None:
    """The address, the password, the database's name, its room, a right: each with its cure."""
    at = f"{postgres.host}:{postgres.port}"
    open_to_all = postgres.database()
    name = open_to_all.rpartition("/")[2]
    told = {
        f"postgresql://x@127.0.0.1:{free_port()}/x": ("Nenhum PostgreSQL atende", "refused"),
        f"postgresql://locked:errada@{at}/{name}": ("usuário ou a senha", "authentication failed"),
        "postgresql://x@nowhere.invalid/x": ("Não existe servidor com o nome", "nowhere.invalid"),
        postgres.url("nenhum"): ("não tem este banco de dados", "does not exist"),
        f"postgresql://locked:segredo@{at}/{name}": ("torne-o dono do banco", "permission denied"),
    }
    for url, (ours, its) in told.items():
        words = refusal(home, url)
        assert ours in words.partition(" (")[0], words
        assert its in words.partition(" (")[2], words
        assert "segredo" not in words
        assert "errada" not in words
    administered.execute("ALTER ROLE locked CONNECTION LIMIT 0")
    assert "conexões demais" in refusal(home, f"postgresql://locked:segredo@{at}/{name}")


def test_a_database_that_is_only_read(
    home: Path, postgres: Postgres, administered: psycopg.Connection
) -> None:
    """A standby, say: nothing of ours is a matter of a file's permissions."""
    url = postgres.database()
    store = open_store(Settings(home=home, database_url=url))
    name = url.rpartition("/")[2]
    administered.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    store.close()
    store = open_store(Settings(home=home, database_url=url))
    with pytest.raises(Unavailable, match=r"servidor principal .*read-only"), store.writing() as s:
        s.add(Partner(name="P", partner_key="K"))
    store.close()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (errors.DiskFull("could not extend file"), "O disco do PostgreSQL está cheio"),
        (errors.AdminShutdown("terminating connection"), "iniciando ou parando"),
        (errors.DeadlockDetected("deadlock detected"), "ocupado por outro processo"),
        (
            psycopg.OperationalError(
                'FATAL:  autenticação do tipo senha falhou para o usuário "x"'
            ),
            "não aceitou o usuário ou a senha",
        ),
        (
            psycopg.OperationalError("FATAL:  desculpe, muitos clientes conectados"),
            "conexões demais",
        ),
        (psycopg.OperationalError("server closed the connection unexpectedly"), "caiu"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_cannot_be_had_of_a_server_in_a_test(error: Exception, words: str) -> None:
    """By SQLSTATE, or by the words of a server that was set to Portuguese."""
    assert words in postgres_words.known(error)
    assert postgres_words.original(error) in postgres_words.known(error)


def test_other_errors_are_as_they_were() -> None:
    """What we have no words for is told by PostgreSQL's; its first line is enough."""
    error = psycopg.OperationalError("connection failed: something  new\nand a hint")
    assert postgres_words.known(error) == ""
    assert postgres_words.original(error) == "something new"
    with speaking("en"):
        assert postgres_words.known(errors.DiskFull("x")).endswith(" (x)")
