"""The one door for secrets: a keyring backend of our own over the database."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from threading import Lock

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from keyring.backend import KeyringBackend
from keyring.errors import PasswordDeleteError
from sqlalchemy import bindparam, delete, func, select, text
from sqlalchemy.orm import Session

from services.errors import Conflict, Unavailable
from services.language import _
from services.settings import Settings
from services.store import master_key
from services.store.models import DataKey, Secret

_CANARY = b"carteiro"
_VERSION = 1
_session: ContextVar[Session] = ContextVar("vault_session")
# Built once: every login asks.
_SEALED = select(Secret.key_id, Secret.nonce, Secret.ciphertext).where(
    Secret.place == bindparam("place"),
    Secret.owner_id == bindparam("owner"),
    Secret.field == bindparam("field"),
)


class DatabaseKeyring(KeyringBackend):
    """keyring's interface over the table ``secret``, inside the unit of work in hand.

    A service name is "place/owner id", a user name the field: ``email_server/12``, ``password``.
    Each secret is AES-256-GCM under a data key, with ``place:owner id:field`` as associated data,
    so that a row moved elsewhere does not open; data keys are wrapped by the master key.
    """

    priority = 0.1

    def __init__(self, settings: Settings) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.settings = settings
        self._data_keys: dict[int, AESGCM] = {}
        self._lock = Lock()

    def get_password(self, service: str, username: str) -> str | None:
        """The secret, or None where none is kept."""
        place, owner = _split(service)
        session = _session.get()
        session.flush()
        given = {"place": place, "owner": owner, "field": username}
        row = session.connection().execute(_SEALED, given).one_or_none()
        if row is None:
            return None
        key_id, nonce, sealed = row
        key = self._data_key(session, key_id)
        try:
            return key.decrypt(nonce, sealed, _bound(place, owner, username)).decode()
        except InvalidTag as e:
            raise Unavailable(
                _("Um segredo guardado não pôde ser aberto: o banco foi alterado por fora")
            ) from e

    def set_password(self, service: str, username: str, password: str) -> None:
        """Seal and keep the secret; it becomes durable with the unit of work in hand."""
        place, owner = _split(service)
        session = _session.get()
        key_id, key = self._current_key(session)
        nonce = os.urandom(12)
        sealed = key.encrypt(nonce, password.encode(), _bound(place, owner, username))
        session.merge(
            Secret(
                place=place,
                owner_id=owner,
                field=username,
                version=_VERSION,
                key_id=key_id,
                nonce=nonce,
                ciphertext=sealed,
            )
        )
        session.flush()

    def delete_password(self, service: str, username: str) -> None:
        """Forget the secret; raises keyring's own error when there is none."""
        place, owner = _split(service)
        session = _session.get()
        row = session.get(Secret, (place, owner, username))
        if row is None:
            raise PasswordDeleteError(service)
        session.delete(row)

    def check(self, session: Session) -> str:
        """Prove that the master key opens this database; returns where the key was found.

        Raises :class:`Unavailable` when it is missing or is another database's.
        """
        found = master_key.find(self.settings)
        has_keys = session.scalar(select(func.count()).select_from(DataKey))
        if found is None:
            if has_keys:
                raise Unavailable(
                    _(
                        "A chave-mestra deste banco não foi encontrada; restaure-a: nenhuma nova é criada"
                    ),
                    field="key_file",
                )
            return ""
        if has_keys:
            for row in session.scalars(select(DataKey)):
                self._opened(row, found[0])
        return found[1]

    def prove(self, session: Session) -> None:
        """That the master key in use opens this database, not only one that waits beside it.

        Raises :class:`Unavailable` otherwise: the one that waits must not be drafted anew.
        """
        found = master_key.find(self.settings)
        for row in session.scalars(select(DataKey)):
            self._unwrap(row, found[0] if found is not None else bytes(master_key.SIZE))

    def opens(self, session: Session, master: bytes) -> bool:
        """Is it the master key of this database?"""
        rows = session.scalars(select(DataKey)).all()
        try:
            for row in rows:
                self._unwrap(row, master)
        except Unavailable:
            return False
        return bool(rows)

    def seal_anew(self, session: Session, master: bytes) -> int:
        """Seal every secret under a new data key, wrapped by ``master``; how many there are.

        The old data keys are gone with the unit of work, and what they had wrapped.
        """
        if session.get_bind().dialect.name == "postgresql":
            session.execute(text("LOCK TABLE secret, data_key IN EXCLUSIVE MODE"))
        old = session.scalars(select(DataKey)).all()
        row, fresh = self._fresh(session, master)
        count = 0
        for secret in session.scalars(select(Secret)).all():
            key = self._data_key(session, secret.key_id)
            bound = _bound(secret.place, secret.owner_id, secret.field)
            clear = key.decrypt(secret.nonce, secret.ciphertext, bound)
            secret.nonce = os.urandom(12)
            secret.ciphertext = fresh.encrypt(secret.nonce, clear, bound)
            secret.key_id = row.id
            count += 1
        session.flush()
        for each in old:
            session.delete(each)
        session.flush()
        return count

    def _current_key(self, session: Session) -> tuple[int, AESGCM]:
        row = session.scalar(select(DataKey).order_by(DataKey.id.desc()).limit(1))
        if row is not None:
            return row.id, self._data_key(session, row.id)
        with self._lock:
            found = master_key.find(self.settings)
            master = found[0] if found is not None else master_key.create(self.settings)
            row, key = self._fresh(session, master)
        return row.id, key

    @staticmethod
    def _fresh(session: Session, master: bytes) -> tuple[DataKey, AESGCM]:
        fresh = AESGCM.generate_key(256)
        row = DataKey(
            wrapped=_seal(master, fresh, b"data key"), canary=_seal(master, _CANARY, b"canary")
        )
        session.add(row)
        session.flush()
        session.info["fresh_key"] = row.id
        return row, AESGCM(fresh)

    def _data_key(self, session: Session, key_id: int) -> AESGCM:
        key = self._data_keys.get(key_id)
        if key is None:
            row = session.get_one(DataKey, key_id)
            found = master_key.find(self.settings)
            if found is None:
                raise Unavailable(
                    _(
                        "A chave-mestra deste banco não foi encontrada; restaure-a: nenhuma nova é criada"
                    ),
                    field="key_file",
                )
            key = self._opened(row, found[0])
            # A key of this very transaction is not cached: rolled back, its number goes to another.
            if session.info.get("fresh_key") != key_id:
                self._data_keys[key_id] = key
        return key

    def _opened(self, row: DataKey, master: bytes) -> AESGCM:
        """Also by the key of a rotation that was cut short after the database had it."""
        try:
            return self._unwrap(row, master)
        except Unavailable:
            waiting = master_key.waiting(self.settings)
            if waiting is None:
                raise
            key = self._unwrap(row, waiting)
        file = master_key.own_file(self.settings)
        # Whoever is alone with it there now promotes it.
        with suppress(Conflict), master_key.alone(file):
            if master_key.waiting(self.settings) == waiting:
                master_key.promote(file)
        return key

    @staticmethod
    def _unwrap(row: DataKey, master: bytes) -> AESGCM:
        try:
            if _open(master, row.canary, b"canary") != _CANARY:
                raise InvalidTag
            return AESGCM(_open(master, row.wrapped, b"data key"))
        except InvalidTag as e:
            raise Unavailable(
                _("A chave-mestra não é a deste banco de dados: nada foi aberto nem alterado"),
                field="key_file",
            ) from e


