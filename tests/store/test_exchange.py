"""The folder of files that people bring and take: nothing outside it is read or written."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from services.errors import Conflict, NotFound, Refused
from services.settings import Settings
from services.store import exchange


@pytest.fixture
def here(home: Path) -> Settings:
    return Settings(home=home, database_url="sqlite:///:memory:")


def test_what_lies_there_is_listed_and_read(here: Settings) -> None:
    path = exchange.place(here, "empresas.csv")
    path.write_bytes(b"a;b\r\n")
    assert [(file.name, file.size) for file in exchange.files(here)] == [("empresas.csv", 5)]
    assert exchange.read(here, "empresas.csv") == b"a;b\r\n"
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_what_is_written_is_whole_private_and_listed(here: Settings) -> None:
    """One that is there stays unless it is to be replaced; half a file is none."""
    path = exchange.place(here, "empresas.csv")
    assert exchange.write(path, [b"a;b\r\n", b"1;2\r\n"]) == 2
    assert exchange.read(here, "empresas.csv") == b"a;b\r\n1;2\r\n"
    assert path.stat().st_mode & 0o777 == 0o600
    with pytest.raises(Conflict, match="já existe"):
        exchange.write(path, [b"x"])

    def breaks() -> Iterator[bytes]:
        yield b"x"
        raise InterruptedError

    with pytest.raises(Refused, match="gravar"):
        exchange.write(path, breaks(), force=True)
    assert [file.name for file in exchange.files(here)] == ["empresas.csv"]
    assert exchange.write(path, [b"x"], force=True) == 1
    assert exchange.read(here, "empresas.csv") == b"x"


@pytest.mark.parametrize("name", ["../master.key", "/etc/passwd", "..", "", "a/b", "x\0y", "gone"])
def test_no_way_out(here: Settings, name: str) -> None:
    (here.home / "master.key").write_text("secret")
    with pytest.raises(NotFound):
        exchange.read(here, name)
    if name != "gone":
        with pytest.raises(NotFound):
            exchange.place(here, name)


def test_no_link_no_pipe_no_folder_is_followed(here: Settings) -> None:
    (here.home / "master.key").write_text("secret")
    folder = exchange.folder(here)
    (folder / "link.csv").symlink_to(here.home / "master.key")
    os.mkfifo(folder / "pipe.csv")
    (folder / "folder.csv").mkdir()
    assert exchange.files(here) == []
    before = len(list(Path("/proc/self/fd").iterdir()))
    for name in ("link.csv", "pipe.csv", "folder.csv"):
        with pytest.raises(NotFound):
            exchange.read(here, name)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


def test_too_large_a_file_is_refused(here: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    exchange.place(here, "big.csv").write_bytes(b"12345")
    monkeypatch.setattr(exchange, "MOST_BYTES", 4)
    with pytest.raises(Refused):
        exchange.read(here, "big.csv")


def test_what_a_killed_export_left_goes(settings: Settings) -> None:
    """R37: a draft that nobody writes to any more; a new one, and what people put there, stay."""
    folder = exchange.folder(settings)
    for name in (".notas.zip.0a1b2c3d", "notas.zip", ".notas.zip", ".outro.zip.0a1b2c3d"):
        (folder / name).write_bytes(b"x")
        if not name.startswith(".outro"):
            os.utime(folder / name, (1, 1))
    (folder / ".elo.00000000").symlink_to(folder / "notas.zip")
    assert exchange.tidy(settings) == 1
    assert sorted(path.name for path in folder.iterdir()) == [
        ".elo.00000000",
        ".notas.zip",
        ".outro.zip.0a1b2c3d",
        "notas.zip",
    ]


@pytest.mark.parametrize("said", [errno.EPERM, errno.EIO])
def test_a_name_that_cannot_be_given_is_not_taken(
    here: Settings, said: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An empty file of that name would be taken for the whole one, and stand in the next one's way."""
    path = exchange.place(here, "notas.zip")

    def refused(*_given: object) -> None:
        raise OSError(said, "refused")

    with monkeypatch.context() as patched:
        patched.setattr(os, "link", refused)
        patched.setattr(Path, "replace", refused)
        with pytest.raises(Refused, match="gravar"):
            exchange.write(path, [b"x"])
    assert list(path.parent.iterdir()) == []
    monkeypatch.setattr(os, "link", refused)
    if said == errno.EPERM:
        # A file system where no file has two names.
        exchange.write(path, [b"x"])
        assert path.read_bytes() == b"x"
        with pytest.raises(Conflict):
            exchange.write(path, [b"y"])


def test_what_goes_while_one_looks_is_not_listed(
    here: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a.csv", "b.csv"):
        exchange.place(here, name).write_bytes(b"x")
    look = os.scandir

    @contextmanager
    def looked(path: Path) -> Iterator[list[os.DirEntry[str]]]:
        with look(path) as entries:
            found = list(entries)
        exchange.place(here, "a.csv").unlink()
        yield found

    monkeypatch.setattr(os, "scandir", looked)
    assert [file.name for file in exchange.files(here)] == ["b.csv"]
