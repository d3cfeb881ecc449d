"""Settings: ``carteiro.toml`` and the environment, read once at start."""

from __future__ import annotations

import math
import os
import re
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from services.disk import reason
from services.errors import Invalid
from services.language import _, named

_DATABASE = "carteiro.db"
_DOCUMENTS = "documentos"
_OFF = "off"
_NEVER = "never"
RETENTION = tuple(
    f"{what}_retention_days" for what in ("bell", "sent", "raw", "quarantine", "receipt", "audit")
)
"""How long what is kept that goes by itself, in days."""
_TEXT_KEYS = {
    *("database_url", "language", "theme", "ca_file", "key_file", "hostname"),
    *("microsoft_authority", "microsoft_client_id"),
}
MICROSOFT_AUTHORITY = "https://login.microsoftonline.com"
"""Where Microsoft signs people in, outside the sovereign clouds."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that differs between installations. Paths are absolute; intervals in seconds.

    ``microsoft_client_id`` is the application registered for this installation, without which
    nobody can sign in; ``microsoft_authority`` the base address of the identity provider;
    ``inactivation_interval`` how long a Microsoft sign-in may go unproven (R45);
    ``bell_retention_days`` how long the bell keeps what happened, errors twice as long (R52).
    ``sent_retention_days`` how long text and attachments of e-mails are kept when they have left,
    twice as long when they failed; ``raw_retention_days`` messages as they came, when they are
    imported; ``quarantine_retention_days`` what somebody has decided about;
    ``receipt_retention_days`` receipts of what came and records of what left (R33, R43), and
    ``audit_retention_days`` the audit trail (R55): five years, and the one that they end in.
    Infinite: for ever, as documents are in any case.
    ``theme`` None: what the terminal can show; ``mouse`` False: it is left to the terminal.
    ``documents_folder`` is where documents are left to be sent (R31); None: nowhere.
    ``trusted_issuers_file`` (PEM) has the authorities whose certificates documents may be signed
    with (R40); None: nobody is asked.
    """

    home: Path
    database_url: str
    key_file: Path | None = None
    ca_file: Path | None = None
    language: str | None = None
    theme: str | None = None
    hostname: str | None = None
    sending_interval: float = 2.0
    reading_interval: float = 300.0
    housekeeping_interval: float = 20.0
    inactivation_interval: float = 86_400.0
    sending_connections: int = 10
    reading_connections: int = 16
    documents_folder: Path | None = None
    trusted_issuers_file: Path | None = None
    terminal_bell: bool = False
    mouse: bool = True
    bell_retention_days: float = 180.0
    sent_retention_days: float = 365.0
    raw_retention_days: float = 365.0
    quarantine_retention_days: float = 365.0
    receipt_retention_days: float = 2_192.0
    audit_retention_days: float = 2_192.0
    microsoft_authority: str = MICROSOFT_AUTHORITY
    microsoft_client_id: str | None = None
    keys: Mapping[str, str] = field(default_factory=dict)

    @property
    def is_sqlite(self) -> bool:
        """True for the embedded database."""
        return self.database_url.startswith("sqlite")


def load(config: Path | None = None, environment: Mapping[str, str] | None = None) -> Settings:
    """Read the settings; the environment wins over the file.

    Raises :class:`Invalid` naming the key of a value that cannot be used.
    """
    env = os.environ if environment is None else environment
    file, there = _file(config, env)
    told: dict[str, Any] = {}
    if there:
        try:
            told = tomllib.loads(file.read_text("utf-8"))
        except UnicodeDecodeError as e:
            raise Invalid(_("{file}: não é texto em UTF-8").format(file=file)) from e
        except tomllib.TOMLDecodeError as e:
            raise Invalid(
                _("{file}: não é TOML válido: {place}").format(file=file, place=_place(e))
            ) from e
        except OSError as e:
            raise Invalid(
                _("Não foi possível ler {path}: {error}").format(path=file, error=reason(e)),
                field="config",
            ) from e
    elif config is not None:
        raise Invalid(
            _("{file}: arquivo de configuração não encontrado").format(file=file), field="config"
        )
    in_file = told.pop("home", None)
    home = Path(env.get("CARTEIRO_HOME") or in_file or _default_home()).expanduser().absolute()
    values: dict[str, Any] = {"home": home}
    keys = told.pop("keys", {})
    if not isinstance(keys, dict):
        raise Invalid(_("keys: esperada uma tabela de atalhos"), field="keys")
    for name, value in told.items():
        values[name] = _checked(name, value)
    for name in (
        *("database_url", "key_file", "ca_file", "documents_folder", "trusted_issuers_file"),
        *("microsoft_authority", "microsoft_client_id"),
        *RETENTION,
    ):
        if env.get(f"CARTEIRO_{name.upper()}"):
            values[name] = _checked(name, _told(name, env[f"CARTEIRO_{name.upper()}"]))
    values.setdefault("documents_folder", home / _DOCUMENTS)
    values.setdefault("database_url", f"sqlite:///{home / _DATABASE}")
    if not values["database_url"].startswith(
        ("sqlite:///", "postgresql://", "postgresql+psycopg://")
    ):
        raise Invalid(
            _("database_url: use sqlite:///CAMINHO ou postgresql://…"), field="database_url"
        )
    return Settings(keys=dict(keys), **values)


