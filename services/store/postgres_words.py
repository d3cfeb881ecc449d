"""What PostgreSQL could not do, in our words and with the cure."""

from __future__ import annotations

import re

from services.language import later, said

_BUSY = later("O banco de dados está ocupado por outro processo; tente de novo em instantes")
_STOPPED = later("O PostgreSQL está iniciando ou parando: tente de novo em instantes")
_CROWDED = later(
    "O PostgreSQL já tem conexões demais: feche outros programas ou aumente max_connections"
)
_PASSWORD = later("O PostgreSQL não aceitou o usuário ou a senha: confira database_url")
_MISSING = later("O PostgreSQL não tem este banco de dados: crie-o ou confira database_url")
_UNKNOWN_HOST = later("Não existe servidor com o nome que está em database_url: confira-o")
_STATES = {
    "25006": later(
        "O PostgreSQL só permite leitura: confira se database_url aponta para o servidor principal"
    ),
    "28000": _PASSWORD,
    "28P01": _PASSWORD,
    "3D000": _MISSING,
    "40001": _BUSY,
    "40P01": _BUSY,
    "42501": later(
        "O usuário do PostgreSQL não tem permissão neste banco de dados: torne-o dono do banco"
    ),
    "53100": later("O disco do PostgreSQL está cheio: libere espaço; nada foi alterado"),
    "53200": later("Falta memória ao PostgreSQL: tente de novo em instantes"),
    "53300": _CROWDED,
    "55P03": _BUSY,
    "57P01": _STOPPED,
    "57P02": _STOPPED,
    "57P03": _STOPPED,
}
# Who never came in gets no SQLSTATE from the driver, only words: libpq's own are English, those of
# the server English or, where it was set to that, Portuguese.
_WORDS = (
    (
        "connection refused|no such file or directory",
        later("Nenhum PostgreSQL atende neste endereço e porta: confira database_url e o servidor"),
    ),
    (
        "timeout expired|timed out",
        later("O PostgreSQL não respondeu a tempo: confira o endereço, a rede e o firewall"),
    ),
    ("could not translate host name|failed to resolve host|name or service", _UNKNOWN_HOST),
    (
        "no pg_hba.conf entry|nenhuma entrada no pg_hba.conf",
        later("O PostgreSQL não deixa entrar daqui: quem o administra libera em pg_hba.conf"),
    ),
    (
        "authentication failed|autenticação .*falhou|no password supplied|role .* does not",
        _PASSWORD,
    ),
    ("database .* does not exist|banco de dados .* não existe", _MISSING),
    (
        "too many clients|too many connections|connection slots|muitos clientes|muitas conexões",
        _CROWDED,
    ),
    (
        "server closed the connection|connection is lost|connection is closed|connection reset",
        later("A conexão com o PostgreSQL caiu: tente de novo em instantes"),
    ),
    ("is starting up|is shutting down|in recovery|está iniciando|está desligando", _STOPPED),
)
_PREFIX = "connection failed: "


def hinders(error: BaseException | None) -> bool:
    """Is it the server's state or a right that is missing, whatever class the driver gives it?"""
    return getattr(error, "sqlstate", None) in _STATES


def known(error: BaseException | None) -> str:
    """What happened and how to mend it, with PostgreSQL's own words in brackets; "" for other errors."""
    message = _STATES.get(getattr(error, "sqlstate", None) or "") or _by_words(str(error))
    return f"{said(message)} ({original(error)})" if message else ""


def original(error: BaseException | None) -> str:
    """The first line of what PostgreSQL or its driver said, in the language that they were set to."""
    first = str(error).strip().partition("\n")[0]
    return " ".join(first.removeprefix(_PREFIX).split())


def _by_words(told: str) -> str:
    return next((message for found, message in _WORDS if re.search(found, told.lower())), "")
