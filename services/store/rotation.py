"""A new master key, and under it new data keys and every secret sealed anew."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from services.errors import Refused, Unavailable
from services.language import _
from services.store import master_key
from services.store.engine import Store
from services.store.models import Secret


@dataclass(frozen=True, slots=True)
class Rotated:
    """What was done: ``file`` has the new key, ``old_file`` the one before, for old backups."""

    key: str
    file: str
    old_file: str | None
    secrets: int


def rotate(store: Store, note: Callable[[Session, str], None], to: Path | None = None) -> Rotated:
    """Make a new master key and seal every secret anew, in one unit of work.

    The key file is replaced, the old one kept beside it: backups made before need it. A key that
    systemd or the system's keyring keeps cannot be replaced from here: ``to`` names a new file for
    the new key then, which is to be put in its place. ``note`` records the new key's fingerprint in
    the same unit of work. Killed on the way, the next start finds either the old state or the new
    one: the new key waits beside the old (``.new``) until the database is under it. With ``to`` the
    same call again ends what was begun. Raises ``Conflict`` while another process does the same: its new key would be lost.
    """
    settings = store.settings
    found = master_key.find(settings)
    if found is None:
        raise Refused(_("Ainda não há chave-mestra: ela é criada com a primeira senha guardada"))
    own = master_key.own_file(settings)
    file = to if to is not None else own
    if to is None and found[1] != str(own):
        raise Refused(
            _("A chave vem de {place}: informe com --to um arquivo para a nova").format(
                place=found[1]
            ),
            field="to",
        )
    with master_key.alone(file):
        if to is not None and (ended := _ended(store, file)) is not None:
            return ended
    with store.reading() as session:
        store.vault.check(session)
    with master_key.alone(file):
        with store.reading() as session:
            store.vault.prove(session)
        fresh = master_key.draft(file)
        with store.writing() as session:
            count = store.vault.seal_anew(session, fresh)
            note(session, master_key.known_by(fresh))
        old = master_key.promote(file)
    return Rotated(master_key.known_by(fresh), str(file), str(old) if old else None, count)


def _ended(store: Store, file: Path) -> Rotated | None:
    """End a rotation to ``file`` that was killed when the database was under the new key already."""
    with store.reading() as session:
        secrets = session.scalar(select(func.count()).select_from(Secret)) or 0
        try:
            store.vault.prove(session)
        except Unavailable:
            for key, waits in ((master_key.drafted(file), True), (master_key.kept(file), False)):
                if key is not None and store.vault.opens(session, key):
                    old = master_key.promote(file) if waits else None
                    return Rotated(
                        master_key.known_by(key), str(file), str(old) if old else None, secrets
                    )
    return None
