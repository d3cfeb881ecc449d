"""The watched folder on disk: what is taken from it, when, and where it goes."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from services.dispatch import folder as folders
from services.dispatch.folder import CLAIMED, DONE, FAILED, INBOX, Folder
from services.errors import Invalid, Unavailable
from services.fiscal.xml import MAX_BYTES
from tests.dispatch.conftest import invoice

Clock = Callable[[float], None]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """``clock(3)``: three seconds later, for the program and by the files' own times."""
    at = [1000.0]
    wall = folders.time.time()
    monkeypatch.setattr(folders.time, "monotonic", lambda: at[0])
    monkeypatch.setattr(folders.time, "time", lambda: wall + at[0] - 1000)

    def on(seconds: float) -> None:
        at[0] += seconds

    return on


@pytest.fixture
def folder(root: Path) -> Folder:
    made = Folder(root)
    made.prepare()
    return made


def put(folder: Folder, name: str, data: bytes = b"") -> Path:
    path = folder.root / INBOX / name
    path.write_bytes(data or invoice())
    return path


def taken(folder: Folder) -> list[str]:
    """What would be worked on now, put away as done."""
    names = []
    if folder.settled():
        for claimed in folder.next():
            assert folder.read(claimed) is not None
            folder.finish(claimed)
            names.append(claimed.name)
    return names


def names(folder: Folder, room: str) -> list[str]:
    return sorted(path.name for path in (folder.root / room).iterdir())


def test_a_file_is_taken_once_it_has_stood_still(folder: Folder, clock: Clock) -> None:
    """R31: not while it grows, whole or not."""
    path = put(folder, "nota.xml")
    assert taken(folder) == []
    clock(1.5)
    with path.open("ab") as file:
        file.write(b"\n")
    assert taken(folder) == []
    clock(1.5)
    assert taken(folder) == []
    clock(0.6)
    assert taken(folder) == ["nota.xml"]
    assert (names(folder, INBOX), names(folder, DONE)) == ([], ["nota.xml"])
    assert names(folder, CLAIMED) == []


def test_half_a_file_waits_for_its_other_half(folder: Folder, clock: Clock) -> None:
    """R31: a writer that pauses for longer than usual loses nothing."""
    path = put(folder, "nota.xml", invoice()[:2000])
    for _look in range(10):
        assert taken(folder) == []
        clock(5)
    path.write_bytes(invoice())
    assert taken(folder) == []
    clock(2)
    assert taken(folder) == ["nota.xml"]


def test_what_stays_broken_is_given_up(folder: Folder, clock: Clock) -> None:
    """After a minute nobody writes it any more."""
    put(folder, "nota.xml", invoice()[:2000])
    assert not folder.settled()
    clock(59)
    assert not folder.settled()
    clock(2)
    assert folder.settled()


def test_what_is_whole_needs_no_patience(folder: Folder, clock: Clock) -> None:
    """Too large for a document, or something else in XML: as soon as it stands still."""
    put(folder, "grande.xml", b" " * (MAX_BYTES + 1))
    put(folder, "outra.xml", b"<outra/>")
    folder.settled()
    clock(2)
    assert sorted(taken(folder)) == ["grande.xml", "outra.xml"]


@pytest.mark.parametrize(
    "name", [".nota.xml", "nota.xml.tmp", "nota.xml.part", "nota.XML.TMP", "nota.xml~"]
)
def test_names_of_unfinished_files_are_left_alone(folder: Folder, clock: Clock, name: str) -> None:
    """R31: write so, rename then."""
    path = put(folder, name)
    folder.settled()
    clock(100)
    assert taken(folder) == []
    path.rename(path.with_name("fim.xml"))
    folder.settled()
    clock(2)
    assert taken(folder) == ["fim.xml"]


def test_links_and_pipes_are_not_followed(folder: Folder, clock: Clock, tmp_path: Path) -> None:
    """What is elsewhere on the machine is neither read nor moved."""
    secret = tmp_path / "secret.xml"
    secret.write_bytes(invoice())
    (folder.root / INBOX / "link.xml").symlink_to(secret)
    os.mkfifo(folder.root / INBOX / "pipe.xml")
    (folder.root / INBOX / "pasta").mkdir()
    folder.settled()
    clock(2)
    for claimed in folder.next():
        with pytest.raises(Invalid, match="atalho"):
            folder.read(claimed)
        folder.reject(claimed, "não")
    assert names(folder, INBOX) == ["pasta"]
    assert names(folder, FAILED) == ["link.xml", "link.xml.txt", "pipe.xml", "pipe.xml.txt"]
    assert secret.read_bytes() == invoice()


def test_one_that_changes_after_it_was_taken_is_not_read(folder: Folder, clock: Clock) -> None:
    """A writer that kept the file open goes on writing into it, and it is taken when that ends."""
    path = put(folder, "nota.xml")
    folder.settled()
    clock(2)
    with path.open("ab") as writer:
        (claimed,) = folder.next()
        writer.write(b"\n")
        writer.flush()
        assert folder.read(claimed) is None
        assert taken(folder) == []
    clock(2)
    assert taken(folder) == ["nota.xml"]


