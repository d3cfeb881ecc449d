"""The command line as a contract: words, exit statuses, JSON, errors, help."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from services.settings import Settings
from tests.cli.conftest import Run, spawn
from tui_app.__main__ import main
from tui_app.checkup.version import version

CNPJ = "11222333000181"
ROOT = Path(__file__).resolve().parents[2]
SEND = (
    *("mailbox", "add", "--company", CNPJ, "--function", "send", "--nickname", "Notas"),
    *("--sender-name", "Padaria", "--email", "notas@padaria.com.br", "--password-stdin"),
    *("--smtp-host", "smtp.padaria.com.br", "--json"),
)


def with_value(option: str, value: str) -> tuple[str, ...]:
    words = list(SEND)
    if option in words:
        words[words.index(option) + 1] = value
        return tuple(words)
    return (*SEND, option, value)


def test_init_once(bare: Run) -> None:
    """R54: ``init`` makes the partner and maps the account; a second time is a conflict."""
    words = ("init", "--partner", "P", "--partner-key", "K", "--user", "ana", "--json")
    assert bare(*words).json["user"]["nickname"] == "ana"
    again = bare(*words)
    assert (again.status, again.error["code"]) == (5, "conflict")


def test_before_init_it_says_what_to_do(bare: Run) -> None:
    """A command without a partner names ``carteiro init``."""
    refused = bare("company", "list")
    assert refused.status == 1
    assert "carteiro init" in refused.err


@pytest.mark.parametrize("place", ["before", "between", "after"])
def test_globals_anywhere(carteiro: Run, place: str) -> None:
    """``--json``, ``--lang`` and ``--user`` are taken before and behind the command."""
    extra = ("--json", "--user", "ana", "--lang", "en")
    words = {
        "before": (*extra, "company", "list"),
        "between": ("company", *extra, "list"),
        "after": ("company", "list", *extra),
    }[place]
    assert carteiro(*words).json[0]["cnpj"] == CNPJ


def test_company_round(carteiro: Run) -> None:
    """CNPJ with and without mask, on and off, the words for people and for scripts."""
    edited = carteiro("company", "edit", "11.222.333/0001-81", "--invoicy-mail", "on", "--json")
    assert edited.json["invoicy_mail"] is True
    assert edited.json["cnpj"] == CNPJ
    shown = carteiro("company", "list", "--filter", "sao joao")
    assert "11.222.333/0001-81" in shown.out
    assert carteiro("company", "remove", CNPJ, "--json").json["removed"] == CNPJ
    assert carteiro("company", "list", "--json").json == []
    gone = carteiro("company", "edit", CNPJ, "--nickname", "x", "--json")
    assert (gone.status, gone.error["code"]) == (4, "not_found")


@pytest.mark.parametrize(
    ("option", "value", "status", "field"),
    [
        ("--company", "11222333000182", 1, "company"),
        ("--company", "12ABC34501DE35", 4, "company"),
        ("--email", "notas@", 1, "email"),
        ("--email", "a@b.com\r\nBcc: x@y.com", 1, "email"),
        ("--nickname", "Notas\n", 1, "nickname"),
        ("--nickname", "", 1, "nickname"),
        ("--sender-name", "Padaria\r\nX: y", 1, "sender_name"),
        ("--sender-name", "\x1b]52;c;eA==\x07", 1, "sender_name"),
        ("--user", "a\x00b", 1, "username"),
        ("--smtp-host", "smtp padaria", 1, "smtp_host"),
        ("--smtp-host", "smtp.padaria.com.br\r\n", 1, "smtp_host"),
        ("--smtp-port", "0", 1, "smtp_port"),
        ("--smtp-port", "65536", 1, "smtp_port"),
        ("--smtp-port", "smtp", 1, "smtp_port"),
        ("--pop-port", "995", 1, "pop_port"),
        ("--timeout", "0", 1, "timeout"),
        ("--delete-after", "nunca", 1, "delete_after"),
        ("--smtp-security", "ssl", 2, None),
        ("--function", "both", 2, None),
    ],
)
def test_bad_input_names_its_field_and_saves_nothing(
    carteiro: Run, option: str, value: str, status: int, field: str | None
) -> None:
    """Exit 1 (4 for what is not there, 2 for wrong usage) with the field; nothing is saved."""
    refused = carteiro(*with_value(option, value), stdin="segredo\n")
    assert refused.status == status
    assert refused.error["field"] == field
    assert not any(ord(c) < 32 or 127 <= ord(c) < 160 for c in refused.err.rstrip("\n"))
    assert carteiro("mailbox", "list", "--company", CNPJ, "--json").json == []


@pytest.mark.parametrize("stdin", ["", "\n", "com\x00nul\n", "segredão\n".encode("latin-1")])
def test_bad_password(carteiro: Run, stdin: str | bytes) -> None:
    """No line, an empty one, a control character, no UTF-8: the field is the password."""
    refused = carteiro(*SEND, stdin=stdin)
    assert (refused.status, refused.error["field"]) == (1, "password")


def test_mailbox_round(carteiro: Run) -> None:
    """R1, R9, R12: the JSON fields of the contract, edit, list, remove; never the password."""
    made = carteiro(*SEND, stdin=" se gredo \r\n").json
    wanted = {
        *("id", "function", "nickname", "sender_name", "email", "active", "inactive_code"),
        *("inactive_reason", "inactive_since", "health", "origin", "companies"),
    }
    assert wanted <= made.keys()
    assert made["companies"] == [CNPJ]
    assert (made["port"], made["security"]) == (465, "tls")
    number = str(made["id"])
    edited = carteiro(
        "mailbox", "edit", number, "--inactive", "--user", "outro", "--no-auth", "--json"
    ).json
    assert (edited["active"], edited["username"], edited["authenticate"]) == (False, "outro", False)
    assert carteiro("mailbox", "edit", number, "--active", "--auth", "--json").json["active"]
    listed = carteiro("mailbox", "list", "--company", CNPJ, "--status", "active")
    assert "notas@padaria.com.br" in listed.out
    assert carteiro("server", "list", "--json").json[0]["companies"] == [CNPJ]
    audit = carteiro("audit", "list", "--json").out
    assert "se gredo" not in audit
    assert carteiro("mailbox", "remove", number, "--json").json["server_removed"] is True
    assert carteiro("mailbox", "remove", number).status == 4


def test_users(carteiro: Run) -> None:
    """R53: what a company user may see; R54: ``--user`` for the owner of the state."""
    words = ("user", "add", "--nickname", "rui", "--name", "Rui", "--email", "rui@x.com")
    assert carteiro(*words, "--role", "company", "--company", CNPJ, "--json").json["id"]
    assert carteiro("--user", "rui", "company", "list", "--json").json[0]["cnpj"] == CNPJ
    refused = carteiro("user", "list", "--user", "rui", "--json")
    assert (refused.status, refused.error["code"]) == (3, "not_allowed")
    assert carteiro("company", "list", "--user", "nobody").status == 3
    assert carteiro("user", "remove", "rui").status == 0


def test_notify_queues_and_rings_once(carteiro: Run, tmp_path: Path) -> None:
    """R26, R28, R35: e-mail and bell together; the same key once; without a mailbox the bell says why."""
    words = ("notify", "--company", CNPJ, "--type", "general", "--subject", "Olá", "--json")
    first = carteiro(*words, "--body", "Texto")
    assert first.json["outbox_id"] is None
    assert "envio" in carteiro("bell", "list", "--json").json[0]["text"]
    assert carteiro(*SEND, stdin="segredo\n").status == 0
    file = tmp_path / "nota.xml"
    file.write_bytes(b"<nota/>")
    second = carteiro(*words, "--body-file", str(file), "--attach", str(file), "--key", "k").json
    again = carteiro(*words, "--body", "x", "--key", "k").json
    assert again == second | {"duplicate": True}
    shown = carteiro("outbox", "show", str(second["outbox_id"]), "--json").json
    assert {"id", "company", "state", "attempts", "message_id", "mailbox_id"} <= shown.keys()
    assert shown["recipients"][0]["address"] == "dono@padaria.com.br"
    assert shown["attachments"][0]["filename"] == "nota.xml"
    assert [m["id"] for m in carteiro("outbox", "list", "--state", "queued", "--json").json] == [
        second["outbox_id"]
    ]
    entries = carteiro("bell", "list", "--unread", "--json").json
    assert len(entries) == 2
    assert entries[0]["read"] is False
    assert carteiro("bell", "read", str(entries[0]["id"]), "--json").json == {"read": 1}
    unknown = carteiro("bell", "read", str(entries[1]["id"]), "99", "--json")
    assert (unknown.status, unknown.error["code"], unknown.error["field"]) == (4, "not_found", "id")
    assert carteiro("bell", "read", "--all", "--json").json == {"read": 1}


@pytest.mark.parametrize(
    ("extra", "status", "field"),
    [
        (("--subject", "a\nBcc: z@z.com"), 1, "subject"),
        (("--subject", ""), 1, "subject"),
        (("--type", "nenhum"), 4, "type"),
        (("--body", " "), 1, "body"),
        (("--attach", "/nonexistent"), 1, "attach"),
        (("--key", "a\x07"), 1, "key"),
        (("--company", "12ABC34501DE35"), 4, "company"),
    ],
)
def test_notify_refuses(carteiro: Run, extra: tuple[str, ...], status: int, field: str) -> None:
    """A bad value is named and nothing is announced."""
    words = ("notify", "--company", CNPJ, "--type", "general", "--subject", "s", "--body", "b")
    refused = carteiro(*words, *extra, "--json")
    assert (refused.status, refused.error["field"]) == (status, field)
    assert carteiro("bell", "list", "--json").json == []


@pytest.mark.parametrize(
    "words",
    [
        ("outbox", "show", "99"),
        ("outbox", "retry", "99"),
        ("document", "show", "99"),
        ("quarantine", "show", "99"),
        ("receipt", "99"),
        ("mailbox", "test", "99"),
        ("server", "test", "99"),
        ("read", "--mailbox", "99"),
        ("outbox", "show", "9" * 19),
        ("server", "test", "9" * 40),
    ],
)
def test_what_is_not_there(carteiro: Run, words: tuple[str, ...]) -> None:
    """Exit 4 for every unknown id."""
    gone = carteiro(*words, "--json")
    assert (gone.status, gone.error["code"]) == (4, "not_found")


@pytest.mark.parametrize(
    "words",
    [
        ("nada",),
        ("company",),
        ("company", "lst"),
        ("company", "add"),
        ("mailbox", "edit", "um"),
        ("outbox", "retry"),
        ("bell", "read"),
        ("worker", "--only", "nada"),
        ("company", "list", "--lang", "fr"),
        ("company", "switch", "--all"),
        ("document", "check"),
        ("document", "list", "--most", "-1"),
        ("bell", "list", "--limit", "0"),
    ],
)
def test_wrong_usage(carteiro: Run, words: tuple[str, ...]) -> None:
    """Exit 2, one line, JSON where asked for, in the language in force."""
    assert carteiro(*words, "--json").error["code"] == "usage"
    told = carteiro(*words)
    assert (told.status, told.out, told.err.count("\n")) == (2, "", 1)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("compani", "list"), "o mais parecido é company (veja carteiro --help)"),
        (("xyzzy",), "xyzzy: este comando não existe (veja carteiro --help)"),
        (("company", "list", "--foo"), "--foo (veja carteiro company list --help)"),
    ],
)
def test_wrong_usage_says_where_to_look(bare: Run, words: tuple[str, ...], told: str) -> None:
    """The help that is named is the one that helps, and a slip of the keyboard finds its command."""
    assert told in bare(*words).err


def test_doctor(carteiro: Run, settings: Settings) -> None:
    """The list of checks; exit 1 with a cure when the key is lost."""
    checks = carteiro("doctor", "--json")
    assert checks.status == 0, checks.out
    assert all(set(check) == {"check", "ok", "detail", "cure"} for check in checks.json)
    carteiro(*SEND, stdin="segredo\n")
    (settings.home / "master.key").chmod(0o644)
    found: dict[str, Any] = {check["check"]: check for check in carteiro("doctor", "--json").json}
    assert not found["key"]["ok"]
    assert "chmod" in found["files"]["cure"]
    (settings.home / "master.key").unlink()
    lost = carteiro("doctor")
    cures = [check["cure"] for check in carteiro("doctor", "--json").json]
    assert (lost.status, [cure for cure in cures if cure not in lost.out]) == (1, [])


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("group", ["outbox", "document", "bell", "audit"])
def test_an_empty_cnpj_is_not_every_company(carteiro: Run, group: str) -> None:
    """A script whose variable is empty gets no other company's."""
    refused = carteiro(group, "list", "--company", "", "--json")
    assert (refused.status, refused.error["field"]) == (1, "company")


