"""The real console on a terminal of any kind and size."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TypeAlias

import pytest

from services.registry import companies, people
from services.registry.access import Actor
from services.registry.companies import CompanyDraft
from services.settings import Settings
from services.store.engine import Store, open_store
from tests.access.terminal import PtyProgram

Start: TypeAlias = Callable[..., PtyProgram]
OURS = (
    *("TERM", "COLORTERM", "NO_COLOR", "ESCDELAY", "LANG", "LC_ALL", "PYTHONUTF8"),
    *("TMUX", "STY"),
)


@pytest.fixture
def world(tmp_path: Path, sqlite_template: Path) -> Iterator[tuple[Settings, Store, Actor]]:
    """A partner, its only user, and 30 companies."""
    folder = tmp_path / "home"
    folder.mkdir(mode=0o700)
    shutil.copyfile(sqlite_template, folder / "carteiro.db")
    found = Settings(home=folder, database_url=f"sqlite:///{folder / 'carteiro.db'}")
    store = open_store(found)
    with store.writing() as session:
        root = people.initialise(
            session,
            partner="Contábil Sul",
            partner_key="K",
            nickname="raiz",
            email="raiz@contabil.example",
        )
        for number in range(30):
            add_company(store, root, number, session=session)
    yield found, store, root
    store.close()


def add_company(store: Store, root: Actor, number: int, *, session: object = None) -> None:
    """One more company, told apart by its number."""
    draft = CompanyDraft(
        cnpj=_cnpj(number), nickname=f"Padaria {number:03}", legal_name=f"Padaria {number} Ltda"
    )
    if session is not None:
        companies.add(session, root, draft)  # type: ignore[arg-type]
        return
    with store.writing() as own:
        companies.add(own, root, draft)


def _cnpj(number: int) -> str:
    body = f"{10_000_000 + number:08}0001"
    for weights in ("543298765432", "6543298765432"):
        left = sum(int(a) * int(b) for a, b in zip(body, weights, strict=True)) % 11
        body += str(11 - left if left > 1 else 0)
    return body


@pytest.fixture
def start(world: tuple[Settings, Store, Actor]) -> Iterator[Start]:
    """Start the console, with options and variables, and wait until its first screen is filled."""
    with ExitStack() as ends:

        def begin(*words: str, size: tuple[int, int] = (80, 24), **variables: str) -> PtyProgram:
            environment = {n: v for n, v in os.environ.items() if n not in OURS}
            environment |= {"TERM": "xterm-256color", "LANG": "C.UTF-8", **variables}
            environment["CARTEIRO_HOME"] = str(world[0].home)
            argv = [sys.executable, "-m", "tui_app", *words]
            program = ends.enter_context(PtyProgram(argv, environment=environment, size=size))
            program.shows("Primeiros passos", "Fechar")
            program.type("\x1b")
            program.until(lambda: "Fechar" not in program.text, "the steps are left")
            return program

        yield begin