def _place(error: tomllib.TOMLDecodeError) -> str:
    """Where it is wrong: the parser's own words are in English."""
    found = re.search(r"line (\d+), column (\d+)", str(error))
    if found is None:
        return _("o arquivo termina antes do fim de um valor")
    return _("confira a linha {line}, coluna {column}").format(line=found[1], column=found[2])


def settled() -> bool:
    """Has this account settings or a database of its own, at the places of the platform?"""
    return _default_config({}).is_file() or (Path(_default_home()) / _DATABASE).is_file()


def _told(name: str, value: str) -> object:
    """Of the environment, where numbers are text."""
    if name in RETENTION:
        with suppress(ValueError):
            return float(value)
    return value


def _checked(name: str, value: object) -> object:
    fields = Settings.__dataclass_fields__
    if name not in fields or name in ("home", "keys"):
        raise Invalid(
            _("{name}: opção desconhecida em carteiro.toml").format(name=name), field=name
        )
    if name == "documents_folder" and value == _OFF:
        return None
    if name in ("key_file", "ca_file", "documents_folder", "trusted_issuers_file"):
        return Path(str(value)).expanduser().absolute()
    if name in _TEXT_KEYS:
        if not isinstance(value, str):
            raise Invalid(_("{name}: esperado um texto").format(name=name), field=name)
        return _spelt(name, value)
    if name in ("terminal_bell", "mouse"):
        if not isinstance(value, bool):
            raise Invalid(_("{name}: esperado true ou false").format(name=name), field=name)
        return value
    if name in RETENTION and value == _NEVER:
        return math.inf
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value > 0:
        if name in RETENTION:
            raise Invalid(
                _('{name}: esperado um número de dias maior que zero ou "never"').format(name=name),
                field=name,
            )
        raise Invalid(_("{name}: esperado um número maior que zero").format(name=name), field=name)
    return int(value) if name.endswith("_connections") else float(value)


def _spelt(name: str, value: str) -> str:
    """A text that must be written in a certain way."""
    if name == "microsoft_authority":
        return _authority(value)
    if name != "language":
        return value
    language = named(value)
    if language is None:
        raise Invalid(_("language: use pt_BR ou en"), field=name)
    return language


def _authority(address: str) -> str:
    if not address.startswith("https://") or not address.isprintable() or " " in address:
        raise Invalid(
            _("microsoft_authority: use um endereço https://…"), field="microsoft_authority"
        )
    return address.rstrip("/")


def _file(config: Path | None, env: Mapping[str, str]) -> tuple[Path, bool]:
    """Where the settings are, and whether they are there; nobody's home is looked into by force."""
    try:
        file = config or _default_config(env)
        return file, file.is_file()
    except OSError as e:
        raise Invalid(
            _("Não foi possível ler {path}: {error}").format(path=e.filename, error=reason(e)),
            field="config",
        ) from e


def _default_config(env: Mapping[str, str]) -> Path:
    if env.get("CARTEIRO_HOME"):
        in_home = Path(env["CARTEIRO_HOME"]).expanduser() / "carteiro.toml"
        if in_home.is_file():
            return in_home
    import platformdirs

    return Path(platformdirs.user_config_dir("carteiro")) / "carteiro.toml"


def _default_home() -> str:
    import platformdirs

    return platformdirs.user_data_dir("carteiro")
