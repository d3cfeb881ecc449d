"""The forced command on a real sshd: the console as the command says, and nothing else (R53, R54)."""

from __future__ import annotations

import json
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.outbox import queue
from services.registry import access, mailboxes
from services.registry.mailboxes import MailboxDraft
from services.store.engine import open_store
from services.store.mail import OutboxMessage
from services.store.models import AuditEntry, Company, Function
from tests.access.conftest import Account, console, forced, run
from tests.access.terminal import PtyProgram
from tests.servers.ports import open_folder, wait_until
from tests.servers.sshd import Sshd

COMPANY = "12.345.678/0001-95"
CTRL_Q = "\x11"


def tree(folder: Path) -> set[str]:
    """Every file below."""
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def processes(account: Account) -> list[int]:
    """The programs that run from the account's checkout."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                line = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if line.startswith(str(account.carteiro.parent).encode()) and b"tui_app" in line:
                found.append(int(entry.name))
    return found


def companies_and_actors(account: Account) -> tuple[set[str], set[str]]:
    """What is registered in the account's own database, and who registered it."""
    store = open_store(account.settings)
    try:
        with store.reading() as session:
            return (
                set(session.scalars(select(Company.cnpj))),
                set(session.scalars(select(AuditEntry.user_nickname))),
            )
    finally:
        store.close()


def at_home(client: PtyProgram) -> None:
    """The first screen of who has hardly anything yet: the first steps are for later."""
    client.shows("Contábil Sul", "▸ ", "Enter Fazer este passo")
    client.type("q")
    client.shows("não lida")


def queue_many(session: Session, port: int) -> None:
    """E-mails of the company, and a sending mailbox at a server on that port."""
    ana = access.identify(session, nickname="ana", owns_state=True)
    company = session.scalars(select(Company)).one()
    mailboxes.add(
        session,
        ana,
        company.id,
        MailboxDraft(
            function=Function.SEND,
            nickname="Notas",
            sender_name="Padaria",
            email="notas@padaria.example",
            username="notas@padaria.example",
            password="segredo",
            active=True,
            host="127.0.0.1",
            port=port,
            security="none",
            authenticate=False,
        ),
    )
    for number in range(100):
        queue.enqueue(
            session,
            partner_id=ana.partner_id,
            company_id=company.id,
            to=[f"cliente{number}@loja.example"],
            subject="Nota",
            body="Segue.",
        )


@pytest.fixture
def trap(tmp_path: Path) -> Iterator[dict[str, str]]:
    """Variables that would lead elsewhere; whatever is done there leaves a trace in a folder."""
    folder = tmp_path / "trap"
    (folder / "python").mkdir(parents=True)
    mark = f"open({str(folder / 'ran')!r}, 'w').close()\n"
    (folder / "python/sitecustomize.py").write_text(mark)
    (folder / "python/evil.py").write_text(f"{mark}class Driver: ...\n")
    (folder / "start.py").write_text(mark)
    (folder / "config/carteiro").mkdir(parents=True)
    (folder / "config/carteiro/carteiro.toml").write_text(f'home = "{folder / "state"}"\n')
    before = tree(folder)
    yield {
        "USER": "raiz",
        "LOGNAME": "raiz",
        "HOME": str(folder),
        "PATH": str(folder),
        "CARTEIRO_HOME": str(folder / "state"),
        "CARTEIRO_DATABASE_URL": f"sqlite:///{folder / 'other.db'}",
        "CARTEIRO_KEY_FILE": str(folder / "key"),
        "CARTEIRO_CA_FILE": str(folder / "ca.pem"),
        "TEXTUAL": "devtools,debug",
        "TEXTUAL_DRIVER": "evil:Driver",
        "TEXTUAL_LOG": str(folder / "textual.log"),
        "TEXTUAL_SCREENSHOT_LOCATION": str(folder),
        "TEXTUAL_PRESS": "ctrl+q",
        "PYTHONPATH": str(folder / "python"),
        "PYTHONSTARTUP": str(folder / "start.py"),
        "PYTHONINSPECT": "1",
        "PYTHONPYCACHEPREFIX": str(folder / "pycache"),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_DATA_HOME": str(folder / "data"),
        "XDG_CACHE_HOME": str(folder / "cache"),
        "LD_PRELOAD": str(folder / "none.so"),
        "TMPDIR": str(folder),
        "SSLKEYLOGFILE": str(folder / "tls.keys"),
        "PGHOST": "192.0.2.1",
        "HTTPS_PROXY": "http://192.0.2.1:3128",
    }
    assert tree(folder) == before


