"""No command shows or changes what is not this user's (R53, R54): exit 3 or 4, or nothing."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from services.store.engine import Store
from tests.access.world import BRANCH_CNPJ, CNPJ, KEY, MARK, PASSWORD, World, build, dump, invoice
from tests.cli.conftest import Run, bare
from tests.cli.grammar import actions, parsers

__all__ = ["bare"]

ACCOUNT = (
    "--nickname n --sender-name s --email n@x.example --password-stdin --smtp-host smtp.x.example"
)

# The letters of services_table.py: another company's user, the company's own without permission,
# another partner's. What its own user may do is not run here. ``{name}`` is an id of the world.
COMMANDS: dict[str, tuple[str, str]] = {
    "partner set": ("xx-", "--auto-invoicy-mail on"),
    "partner show": ("xx-", ""),
    "partner test": ("xxx", ""),
    "partner remove-relay": ("xxx", ""),
    "user add": ("xx-", "--nickname eva --name Eva --email e@x.example --role partner"),
    "user edit": ("xxx", f"lia-{MARK} --name Outra"),
    "user list": ("xx-", ""),
    "user remove": ("xxx", f"lia-{MARK}"),
    "company add": ("xx-", "--cnpj 44483401000115 --nickname n --legal-name l"),
    "company edit": ("xxx", f"{CNPJ} --nickname x"),
    "company list": ("-s-", ""),
    "company remove": ("xxx", CNPJ),
    "company switch": ("xxx", f"{CNPJ} --document-import off"),
    "company import": ("xx-", "{file} --dry-run"),
    "company export": ("-s-", "{folder}.csv --force"),
    "mailbox add": (
        "xxx",
        f"--company {CNPJ} --function send {ACCOUNT}",
    ),
    "mailbox list": ("xsx", f"--company {CNPJ}"),
    "mailbox edit": ("xxx", "{mailbox} --inactive"),
    "mailbox remove": ("xxx", "{mailbox}"),
    "mailbox test": ("xsx", "{mailbox}"),
    "mailbox pause": ("xxx", "{mailbox}"),
    "mailbox resume": ("xxx", "{mailbox}"),
    "mailbox move": ("xxx", "{mailbox} 1"),
    "mailbox import-from-headquarters": ("xxx", f"--company {BRANCH_CNPJ} --yes"),
    "mailbox import-from-partner": ("xxx", f"--company {CNPJ} --server {{unlinked}} --yes"),
    "mailbox undo-import": ("xxx", f"--company {CNPJ}"),
    "mailbox resync": ("xxx", "{mailbox}"),
    "server add": (
        "xxi",
        f"--kind send --partner-key K-{MARK} {ACCOUNT}",
    ),
    "server edit": ("xxx", "{server} --inactive"),
    "server remove": ("xxx", "{unlinked}"),
    "server link": ("xxx", f"{{unlinked}} {CNPJ}"),
    "server unlink": ("xxx", f"{{server}} {CNPJ}"),
    "server list": ("xx-", ""),
    "server test": ("xxx", "{server}"),
    "server pause": ("xxx", "{unlinked}"),
    "server resume": ("xxx", "{unlinked}"),
    "server rotate": ("xxx", "{server} --password-stdin"),
    "microsoft link": ("xxx", f"--company {CNPJ} --function send --email n@x.example"),
    "microsoft relink": ("xxx", "{server}"),
    "microsoft list": ("-s-", ""),
    "notification-email add": ("xx-", "--email novo@x.example"),
    "notification-email edit": ("xxx", "{address} --email outro@x.example"),
    "notification-email list": ("xx-", ""),
    "notification-email remove": ("xxx", "{address}"),
    "notification-email subscribe": ("xxx", f"{{address}} --company {CNPJ} --type general"),
    "notification-email unsubscribe": ("xxx", f"{{address}} --company {CNPJ}"),
    "notification-type list": ("ss-", ""),
    "notification-type add": ("xx-", "novo --title Novo"),
    "recipients": ("xsx", f"--company {CNPJ} --type sending_failed"),
    "notify": ("xsx", f"--company {CNPJ} --type general --subject s --body b"),
    "outbox list": ("-s-", ""),
    "outbox show": ("xsx", "{queued}"),
    "outbox retry": ("xsx", "{failed}"),
    "outbox cancel": ("xsx", "{queued}"),
    "outbox status": ("---", ""),
    "read": ("xsx", "--mailbox {reading}"),
    "document list": ("-s-", ""),
    "document show": ("xsx", "{document}"),
    "document total": ("xsx", f"--company {CNPJ}"),
    "document check": ("xsx", "{document}"),
    "document export": ("-s-", "{folder}"),
    "document send": ("xsx", "{document} --no-pdf"),
    "send-document": ("xsx", "{invoice} --no-pdf"),
    "quarantine list": ("-s-", ""),
    "quarantine show": ("xsx", "{quarantine}"),
    "quarantine retry": ("xsx", "{quarantine}"),
    "quarantine link": ("xxx", f"{{quarantine}} --company {CNPJ}"),
    "quarantine reject": ("xsx", "{quarantine}"),
    "receipt": ("xsx", KEY),
    "health": ("-s-", ""),
    "bell list": ("-s-", ""),
    "bell read": ("xsx", "{bell}"),
    "audit list": ("xx-", ""),
    "backup": ("xxx", "{folder}.db"),
    "restore": ("xxx", "{file} --check"),
    "metrics": ("xxx", ""),
    "extra": ("xxx", "danfe"),
    "key show": ("xxx", ""),
    "key rotate": ("xxx", ""),
}

NOBODYS = {
    "demo": "a world of its own",
    "init": "makes the first user",
    "discover": "asks the DNS",
    "guidance": "words that are everybody's",
    "manual": "words that are everybody's",
    "bell watch": "bell list, going on",
    "worker": "acts in nobody's name, for whoever can open the database",
    "doctor": "looks at the installation",
}
"""Commands that tell or change nothing in a person's name, and why."""


