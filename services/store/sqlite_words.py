"""What SQLite could not do, in our words and with the cure."""

from __future__ import annotations

import sqlite3

from services.language import _, later, said

_PRIMARY = 0xFF
_INCOMPLETE = later("não tem os dados esperados")
_REASONS = {
    sqlite3.SQLITE_ERROR: _INCOMPLETE,
    sqlite3.SQLITE_PERM: later("sem permissão: confira o dono e as permissões"),
    sqlite3.SQLITE_BUSY: later("está em uso por outro processo: tente de novo em instantes"),
    sqlite3.SQLITE_LOCKED: later("está em uso por outro processo: tente de novo em instantes"),
    sqlite3.SQLITE_NOMEM: later("falta memória: feche outros programas e tente de novo"),
    sqlite3.SQLITE_READONLY: later(
        "só permite leitura: confira o dono e as permissões, ou escolha outro lugar"
    ),
    sqlite3.SQLITE_IOERR: later("o disco falhou: confira o equipamento"),
    sqlite3.SQLITE_CORRUPT: later("o conteúdo foi corrompido"),
    sqlite3.SQLITE_FULL: later("o disco está cheio: libere espaço"),
    sqlite3.SQLITE_CANTOPEN: later("não abre: confira o caminho e as permissões"),
    sqlite3.SQLITE_NOTADB: later("não é um banco de dados"),
}


def reason(error: Exception) -> str:
    """Why, in the language of the reader; what is no error of SQLite's found less than it looked for."""
    if not isinstance(error, sqlite3.Error):
        return said(_INCOMPLETE)
    known = _REASONS.get(getattr(error, "sqlite_errorcode", 0) & _PRIMARY)
    if known is not None:
        return said(known)
    name = getattr(error, "sqlite_errorname", type(error).__name__)
    return _("erro {name} do SQLite").format(name=name)