def test_whatever_the_client_sends_the_console_is_anas(
    sshd: Sshd, account: Account, trap: dict[str, str]
) -> None:
    """R54, R55: who acts, which database is opened and what is written stay as without it."""
    before = tree(account.home)
    with console(sshd, **trap) as client:
        at_home(client)
        client.type("c")
        client.shows("Escolher empresa", "Padaria São João")
        client.type("\x1bOR")
        client.shows("CNPJ da matriz")
        client.type(f"{COMPANY}\tMercado\tMercado Ltda")
        client.shows("Mercado Ltda")
        client.type("\x1bOQ")
        client.until(lambda: "Nova empresa" not in client.text, "the company is saved")
        # Neither a picture of the screen nor a shell is to be had from within.
        client.type("\x10")
        client.type("screenshot")
        client.shows("screenshot")
        client.type("\r")
        client.type("\x1a")
        client.type("\x1b\x1b")
        client.type(CTRL_Q)
        assert client.ends() == 0
        assert b">>>" not in client.raw
    cnpjs, actors = companies_and_actors(account)
    assert "12345678000195" in cnpjs
    assert actors == {"raiz", "ana"}
    mine = tree(account.home) - before
    assert all(name.startswith(".local/share/carteiro/") for name in mine), mine


def test_nothing_of_the_clients_reaches_the_program(
    sshd: Sshd, account: Account, trap: dict[str, str]
) -> None:
    """R54: no agent, no display, no loader's or Python's variable once the program runs."""
    agent = open_folder("agent-") / "socket"
    with subprocess.Popen(["ssh-agent", "-D", "-a", str(agent)], stdout=subprocess.DEVNULL) as keys:
        try:
            wait_until(agent.exists, "the agent")
            with console(sshd, "-A", "-X", agent=agent, **trap) as client:
                at_home(client)
                (pid,) = processes(account)
                told = Path(f"/proc/{pid}/environ").read_bytes().decode().split("\0")
                client.type(CTRL_Q)
                client.ends()
        finally:
            keys.terminate()
    agent.parent.rmdir()
    names = {line.partition("=")[0] for line in told}
    assert "SSH_CONNECTION" in names
    assert not names & {"SSH_AUTH_SOCK", "DISPLAY", "LD_PRELOAD", "PYTHONPATH"}


@pytest.mark.parametrize(
    "words",
    [
        ("-T", "{at}", "sh"),
        ("-T", "{at}", "cat /etc/passwd"),
        ("-T", "{at}", "carteiro --user raiz company list"),
        ("-T", "{at}", "; sh"),
        ("-T", "{at}"),
        ("-T", "-s", "{at}", "sftp"),
    ],
)
def test_no_command_of_the_clients_is_run(
    sshd: Sshd, account: Account, words: tuple[str, ...]
) -> None:
    """R54: what it asks for changes nothing; without a terminal there is no console."""
    before = tree(account.home)
    done = run(sshd.client(*words), stdin=b"id\ncat /etc/passwd\n")
    assert done.returncode == 1
    assert done.stdout == b""
    assert b"O console precisa de um terminal" in done.stderr or "-s" in words
    assert tree(account.home) == before


def test_a_command_asked_for_with_a_terminal_gives_the_console(sshd: Sshd) -> None:
    """R54: ``ssh -t host sh`` is the console as well."""
    with console(sshd, asks="sh -c 'echo here$((40+2))'") as client:
        at_home(client)
        client.type(CTRL_Q)
        assert client.ends() == 0
        assert b"here42" not in client.raw


