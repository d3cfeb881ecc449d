"""A fresh, migrated database for a test, on SQLite and on PostgreSQL, and the services over it."""

from __future__ import annotations

import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.office import Office
from services.registry import companies, people
from services.registry.access import Actor
from services.registry.companies import CompanyDraft, CompanyView
from services.settings import Settings
from services.store.engine import Store, open_store

PARTNER_KEY = "chave-do-parceiro"
CNPJ = "11222333000181"


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite file, to be copied."""
    home = tmp_path_factory.mktemp("template")
    path = home / "carteiro.db"
    # The last connection to be closed empties the write-ahead log into the file.
    open_store(Settings(home=home, database_url=f"sqlite:///{path}")).close()
    return path


@pytest.fixture(scope="session")
def postgres_template(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> str:
    """The URL of a migrated PostgreSQL database, to be copied."""
    url: str = request.getfixturevalue("postgres").database()
    open_store(Settings(home=tmp_path_factory.mktemp("template"), database_url=url)).close()
    return url


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state folder; no keyring of the desktop is asked for the master key."""
    monkeypatch.delenv("DBUS_SESSION_BUS_ADDRESS", raising=False)
    monkeypatch.delenv("CREDENTIALS_DIRECTORY", raising=False)
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    return folder


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, home: Path) -> Iterator[str]:
    """A migrated, empty database of each kind."""
    if request.param == "sqlite":
        path = home / "carteiro.db"
        shutil.copyfile(request.getfixturevalue("sqlite_template"), path)
        path.chmod(0o600)
        yield f"sqlite:///{path}"
        return
    template: str = request.getfixturevalue("postgres_template")
    name = f"t{uuid.uuid4().hex}"
    _administer(template, f"CREATE DATABASE {name} TEMPLATE {_name_of(template)}")
    yield template.replace(f"/{_name_of(template)}", f"/{name}")
    _administer(template, f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def settings(home: Path, database_url: str) -> Settings:
    """Settings for that state folder and database."""
    return Settings(home=home, database_url=database_url, hostname="carteiro.example")


@pytest.fixture
def store(settings: Settings) -> Iterator[Store]:
    """The open database."""
    opened = open_store(settings)
    yield opened
    opened.close()


@pytest.fixture
def office(settings: Settings, store: Store) -> Iterator[Office]:
    """The door to the services, over ``store``."""
    opened = Office(settings, store)
    yield opened
    opened.close_now()


@pytest.fixture
def actor(store: Store) -> Actor:
    """The first user of a fresh partner."""
    with store.writing() as session:
        return people.initialise(
            session,
            partner="Contábil Sul",
            partner_key=PARTNER_KEY,
            nickname="ana",
            email="ana@contabil.example",
        )


@pytest.fixture
def company(store: Store, actor: Actor) -> CompanyView:
    """A company with Document Import on and an address for notifications."""
    with store.writing() as session:
        return companies.add(
            session,
            actor,
            CompanyDraft(
                cnpj=CNPJ,
                nickname="Padaria São João",
                legal_name="Padaria São João Ltda",
                notification_email="dono@padaria.example",
                document_import=True,
            ),
        )


def _name_of(url: str) -> str:
    return url.partition("?")[0].rpartition("/")[2]


def _administer(url: str, command: str) -> None:
    import psycopg

    with psycopg.connect(
        url.replace(f"/{_name_of(url)}", "/postgres"), autocommit=True
    ) as connection:
        connection.execute(command.encode())
