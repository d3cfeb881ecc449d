"""What is round the database: files, disks, time, certificates, folders and other services."""

from __future__ import annotations

import math
from collections.abc import Iterator

from services.disk import is_there
from services.errors import CarteiroError
from services.language import _, ngettext
from services.settings import RETENTION, Settings
from tui_app.checkup.check import Check
from tui_app.checkup.settings_words import kept
from tui_app.logs import log_file

_LEAST_DISK = 500_000_000


def look(settings: Settings) -> Iterator[Check]:
    """Everything that is seen without opening the database."""
    yield _files(settings)
    yield _disk(settings)
    yield _certificates(settings)
    yield _microsoft(settings)
    yield from _documents(settings)
    yield _trusted(settings)
    yield _retention(settings)


def _files(settings: Settings) -> Check:
    from services.store.engine import messages_folder, sqlite_path
    from services.store.master_key import own_file

    private = [settings.home, log_file(settings.home), own_file(settings)]
    path = sqlite_path(settings.database_url) if settings.is_sqlite else None
    if path is not None:
        private += [path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")]
        private.append(messages_folder(path))
    there = [each for each in private if is_there(each)]
    loose = [each for each in there if each.stat().st_mode & 0o077]
    return Check(
        "files",
        not loose,
        _("só o dono lê {n} de {all}").format(n=len(there) - len(loose), all=len(there)),
        _("chmod go= {paths}").format(paths=" ".join(map(str, loose))) if loose else "",
    )


def _disk(settings: Settings) -> Check:
    from services.store.room import rooms

    found = rooms(settings)
    full = [str(each.folder) for each in found if each.free < _LEAST_DISK]
    told = [_("{n} MB livres").format(n=each.free // 1_000_000) for each in found]
    if len(found) > 1:
        told = [f"{each.folder}: {free}" for each, free in zip(found, told, strict=True)]
    cure = _("Libere espaço em {folder}").format(folder=", ".join(full)) if full else ""
    return Check("disk", not full, "; ".join(told), cure)


def _certificates(settings: Settings) -> Check:
    """Is there anybody by whom a mail server's certificate can be proven?"""
    from services.wire.tls import authorities

    try:
        count = authorities(settings.ca_file)
    except CarteiroError as e:
        return Check("certificates", False, e.message, _("ca_file: aponte um arquivo PEM"))
    words = ngettext("{n} autoridade", "{n} autoridades", count).format(n=count)
    cure = _("Instale as autoridades do sistema (pacote ca-certificates) ou aponte ca_file")
    return Check("certificates", count > 0, words, "" if count else cure)


def _microsoft(settings: Settings) -> Check:
    """Is the identity provider there, where an application is registered with it?"""
    if not settings.microsoft_client_id:
        return Check("microsoft", True, _("sem aplicativo registrado (docs/microsoft.md)"))
    from services.failure import WireError
    from services.health.tokens import registration

    try:
        registration(settings).reach()
    except WireError as e:
        detail = " ".join(filter(None, (e.failure.who, e.failure.kind, e.failure.reply)))
        return Check("microsoft", False, detail, e.failure.explanation)
    return Check("microsoft", True, settings.microsoft_authority)


def _documents(settings: Settings) -> Iterator[Check]:
    """Can DANFEs be printed, and is the watched folder one that can be worked off?"""
    from services.dispatch.folder import INBOX, Folder
    from services.fiscal.danfe import is_installed

    there = is_installed()
    yield Check(
        "danfe",
        True,
        _("instalado") if there else _("não instalado: documentos seguem só em XML"),
        "" if there else "carteiro extra danfe",
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


def _retention(settings: Settings) -> Check:
    """How long is kept what goes by itself?"""
    times = ((name, getattr(settings, name)) for name in RETENTION)
    told = (
        f"{kept(name)} "
        + (_("sempre") if days == math.inf else _("{n} dias").format(n=f"{days:g}"))
        for name, days in times
    )
    return Check("retention", True, "; ".join((*told, _("documentos sempre"))))