def test_config(carteiro: Run, settings: Settings) -> None:
    """``--config`` names another file; one that is not there is refused, help is given all the same."""
    file = settings.home / "other.toml"
    file.write_text('language = "en"\n')
    assert carteiro("company", "list", "--config", str(file)).status == 0
    refused = carteiro("company", "list", "--json", "--config", "/nonexistent")
    assert (refused.status, refused.error["field"]) == (1, "config")
    assert carteiro("--config", "/nonexistent", "--help").status == 0


def test_a_closed_pipe_is_no_error(carteiro: Run) -> None:
    """Whoever reads may stop reading."""
    reading, writing = os.pipe()
    os.close(reading)
    with spawn("company", "list", stdout=writing, stderr=subprocess.PIPE) as process:
        os.close(writing)
        _out, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, b"")


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_an_output_on_a_full_disk_is_told_of(carteiro: Run) -> None:
    """Exit 1 and one line: what was to be read is not there, and a script must know."""
    with Path("/dev/full").open("wb") as full:
        buffered = {**os.environ, "PYTHONUNBUFFERED": ""}
        process = spawn("company", "list", stdout=full, stderr=subprocess.PIPE, env=buffered)
        _out, err = process.communicate(timeout=30)
    assert (process.returncode, err.count(b"\n")) == (1, 1), err
    assert "o disco está cheio" in err.decode()


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_help_on_a_full_disk_is_told_of_too(bare: Run) -> None:
    """Exit 1 and one line, as for any other answer; nothing is complained of when Python ends."""
    with Path("/dev/full").open("wb") as full:
        buffered = {**os.environ, "PYTHONUNBUFFERED": ""}
        process = spawn("--help", stdout=full, stderr=subprocess.PIPE, env=buffered)
        _out, err = process.communicate(timeout=30)
    assert (process.returncode, err.count(b"\n")) == (1, 1), err


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_closed_streams_lead_nowhere(carteiro: Run, settings: Settings) -> None:
    """Behind ``>&-`` and ``<&-`` a command does its work; what it would ask for is not there."""
    program = f"exec {sys.executable} -m tui_app"
    add = f"--company {CNPJ} --function send --nickname n --sender-name s --email n@padaria.example"
    for words, status, told in (
        (f"company edit {CNPJ} --nickname outra >&- 2>&- <&-", 0, b""),
        ("company list >&-", 0, b""),
        (f"mailbox add {add} --password-stdin --smtp-host h <&-", 1, "entrada padrão".encode()),
    ):
        ran = subprocess.run(
            ["sh", "-c", f"{program} {words}"], cwd=ROOT, capture_output=True, check=False
        )
        assert (ran.returncode, told in ran.stderr) == (status, True), ran.stderr
        assert b"Traceback" not in ran.stderr
    assert carteiro("company", "list", "--json").json[0]["nickname"] == "outra"


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    """What a person puts into a report; ``doctor`` has it too."""
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert (ended.value.code, capsys.readouterr().out) == (0, f"carteiro {version()}\n")


