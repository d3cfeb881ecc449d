"""The folder of files that people bring and take: nothing outside it is read or written."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from services.errors import Conflict, NotFound, Refused
from services.settings import Settings
from services.store import exchange


@pytest.fixture
def here(home: Path) -> Settings:
    return Settings(home=home, database_url="sqlite:///:memory:")


def test_what_was_written_is_listed_and_read_again(here: Settings) -> None:
    path = exchange.write(here, "empresas.csv", ["a;b\r\n", "ç;1\r\n"])
    assert [file.name for file in exchange.files(here)] == ["empresas.csv"]
    assert exchange.read(here, "empresas.csv") == "a;b\r\nç;1\r\n".encode()
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_no_file_is_overwritten(here: Settings) -> None:
    exchange.write(here, "x.csv", ["1"])
    with pytest.raises(Conflict):
        exchange.write(here, "x.csv", ["2"])
    assert exchange.read(here, "x.csv") == b"1"
    assert [file.name for file in exchange.files(here)] == ["x.csv"]


@pytest.mark.parametrize("name", ["../master.key", "/etc/passwd", "..", "", "a/b", "x\0y", "gone"])
def test_no_way_out(here: Settings, name: str) -> None:
    (here.home / "master.key").write_text("secret")
    with pytest.raises(NotFound):
        exchange.read(here, name)


def test_no_link_no_pipe_no_folder_is_followed(here: Settings) -> None:
    (here.home / "master.key").write_text("secret")
    folder = exchange.folder(here)
    (folder / "link.csv").symlink_to(here.home / "master.key")
    os.mkfifo(folder / "pipe.csv")
    (folder / "folder.csv").mkdir()
    assert exchange.files(here) == []
    for name in ("link.csv", "pipe.csv", "folder.csv"):
        with pytest.raises(NotFound):
            exchange.read(here, name)
    (folder / "out.csv").symlink_to(here.home / "target")
    with pytest.raises(Conflict):
        exchange.write(here, "out.csv", ["1"])
    assert not (here.home / "target").exists()


def test_too_large_a_file_is_refused(here: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    exchange.write(here, "big.csv", ["12345"])
    monkeypatch.setattr(exchange, "MOST_BYTES", 4)
    with pytest.raises(Refused):
        exchange.read(here, "big.csv")


def test_a_write_that_breaks_leaves_nothing(here: Settings) -> None:
    def lines() -> object:
        yield "1"
        raise LookupError

    with pytest.raises(LookupError):
        exchange.write(here, "half.csv", lines())  # type: ignore[arg-type]
    assert list(exchange.folder(here).iterdir()) == []
