"""What the system refuses is said in our words."""

from __future__ import annotations

import errno
import os
import sqlite3
from pathlib import Path

import pytest

from services.disk import reason
from services.store import sqlite_words


def test_no_words_of_the_system() -> None:
    """Every number that it knows: words of ours, or a name that manuals know."""
    told = {code: reason(OSError(code, os.strerror(code))) for code in errno.errorcode}
    assert [code for code, why in told.items() if os.strerror(code) in why] == []
    assert told[errno.ENOSPC] == "o disco está cheio: libere espaço"
    assert told[errno.EPROTO] == "o sistema respondeu EPROTO"
    assert reason(OSError("nothing known")) == "o sistema respondeu OSError"


def test_no_words_of_sqlite(tmp_path: Path) -> None:
    """Its codes give the reason, in the language in force; an unknown one its name."""
    file = tmp_path / "no.db"
    file.write_bytes(b"not one" * 1_000)
    asked = sqlite3.connect(file), sqlite3.connect(":memory:")
    with pytest.raises(sqlite3.DatabaseError) as foreign:
        asked[0].execute("SELECT 1 FROM sqlite_master")
    with pytest.raises(sqlite3.OperationalError) as missing:
        asked[1].execute("SELECT 1 FROM nothing")
    with pytest.raises(sqlite3.OperationalError) as closed:
        sqlite3.connect(tmp_path / "nowhere/no.db")
    for each in asked:
        each.close()
    told = [sqlite_words.reason(each.value) for each in (foreign, missing, closed)]
    assert told == [
        "não é um banco de dados",
        "não tem os dados esperados",
        "não abre: confira o caminho e as permissões",
    ]
    assert sqlite_words.reason(TypeError()) == "não tem os dados esperados"
    assert sqlite_words.reason(sqlite3.InterfaceError()) == "erro InterfaceError do SQLite"
