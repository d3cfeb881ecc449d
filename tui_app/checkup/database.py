"""The database: does it answer, can it be written, which key opens it, who works on it, what time is it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import TYPE_CHECKING

from services.clock import now
from services.disk import reason
from services.errors import CarteiroError
from services.language import _, ngettext
from services.settings import Settings
from tui_app.checkup.check import Check

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from services.store.engine import Store

_PATIENCE = 5.0
_MOST_HELD = 256_000_000
"""Twice what SQLite's log may come to by itself."""
_MOST_SKEW = timedelta(minutes=2)
_MOST_QUIET = timedelta(hours=2)
_MOST_OVERDUE_SENDING = timedelta(minutes=5)
_MOST_OVERDUE_READING = timedelta(minutes=30)


def look(settings: Settings) -> Iterator[Check]:
    """Everything that only an open database tells, or why it cannot be opened."""
    from services.store.engine import open_store, sqlite_path

    path = sqlite_path(settings.database_url) if settings.is_sqlite else None
    try:
        missing = path is not None and not path.is_file()
    except OSError as e:
        detail = _("Não foi possível usar {path}: {error}").format(path=path, error=reason(e))
        yield Check("database", False, detail, _("Confira dono e permissões da pasta"))
        return
    if missing:
        detail = _("{path} ainda não existe").format(path=path)
        yield Check("database", False, detail, _("Use carteiro init"))
        return
    try:
        store = open_store(settings)
        try:
            found = [*_of(store)]
        finally:
            store.close()
    except CarteiroError as e:
        found = [Check("database", False, e.message, _("Confira database_url e o servidor"))]
    yield from found


def _of(store: Store) -> Iterator[Check]:
    with store.reading() as session:
        yield _begun(store, session)
        yield _key(store, session)
        yield _jobs(session)
        yield from _overdue(session, store.settings)
        yield _clock(store, session)
    yield from _log(store)
    yield from _messages(store)


def _begun(store: Store, session: Session) -> Check:
    from sqlalchemy import text

    from services.registry import access
    from services.store import file
    from services.store.schema import HEAD

    try:
        file.prove_writable(store, _PATIENCE)
    except CarteiroError as e:
        cure = _("Se não for uma tarefa longa, encerre o processo que mantém o arquivo ocupado")
        return Check("database", False, e.message, cure)
    kind = "SQLite"
    if not store.is_sqlite:
        kind = f"PostgreSQL {session.scalar(text('SHOW server_version'))}"
    what = f"{kind}, {_('esquema')} {HEAD}"
    begun = access.has_partner(session)
    return Check(
        "database", begun, what, "" if begun else _("Ainda sem parceiro: use carteiro init")
    )


def _key(store: Store, session: Session) -> Check:
    try:
        place = store.vault.check(session)
    except CarteiroError as e:
        cure = _(
            "Restaure a chave-mestra original; se key rotate --to ARQUIVO foi interrompido, "
            "repita-o com o mesmo arquivo"
        )
        return Check("key", False, e.message, cure)
    return Check("key", True, place or _("ainda não há segredos guardados"))


def _jobs(session: Session) -> Check:
    """Is there a process that takes the turn of every hour?"""
    from services.jobs import retention

    start = _("Inicie carteiro worker, ou deixe um console aberto")
    last = retention.last_turn(session)
    if last is None:
        return Check("jobs", True, _("nenhum processo trabalhou ainda"), start)
    quiet = max(timedelta(0), now() - last)
    alive = quiet <= _MOST_QUIET
    detail = _("trabalham") if alive else _("parados há {late}").format(late=_rounded(quiet))
    return Check("jobs", alive, detail, "" if alive else start)


def _overdue(session: Session, settings: Settings) -> Iterator[Check]:
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


def _clock(store: Store, session: Session) -> Check:
    """Is it another time than at the database's server, or before what was written last?"""
    from sqlalchemy import func, select, text

    from services.jobs import retention
    from services.store.models import AuditEntry

    here = now()
    last = (session.scalar(select(func.max(AuditEntry.at))), retention.last_turn(session))
    skew = max((at - here for at in last if at is not None), default=timedelta(0))
    if not store.is_sqlite:
        theirs = session.scalar(text("SELECT extract(epoch FROM clock_timestamp())"))
        skew = max(skew, abs(timedelta(seconds=float(theirs or 0) - here.timestamp())))
    told = here.isoformat(timespec="seconds")
    if skew <= _MOST_SKEW:
        return Check("clock", True, told)
    detail = _("{time}, {skew} de diferença").format(time=told, skew=_rounded(skew))
    return Check("clock", False, detail, _("O relógio difere do banco: acerte-o (NTP)"))


def _log(store: Store) -> Iterator[Check]:
    from services.store import file

    try:
        log = file.log(store)
    except CarteiroError as e:
        yield Check("log", False, e.message, _("Nada passa do log para o banco até isso mudar"))
        return
    if log is None:
        return
    detail = _("{n} MB").format(n=log.size // 1_000_000)
    if log.held <= _MOST_HELD:
        yield Check("log", True, detail)
        return
    yield Check(
        "log",
        False,
        _("{size}; uma leitura aberta segura {n} MB").format(size=detail, n=log.held // 1_000_000),
        _("Espere o fim do backup ou da exportação; se não houver, reabra consoles e workers"),
    )


def _messages(store: Store) -> Iterator[Check]:
    """Are the files there with the raw messages that are not in the database?"""
    from services.store import sweeping

    if (segments := store.segments) is None:
        return
    count = sum(each.count for each in sweeping.lost(store))
    if not count:
        yield Check("messages", True, str(segments.folder))
        return
    yield Check(
        "messages",
        False,
        ngettext(
            "{folder}: falta {n} mensagem original",
            "{folder}: faltam {n} mensagens originais",
            count,
        ).format(folder=segments.folder, n=count),
        _(
            "A pasta faz parte do banco: ponha-a de volta ao lado dele; os documentos não se perderam"
        ),
    )


def _rounded(span: timedelta) -> timedelta:
    return timedelta(seconds=round(span.total_seconds()))