class Vault:
    """Secrets of rows, read and written in the unit of work of the caller."""

    def __init__(self, settings: Settings) -> None:
        import keyring

        self._keyring = DatabaseKeyring(settings)
        keyring.set_keyring(self._keyring)

    def put(self, session: Session, place: str, owner: int, field: str, secret: str) -> None:
        """Keep ``secret`` of row ``owner`` of table ``place``."""
        with _bind(session):
            self._keyring.set_password(f"{place}/{owner}", field, secret)

    def get(self, session: Session, place: str, owner: int, field: str) -> str | None:
        """The secret kept there, or None."""
        with _bind(session):
            return self._keyring.get_password(f"{place}/{owner}", field)

    def copy(self, session: Session, place: str, owner: int, to_place: str, to_owner: int) -> None:
        """Keep every secret of one row for another row too, sealed anew for its place."""
        fields = select(Secret.field).where(Secret.place == place, Secret.owner_id == owner)
        for field in session.scalars(fields).all():
            secret = self.get(session, place, owner, field)
            if secret is not None:
                self.put(session, to_place, to_owner, field, secret)

    def drop(self, session: Session, place: str, owner: int) -> None:
        """Forget every secret of that row."""
        session.execute(delete(Secret).where(Secret.place == place, Secret.owner_id == owner))

    def fingerprint(self, session: Session) -> str | None:
        """What the master key of this database is known by; None without secrets or key.

        Raises :class:`Unavailable` when the key found is another database's.
        """
        if not self._keyring.check(session):
            return None
        has_keys = session.scalar(select(func.count()).select_from(DataKey))
        return master_key.fingerprint(self._keyring.settings) if has_keys else None

    def seal_anew(self, session: Session, master: bytes) -> int:
        """See :meth:`DatabaseKeyring.seal_anew`."""
        return self._keyring.seal_anew(session, master)

    def opens(self, session: Session, master: bytes) -> bool:
        """See :meth:`DatabaseKeyring.opens`."""
        return self._keyring.opens(session, master)

    def prove(self, session: Session) -> None:
        """See :meth:`DatabaseKeyring.prove`."""
        self._keyring.prove(session)

    def check(self, session: Session) -> str:
        """See :meth:`DatabaseKeyring.check`."""
        return self._keyring.check(session)


@contextmanager
def _bind(session: Session) -> Iterator[None]:
    token = _session.set(session)
    try:
        yield
    finally:
        _session.reset(token)


def _split(service: str) -> tuple[str, int]:
    place, _slash, owner = service.partition("/")
    return place, int(owner)


def _bound(place: str, owner: int, field: str) -> bytes:
    return f"{place}:{owner}:{field}".encode()


def _seal(key: bytes, clear: bytes, purpose: bytes) -> bytes:
    nonce = os.urandom(12)
    return nonce + AESGCM(key).encrypt(nonce, clear, purpose)


def _open(key: bytes, sealed: bytes, purpose: bytes) -> bytes:
    return AESGCM(key).decrypt(sealed[:12], sealed[12:], purpose)