@pytest.mark.parametrize("program", ["sftp", "scp"])
def test_no_file_goes_either_way(
    sshd: Sshd, account: Account, tmp_path: Path, program: str
) -> None:
    """R54: neither the subsystem nor a copy reaches a file."""
    mine = tmp_path / "mine"
    mine.write_text("x")
    there = account.home / "theirs"
    if program == "sftp":
        argv = sshd.client("-b", "-", "{at}", program=program)
        done = run(argv, stdin=f"put {mine} {there}\nget /etc/passwd {tmp_path}/got\n".encode())
    else:
        done = run(sshd.client(str(mine), f"{{at}}:{there}", program=program))
    assert done.returncode != 0
    assert not there.exists()
    assert not (tmp_path / "got").exists()


def test_no_forward(sshd: Sshd) -> None:
    """R54: neither to a place that the host reaches, nor from it, nor to a socket of it."""
    with socket.create_server(("127.0.0.1", 0)) as inside:
        port = inside.getsockname()[1]
        out = run(sshd.client("-T", "-W", f"127.0.0.1:{port}", "{at}"))
        assert out.returncode == 255
        assert b"administratively prohibited" in out.stderr
        inside.settimeout(0)
        with pytest.raises(BlockingIOError):
            inside.accept()
    back = run(
        sshd.client("-T", "-N", "-R", "0:127.0.0.1:22", "-o", "ExitOnForwardFailure=yes", "{at}")
    )
    assert back.returncode == 255
    assert b"remote port forwarding failed" in back.stderr


def test_a_forced_command_of_the_command_line(account: Account, trap: dict[str, str]) -> None:
    """R54: the same holds for a command with its output; what is ignored is said to people."""
    for words, heard in (
        ("company list --json --user ana", False),
        ("--user ana company list", True),
    ):
        with forced(account, command=f"{account.carteiro} {words}") as server:
            done = run(server.client("-T", "{at}", "company remove 11222333000181", sends=trap))
        assert done.returncode == 0, done.stderr
        assert (b"CARTEIRO_DATABASE_URL" in done.stderr) is heard
        if not heard:
            assert [each["cnpj"] for each in json.loads(done.stdout)] == ["11222333000181"]


def test_a_dropped_connection_saves_nothing_and_leaves_nobody(sshd: Sshd, account: Account) -> None:
    """A form half filled in when the connection breaks: nothing is saved, the process ends."""
    with console(sshd) as client:
        at_home(client)
        client.type("c")
        client.shows("Escolher empresa")
        client.type("\x1bOR")
        client.shows("CNPJ da matriz")
        client.type(f"{COMPANY}\tMercado\tMercado Ltda")
        client.shows("Mercado Ltda")
        assert len(processes(account)) == 1
        client.kill()
    wait_until(lambda: not processes(account), "the console ends")
    cnpjs, _actors = companies_and_actors(account)
    assert cnpjs == {"11222333000181"}
    assert '"level": "error"' not in (account.settings.home / "carteiro.log").read_text()


def test_a_dropped_connection_gives_its_claims_back(sshd: Sshd, account: Account) -> None:
    """R33: what the console's jobs had claimed is free at once, not only when the lease is over."""
    store = open_store(account.settings)

    def claimed() -> int:
        with store.reading() as session:
            query = select(func.count()).where(OutboxMessage.lease_owner.is_not(None))
            return int(session.scalar(query) or 0)

    with socket.create_server(("127.0.0.1", 0)) as silent:
        with store.writing() as session:
            queue_many(session, silent.getsockname()[1])
        with console(sshd) as client:
            at_home(client)
            client.until(lambda: claimed() > 20, "e-mails are claimed")
            client.kill()
    wait_until(lambda: not processes(account), "the console ends", 40)
    assert claimed() == 0
    store.close()
