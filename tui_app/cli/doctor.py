"""``doctor``: what this installation stands on, what is wrong, and how to mend it."""

from __future__ import annotations

import importlib.util
import math
import platform
import shutil
import sqlite3
import ssl
import sys
from argparse import ArgumentParser
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from services.clock import now
from services.errors import CarteiroError
from services.language import _, ngettext
from services.settings import RETENTION, Settings
from tui_app.cli.context import Context
from tui_app.cli.parser import act
from tui_app.logs import log_file

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from services.store.engine import Store

_LEAST_DISK = 500_000_000
_MOST_SKEW = timedelta(minutes=2)
_MOST_OVERDUE_SENDING = timedelta(minutes=5)
_MOST_OVERDUE_READING = timedelta(minutes=30)
# The rare corruption when a WAL file starts over: mended in these, release by release.
_WAL_MENDED = ((3, 44, 6), (3, 50, 7))
_WAL_MENDED_FROM = (3, 51, 3)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at; ``cure`` says what to do where it is not well or could be better."""

    check: str
    ok: bool
    detail: str
    cure: str = ""


def build(_name: str, group: ArgumentParser) -> None:
    """The options of the command."""
    act(group, "carteiro doctor --json", _doctor)


def _doctor(context: Context) -> int:
    checks = [
        *_versions(context.settings),
        *_state(context.settings),
        *_microsoft(context.settings),
        *_documents(context.settings),
        _trusted(context.settings),
        _retention(context.settings),
    ]
    context.out.give(checks, lambda: _say(context, checks))
    return 0 if all(check.ok for check in checks) else 1


def _say(context: Context, checks: Sequence[Check]) -> None:
    """All of them at a glance; below, in full, those of which something may be done."""
    context.out.table(
        (_("O quê"), "", _("Detalhe")),
        ((c.check, "ok" if c.ok else _("ERRO"), c.detail) for c in checks),
        "",
    )
    for c in checks:
        if c.cure:
            context.out.say("")
            context.out.say(f"{c.check}: {c.detail}")
            context.out.say(f"{_('O que fazer')}: {c.cure}")


def _versions(settings: Settings) -> Iterator[Check]:
    yield Check(
        "python",
        sys.version_info >= (3, 11),
        platform.python_version(),
        "" if sys.version_info >= (3, 11) else _("Use Python 3.11 ou mais novo"),
    )
    found = sqlite3.sqlite_version_info
    mended = found >= _WAL_MENDED_FROM or any(
        found[:2] == release[:2] and found >= release for release in _WAL_MENDED
    )
    cure = ""
    if settings.is_sqlite and not mended:
        cure = _(
            "Esta versão tem uma falha rara do modo WAL: mantenha o arquivo em um só computador, "
            "faça cópias, e atualize o SQLite quando puder"
        )
    yield Check("sqlite", True, sqlite3.sqlite_version, cure)
    yield Check("openssl", True, ssl.OPENSSL_VERSION)
    try:
        yield Check("textual", True, version("textual"))
    except PackageNotFoundError:
        yield Check("textual", False, _("não instalado"), _("Instale de novo o Carteiro"))
    spec = importlib.util.find_spec("services.errors")
    present = spec is not None and spec.cached is not None and Path(spec.cached).is_file()
    yield Check(
        "bytecode",
        True,
        _("compilado") if present else _("não compilado"),
        ""
        if present
        else _("Compile (python -m compileall): a abertura fica três vezes mais rápida"),
    )


def _state(settings: Settings) -> Iterator[Check]:
    from services.store.engine import open_store, sqlite_path

    path = sqlite_path(settings.database_url) if settings.is_sqlite else None
    if path is not None and not path.is_file():
        yield Check(
            "database",
            False,
            _("{path} ainda não existe").format(path=path),
            _("Use carteiro init"),
        )
    else:
        try:
            store = open_store(settings)
        except CarteiroError as e:
            yield Check("database", False, e.message, _("Confira database_url e o servidor"))
        else:
            try:
                yield from _database(store)
            finally:
                store.close()
    yield from _files(settings)
    yield _disk(settings)


def _database(store: Store) -> Iterator[Check]:
    from sqlalchemy import func, select, text

    from services.registry import access
    from services.store.models import AuditEntry
    from services.store.schema import HEAD

    with store.reading() as session:
        kind = "SQLite" if store.is_sqlite else "PostgreSQL"
        begun = access.has_partner(session)
        yield Check(
            "database",
            begun,
            f"{kind}, {_('esquema')} {HEAD}",
            "" if begun else _("Ainda sem parceiro: use carteiro init"),
        )
        try:
            place = store.vault.check(session)
        except CarteiroError as e:
            cure = _(
                "Restaure a chave-mestra original; se key rotate --to ARQUIVO foi interrompido, "
                "repita-o com o mesmo arquivo"
            )
            yield Check("key", False, e.message, cure)
        else:
            yield Check("key", True, place or _("ainda não há segredos guardados"))
        yield from _jobs(session, store.settings)
        here = now()
        newest = session.scalar(select(func.max(AuditEntry.at)))
        skew = timedelta(0) if newest is None else max(timedelta(0), newest - here)
        if not store.is_sqlite:
            theirs = session.scalar(text("SELECT extract(epoch FROM clock_timestamp())"))
            skew = max(skew, abs(timedelta(seconds=float(theirs or 0) - here.timestamp())))
        yield Check(
            "clock",
            skew <= _MOST_SKEW,
            here.isoformat(timespec="seconds"),
            "" if skew <= _MOST_SKEW else _("O relógio difere do banco: acerte-o (NTP)"),
        )


def _jobs(session: Session, settings: Settings) -> Iterator[Check]:
    """Does anybody send and read? What is long overdue says that no worker or console is alive."""
    from services.health import figures

    for name, check, most in (
        ("carteiro_outbox_overdue_seconds", "sending", _MOST_OVERDUE_SENDING),
        ("carteiro_reading_overdue_seconds", "reading", _MOST_OVERDUE_READING),
    ):
        late = timedelta(seconds=round(figures.one(session, settings, name)))
        yield Check(
            check,
            late <= most,
            _("nada atrasado") if not late else _("atrasado há {late}").format(late=late),
            ""
            if late <= most
            else _("Nenhum processo está enviando nem lendo: inicie carteiro worker"),
        )


def _files(settings: Settings) -> Iterator[Check]:
    from services.store.engine import sqlite_path
    from services.store.master_key import own_file

    private = [settings.home, log_file(settings.home), own_file(settings)]
    path = sqlite_path(settings.database_url) if settings.is_sqlite else None
    if path is not None:
        private += [path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")]
    there = [each for each in private if each.exists()]
    loose = [each for each in there if each.stat().st_mode & 0o077]
    yield Check(
        "files",
        not loose,
        _("só o dono lê {n} de {all}").format(n=len(there) - len(loose), all=len(there)),
        _("chmod go= {paths}").format(paths=" ".join(map(str, loose))) if loose else "",
    )


def _disk(settings: Settings) -> Check:
    folder = settings.home
    while not folder.exists():
        folder = folder.parent
    free = shutil.disk_usage(folder).free
    return Check(
        "disk",
        free >= _LEAST_DISK,
        _("{n} MB livres").format(n=free // 1_000_000),
        "" if free >= _LEAST_DISK else _("Libere espaço em {folder}").format(folder=folder),
    )


def _retention(settings: Settings) -> Check:
    """How long is kept what goes by itself?"""
    kept = ((name, getattr(settings, name)) for name in RETENTION)
    told = (
        f"{name.removesuffix('_retention_days')} "
        + (_("sempre") if days == math.inf else _("{n} dias").format(n=f"{days:g}"))
        for name, days in kept
    )
    return Check("retention", True, "; ".join((*told, _("documentos sempre"))))


def _microsoft(settings: Settings) -> Iterator[Check]:
    """Is the identity provider there, where an application is registered with it?"""
    if not settings.microsoft_client_id:
        yield Check("microsoft", True, _("sem aplicativo registrado (docs/microsoft.md)"))
        return
    from services.failure import WireError
    from services.health.tokens import registration

    try:
        registration(settings).reach()
    except WireError as e:
        detail = " ".join(filter(None, (e.failure.who, e.failure.kind, e.failure.reply)))
        yield Check("microsoft", False, detail, e.failure.explanation)
        return
    yield Check("microsoft", True, settings.microsoft_authority)


def _trusted(settings: Settings) -> Check:
    """Can the certificates of documents be followed to somebody who is trusted?"""
    from services.fiscal import chain

    file = settings.trusted_issuers_file
    if file is None:
        return Check(
            "trusted_issuers", True, _("nenhum: a cadeia dos certificados não é conferida")
        )
    try:
        count = len(chain.load(file))
    except chain.UnreadableStore as e:
        return Check(
            "trusted_issuers",
            False,
            f"{file}: {e}",
            _("trusted_issuers_file: aponte um arquivo PEM com os certificados das autoridades"),
        )
    words = ngettext("{n} certificado", "{n} certificados", count).format(n=count)
    return Check("trusted_issuers", True, f"{file}: {words}")


def _documents(settings: Settings) -> Iterator[Check]:
    """Can DANFEs be printed, and is the watched folder one that can be worked off?"""
    from services.dispatch.folder import INBOX, Folder
    from services.fiscal.danfe import is_installed

    there = is_installed()
    yield Check(
        "danfe",
        True,
        _("instalado") if there else _("não instalado: documentos seguem só em XML"),
        "" if there else "./carteiro extra danfe",
    )
    folder = settings.documents_folder
    if folder is None:
        yield Check("documents_folder", True, _("desligada"))
        return
    try:
        Folder(folder).prepare()
    except CarteiroError as e:
        yield Check("documents_folder", False, e.message, _("Confira dono e permissões da pasta"))
    else:
        yield Check("documents_folder", True, str(folder / INBOX))
