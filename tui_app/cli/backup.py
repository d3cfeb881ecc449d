"""``backup`` and ``restore``."""

from __future__ import annotations

import signal
from argparse import ArgumentParser
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

from screens.widgets.numbers import rounded
from services.clock import now
from services.disk import is_there, reason
from services.errors import Refused, Unavailable
from services.language import _, ngettext
from services.safe_text import safe
from tui_app.cli.context import Context
from tui_app.cli.parser import UsageError, act
from tui_app.cli.progress import progress

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from services.store.backup import BackupInfo
    from services.store.restore import Restored

_NAME = "carteiro-{:%Y%m%dT%H%M%SZ}.db"
_DIGIT = "[0-9]"
_OF_OURS = f"carteiro-{_DIGIT * 8}T{_DIGIT * 6}Z.db"


def build(name: str, group: ArgumentParser) -> None:
    """The options of both commands."""
    if name == "backup":
        act(
            group,
            "carteiro backup /copias/carteiro.db\n  carteiro backup /copias --keep 14",
            _backup,
        )
        group.add_argument(
            "file",
            metavar=_("ARQUIVO|PASTA"),
            help=_("o arquivo a gravar; numa pasta, leva a data no nome"),
        )
        group.add_argument(
            "--keep",
            type=int,
            metavar="N",
            help=_("numa pasta: guarda os N backups mais novos e apaga os outros"),
        )
        return
    act(group, "carteiro restore /copias/carteiro-20261127T030000Z.db", _restore)
    group.add_argument("file", metavar=_("ARQUIVO"), help=_("o que carteiro backup gravou"))
    group.add_argument(
        "--replace",
        action="store_true",
        help=_("troca os dados que já estão no banco; no SQLite, o anterior fica ao lado"),
    )
    group.add_argument("--check", action="store_true", help=_("só confere o arquivo"))


def _backup(context: Context) -> None:
    from services.registry import access
    from services.store import backup

    args = context.args
    access.require_owner(context.settings, args.as_user)
    place = Path(args.file)
    in_folder = is_there(place) and place.is_dir()
    if args.keep is not None:
        _may_keep(args.keep, place, in_folder)
    file = place / _NAME.format(now()) if in_folder else place
    store = context.office.store
    stop = Event()
    before = signal.signal(signal.SIGTERM, lambda *_told: stop.set())
    try:
        with progress(_("Copiando")) as done, ThreadPoolExecutor(1) as thread:
            running = thread.submit(backup.write, store, file, done, stop)
            try:
                told = running.result()
            except KeyboardInterrupt:
                stop.set()
                told = running.result()
    except backup.Cancelled:
        raise Refused(_("Interrompido: nenhum arquivo foi deixado")) from None
    finally:
        signal.signal(signal.SIGTERM, before)
    gone = _forgotten(file, args.keep) if args.keep is not None else []
    context.out.give(
        {**_fields(told), "removed": [str(old) for old in gone]}, lambda: _say(context, told)
    )


def _may_keep(keep: int, place: Path, in_folder: bool) -> None:
    if keep < 1:
        raise UsageError(_("--keep: informe um número maior que zero"))
    if not in_folder:
        raise UsageError(
            _("--keep: {path} é um arquivo: informe uma pasta").format(path=safe(place))
            if is_there(place)
            else _("--keep: a pasta {path} não existe: crie-a antes").format(path=safe(place))
        )


def _forgotten(made: Path, keep: int) -> list[Path]:
    """The copies beside ``made`` that went, so that ``keep`` are left.

    The new one is among those whatever the others are called: the clock may have been set back.
    """
    others = sorted(each for each in made.parent.glob(_OF_OURS) if each != made)
    gone = others[: max(0, len(others) + 1 - keep)]
    for old in gone:
        try:
            old.unlink(missing_ok=True)
        except OSError as e:
            raise Unavailable(
                _("O backup está em {file}, mas {old} não pôde ser excluído: {why}").format(
                    file=made, old=old, why=reason(e)
                )
            ) from e
    return gone


def _restore(context: Context) -> None:
    from services.registry import access
    from services.store import backup, restore

    access.require_owner(context.settings, context.args.as_user)
    file = Path(context.args.file)
    if context.args.check:
        told = backup.inspect(file)
        opens = told.key is None or told.key == _present_key(context)
        context.out.give(
            {**_fields(told), "opens": opens}, lambda: _say_checked(context, told, opens)
        )
        return
    with progress(_("Restaurando")) as done:
        restored = restore.restore(
            context.settings,
            file,
            replacing=context.args.replace,
            settle=lambda session: _settle(session, file),
            done=done,
        )
    context.out.give(
        {
            **_fields(restored.backup),
            "aside": restored.aside,
            "left_to_a_person": restored.left_to_a_person,
        },
        lambda: _say_restored(context, restored),
    )


def _settle(session: Session, file: Path) -> int:
    from services.outbox import restored
    from services.registry import audit

    left = restored.leave_to_a_person(session)
    audit.record_upkeep(session, "restore", {"file": safe(file.name, 255)})
    return left


def _present_key(context: Context) -> str | None:
    """What the key of now is known by; None where there is none that can be read."""
    from services.store import master_key

    with suppress(Unavailable):
        return master_key.fingerprint(context.settings)
    return None


def _fields(told: BackupInfo) -> dict[str, object]:
    return {name: getattr(told, name) for name in told.__dataclass_fields__}


def _say(context: Context, told: BackupInfo) -> None:
    context.out.facts(
        (
            (_("Arquivo"), told.file),
            (_("Tamanho"), _("{n} MB").format(n=rounded(max(told.size, 100_000) / 1_000_000))),
            (_("Feito em"), told.made_at),
            (_("Esquema"), told.schema),
            (_("Empresas"), told.companies),
            (_("Documentos"), told.documents),
            (_("E-mails na fila"), told.queued),
            (
                _("Chave de que precisa"),
                told.key or _("nenhuma: não há senhas guardadas"),
            ),
        )
    )
    if told.key is not None:
        context.out.say(
            _(
                "As senhas vão cifradas e a chave-mestra não vai junto: guarde-a em outro lugar "
                "(carteiro doctor diz onde ela está)."
            )
        )


def _say_checked(context: Context, told: BackupInfo, opens: bool) -> None:
    _say(context, told)
    context.out.say(_("O arquivo está íntegro; nada foi alterado."))
    if not opens:
        context.out.say(
            _(
                "A chave-mestra de agora não abre este backup: para restaurá-lo, indique a chave "
                "{key} com CARTEIRO_KEY_FILE."
            ).format(key=told.key)
        )


def _say_restored(context: Context, restored: Restored) -> None:
    _say(context, restored.backup)
    context.out.say(_("Restaurado: o banco de dados é agora o deste backup."))
    if restored.aside is not None:
        context.out.say(_("O banco anterior ficou em {path}").format(path=restored.aside))
    left = restored.left_to_a_person
    if left:
        context.out.say(
            ngettext(
                "{n} e-mail que estava na fila ficou como incerto: pode ter saído depois do backup. "
                "Confira na Fila de envio e reenvie o que faltar.",
                "{n} e-mails que estavam na fila ficaram como incertos: podem ter saído depois do "
                "backup. Confira na Fila de envio e reenvie o que faltar.",
                left,
            ).format(n=left)
        )
