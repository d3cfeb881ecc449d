"""``backup``, ``restore`` and ``key`` as a cron job and a person use them."""

from __future__ import annotations

from pathlib import Path

import pytest

from services.settings import Settings
from tests.cli.conftest import Run


@pytest.fixture
def with_password(carteiro: Run) -> Run:
    added = carteiro(
        *("mailbox", "add", "--company", "11222333000181", "--function", "send"),
        *("--nickname", "n", "--sender-name", "s", "--email", "n@padaria.example"),
        *("--smtp-host", "smtp.padaria.example", "--smtp-port", "587", "--password-stdin"),
        stdin="segredo\n",
    )
    assert added.status == 0
    return carteiro


def test_a_folder_keeps_the_last_ones(with_password: Run, tmp_path: Path) -> None:
    folder = tmp_path / "copias"
    folder.mkdir()
    for day in range(1, 4):
        (folder / f"carteiro-202601{day:02d}T030000Z.db").write_bytes(b"")
    others = ["carteiro-1-antes-T2-Z.db", "outra.db"]
    for name in others:
        (folder / name).write_bytes(b"")
    done = with_password("backup", str(folder), "--keep", "2", "--json")
    assert done.status == 0, done.err
    told = done.json
    assert (told["companies"], len(told["key"]), len(told["removed"])) == (1, 16, 2)
    assert sorted(path.name for path in folder.iterdir()) == [
        others[0],
        "carteiro-20260103T030000Z.db",
        Path(told["file"]).name,
        others[1],
    ]
    checked = with_password("restore", told["file"], "--check", "--json")
    assert checked.json["key"] == told["key"] == with_password("key", "show", "--json").json["key"]


def test_back_from_a_backup(
    with_password: Run, settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In another home with the same key; the trail says so (R55)."""
    file = tmp_path / "copia.db"
    said = with_password("backup", str(file))
    assert "chave-mestra não vai junto" in said.out
    again = with_password("backup", str(file), "--json")
    assert (again.status, again.error["code"]) == (5, "conflict")
    monkeypatch.setenv("CARTEIRO_KEY_FILE", str(settings.home / "master.key"))
    home = tmp_path / "outra"
    monkeypatch.setenv("CARTEIRO_HOME", str(home))
    monkeypatch.setenv("CARTEIRO_DATABASE_URL", f"sqlite:///{home / 'carteiro.db'}")
    done = with_password("restore", str(file), "--json")
    assert (done.status, done.json["left_to_a_person"]) == (0, 0), done.err
    assert with_password("company", "list", "--json").json[0]["cnpj"] == "11222333000181"
    trail = with_password("audit", "list", "--json").json
    assert trail[0]["action"] == "restore"
    refused = with_password("restore", str(file), "--json")
    assert (refused.status, refused.error["code"]) == (5, "conflict")


def test_who_works_under_a_name_of_the_program_may_not(with_password: Run, tmp_path: Path) -> None:
    """R54: the whole database is the installation's own account's business."""
    for argv in (
        ("backup", str(tmp_path / "x.db")),
        ("restore", str(tmp_path / "x.db"), "--check"),
        ("key", "show"),
        ("key", "rotate"),
    ):
        refused = with_password("--user", "ana", *argv, "--json")
        assert (refused.status, refused.error["code"]) == (3, "not_allowed"), argv
    assert not (tmp_path / "x.db").exists()


def test_a_new_key_is_told_of(with_password: Run) -> None:
    before = with_password("key", "show", "--json").json["key"]
    done = with_password("key", "rotate", "--json")
    assert done.json["secrets"] == 1
    assert done.json["key"] == with_password("key", "show", "--json").json["key"] != before
    assert with_password("audit", "list", "--json").json[0]["action"] == "rotate_key"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_check_says_whether_the_key_of_now_opens_it(with_password: Run, tmp_path: Path) -> None:
    """A sound file is of no use without its key: that is told before it is needed."""
    file = tmp_path / "copia.db"
    key = with_password("backup", str(file), "--json").json["key"]
    assert with_password("restore", str(file), "--check", "--json").json["opens"]
    with_password("key", "rotate")
    assert not with_password("restore", str(file), "--check", "--json").json["opens"]
    told = with_password("restore", str(file), "--check")
    assert (told.status, f"indique a chave {key} com" in told.out) == (0, True), told
    assert "nada foi alterado" in told.out


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_folder_that_is_not_there_is_named(bare: Run, tmp_path: Path) -> None:
    """What is wrong of the two is said."""
    gone = tmp_path / "copias"
    told = bare("backup", str(gone), "--keep", "2")
    assert (told.status, f"a pasta {gone} não existe" in told.err) == (2, True), told
    assert "maior que zero" in bare("backup", str(tmp_path), "--keep", "0").err


def test_what_is_no_backup(bare: Run, tmp_path: Path) -> None:
    """The reason is in the reader's language, whatever SQLite calls it."""
    file = tmp_path / "copia.db"
    file.write_bytes(b"x" * 5_000)
    told = bare("restore", str(file), "--check")
    assert (told.status, "(não é um banco de dados)" in told.err) == (1, True), told


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_new_copy_stays_whatever_the_clock_says(carteiro: Run, tmp_path: Path) -> None:
    """Those of before are of days to come, where the clock was set back."""
    old = [tmp_path / f"carteiro-20990{month}01T030000Z.db" for month in (1, 2)]
    for file in old:
        file.touch()
    told = carteiro("backup", str(tmp_path), "--keep", "2", "--json").json
    assert Path(told["file"]).is_file()
    assert told["removed"] == [str(old[0])]


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_copy_that_cannot_go_is_told_of(carteiro: Run, tmp_path: Path) -> None:
    """The new one is there; exit 1 tells cron that the folder will fill."""
    (tmp_path / "carteiro-20200101T030000Z.db").mkdir()
    told = carteiro("backup", str(tmp_path), "--keep", "1", "--json")
    assert told.status == 1
    assert "não pôde ser excluído: é uma pasta" in told.error["message"]
    assert len([file for file in tmp_path.glob("*.db") if file.is_file()]) == 1


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "words", [("backup",), ("restore",), ("company", "export"), ("document", "export")]
)
def test_a_place_that_cannot_be_is_told_in_words(carteiro: Run, words: tuple[str, ...]) -> None:
    """What the system refuses to look at is no failure of ours."""
    told = carteiro(*words, "a" * 300 + ".zip")
    assert (told.status, "falha interna" in told.err) == (1, False), told.err