def leaves() -> Iterator[str]:
    """Every command with its action."""
    return (path for path, parser in parsers() if not actions(parser))


def words_of(name: str, world: World, folder: Path) -> list[str]:
    """The command with its arguments."""
    file = folder / "empresas.csv"
    file.write_text(f"cnpj;apelido;razao_social\n{CNPJ};Roubada;Roubada Ltda\n")
    sent = folder / "nota.xml"
    sent.write_bytes(invoice())
    ids = {n: getattr(world, n) for n in World.__dataclass_fields__}
    arguments = COMMANDS[name][1].format(**ids, file=file, invoice=sent, folder=folder / "export")
    return [*name.split(), *arguments.split()]


def test_every_command_has_its_line() -> None:
    """R53: who adds a command says here what others get of it."""
    there = set(leaves())
    assert there - COMMANDS.keys() - NOBODYS.keys() == set(), "add a line to COMMANDS"
    assert (COMMANDS.keys() | NOBODYS.keys()) - there == set(), "take these lines away"


@pytest.mark.parametrize("place", range(3), ids=["rui", "lia", "zoe"])
def test_others_get_nothing(bare: Run, store: Store, tmp_path: Path, place: int) -> None:
    """R11, R53: exit 3 or 4 and nothing on stdout, or a list without what is not theirs."""
    with store.writing() as session:
        world = build(session)
    actor = (world.rui, world.lia, world.zoe)[place]
    with store.reading() as session:
        before = dump(session, actor)
    wrong = []
    for name, (expected, _arguments) in COMMANDS.items():
        if expected[place] == "s":
            continue
        words = words_of(name, world, tmp_path)
        ran = bare("--user", actor.nickname, *words, "--json", stdin="nova\n")
        refused = ran.status in (3, 4) and ran.out == ""
        nothing = ran.status == 0 and MARK not in ran.out and PASSWORD not in ran.out
        invalid = ran.status == 1 and ran.out == "" and ran.error["code"] == "invalid"
        if not {"x": refused, "i": invalid, "-": nothing}[expected[place]]:
            wrong.append(f"{name}: {ran}")
    written = [path for path in tmp_path.rglob("export*") if path.is_file()]
    wrong += [str(path) for path in written if MARK in path.read_text()]
    with store.reading() as session:
        wrong += [str(row) for row in sorted(before - dump(session, actor))]
    assert not wrong, "\n".join(wrong)


def test_another_account_is_nobody_by_user(
    bare: Run, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """R54: ``--user`` of an account that does not own the state folder is refused everywhere."""
    with store.writing() as session:
        world = build(session)
    mine = os.geteuid()
    monkeypatch.setattr("services.registry.access.os.geteuid", lambda: mine + 1)
    wrong = []
    for name in COMMANDS:
        ran = bare("--user", "ana", *words_of(name, world, tmp_path), "--json", stdin="nova\n")
        if ran.status != 3 or ran.out or ran.error["field"] != "user":
            wrong.append(f"{name}: {ran}")
    assert not wrong, "\n".join(wrong)