def test_watch_shows_what_comes_and_ends_cleanly(carteiro: Run) -> None:
    """R52: a JSON line for each entry, from another process; Ctrl-C ends with 130 and no trace."""
    words = ("notify", "--company", CNPJ, "--type", "general", "--subject", "s", "--body", "b")
    with spawn(
        "bell", "watch", "--json", stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        os.set_blocking(process.stdout.fileno(), False)
        line = b""
        while not line:
            # It shows what comes after it has looked for the first time: tell again until it does.
            assert carteiro(*words).status == 0
            line = process.stdout.readline() or b""
        process.send_signal(signal.SIGINT)
        try:
            _out, err = process.communicate(timeout=30)
        finally:
            process.kill()
    assert json.loads(line)["title"] == "s"
    assert process.returncode == 130
    assert b"Traceback" not in err


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_ctrl_c_cuts_may_fail_in_other_words(
    carteiro: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ends with 130 all the same: a connection that is asked whether it lives, and cut there,
    complains of something else."""

    def cut(*_asked: object) -> None:
        try:
            raise KeyboardInterrupt
        finally:
            raise RuntimeError("can't change 'autocommit' now")

    monkeypatch.setattr("services.registry.access.has_partner", cut)
    ended = carteiro("company", "list")
    assert (ended.status, ended.err) == (130, "carteiro: interrompido\n")
    assert carteiro("company", "list", "--json").error["code"] == "interrupted"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_worker_behind_nohup_outlives_its_terminal(carteiro: Run) -> None:
    """Whoever starts one over SSH and logs out has it go on; SIGTERM ends it."""
    argv = ["nohup", sys.executable, "-m", "tui_app", "worker"]
    with subprocess.Popen(
        argv, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as worker:
        try:
            assert worker.stdout is not None
            assert "Trabalhando" in worker.stdout.readline().decode()
            status = Path(f"/proc/{worker.pid}/status").read_text()
            (ignored,) = (line.split()[1] for line in status.splitlines() if "SigIgn" in line)
            assert int(ignored, 16) & 1 << signal.SIGHUP - 1
            worker.terminate()
            assert worker.wait(30) == 0
        finally:
            worker.kill()