def test_a_new_file_of_the_same_name_is_another(folder: Folder, clock: Clock) -> None:
    """What comes while the first is worked on is neither put away with it nor overwritten."""
    put(folder, "nota.xml", invoice(1))
    folder.settled()
    clock(2)
    (first,) = folder.next()
    put(folder, "nota.xml", invoice(2))
    folder.finish(first)
    folder.settled()
    clock(2)
    assert taken(folder) == ["nota.xml"]
    assert names(folder, DONE) == ["nota-2.xml", "nota.xml"]
    assert (folder.root / DONE / "nota.xml").read_bytes() == invoice(1)
    assert (folder.root / DONE / "nota-2.xml").read_bytes() == invoice(2)


def test_what_another_put_away_is_left_so(folder: Folder, clock: Clock) -> None:
    """A process that was stopped and goes on later does no harm."""
    put(folder, "nota.xml")
    folder.settled()
    clock(2)
    (claimed,) = folder.next()
    folder.finish(claimed)
    folder.finish(claimed)
    folder.reject(claimed, "tarde")
    assert (names(folder, DONE), names(folder, FAILED)) == (["nota.xml"], [])


def test_hostile_names_are_plain_where_they_end(folder: Folder, clock: Clock) -> None:
    """No control character of a name reaches a terminal by ``ls``, and long ones have room."""
    put(folder, "a\x1b]52;c;eA==\x07\n\u202e.xml")
    put(folder, "é" * 120 + ".xml")
    (folder.root / INBOX / os.fsdecode(b"\xff\xfe.xml")).write_bytes(invoice())
    folder.settled()
    clock(2)
    for claimed in folder.next():
        folder.reject(claimed, "não")
    found = names(folder, FAILED)
    assert len(found) == 6
    assert all(name.isprintable() for name in found)
    assert {name[-4:] for name in found} == {".xml", ".txt"}


def test_the_reason_stands_beside_it(folder: Folder, clock: Clock) -> None:
    """R31: what happened and what to do, and an earlier one of that name keeps its own."""
    for why in ("primeira", "segunda"):
        put(folder, "nota.xml")
        folder.settled()
        clock(2)
        (claimed,) = folder.next()
        folder.reject(claimed, why)
    assert "primeira" in (folder.root / FAILED / "nota.xml.txt").read_text()
    words = (folder.root / FAILED / "nota-2.xml.txt").read_text()
    assert "segunda" in words
    assert INBOX in words


def test_one_that_cannot_be_taken_stops_no_other(
    folder: Folder, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another account's file in a folder where only owners rename: it is told of at the end."""
    rename = Path.rename

    def refusing(path: Path, target: Path) -> Path:
        if path.name == "a.xml" and path.parent.name == INBOX:
            raise PermissionError(13, "Permission denied")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", refusing)
    put(folder, "a.xml")
    put(folder, "b.xml")
    folder.settled()
    clock(2)
    with pytest.raises(Unavailable, match=r"a\.xml"):
        taken(folder)
    assert (names(folder, INBOX), names(folder, DONE)) == (["a.xml"], ["b.xml"])
    assert names(folder, CLAIMED) == []


def test_a_place_that_is_none_is_told(root: Path) -> None:
    """A link in place of a folder would lead elsewhere."""
    root.mkdir()
    (root / DONE).symlink_to("/tmp")
    with pytest.raises(Unavailable, match="documentos"):
        Folder(root).prepare()


def test_what_is_under_way_is_a_file_of_a_folder_of_ours(
    folder: Folder, clock: Clock, tmp_path: Path
) -> None:
    """A link there empties no other folder, and a folder that got in stops no file."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "alheia.xml").write_bytes(invoice())
    (folder.root / CLAIMED / "a").symlink_to(other)
    (folder.root / CLAIMED / "b" / "pasta.xml").mkdir(parents=True)
    put(folder, "nota.xml")
    folder.settled()
    clock(2)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for claimed in folder.next():
        try:
            folder.read(claimed)
        except Invalid:
            folder.reject(claimed, "não")
        else:
            folder.finish(claimed)
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    assert (names(folder, DONE), names(folder, CLAIMED)) == (["nota.xml"], ["a"])
    assert names(folder, FAILED) == ["pasta.xml", "pasta.xml.txt"]
    assert [path.name for path in other.iterdir()] == ["alheia.xml"]


def test_a_place_on_another_disk_is_told_and_not_filled(
    folder: Folder, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing moves there, and no empty file is left at each try."""
    rename = Path.rename

    def between(path: Path, target: Path) -> Path:
        if target.parent.name == DONE:
            raise OSError(18, "Invalid cross-device link")
        return rename(path, target)

    monkeypatch.setattr(Path, "rename", between)
    put(folder, "nota.xml")
    folder.settled()
    clock(2)
    (claimed,) = folder.next()
    with pytest.raises(Unavailable, match="discos diferentes"):
        folder.finish(claimed)
    assert names(folder, DONE) == []
    assert [each.name for each in folder.next()] == ["nota.xml"]
