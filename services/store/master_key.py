"""Where the master key comes from, in this order, and how a first one is made."""

from __future__ import annotations

import base64
import binascii
import errno
import fcntl
import hashlib
import os
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from services.clock import now
from services.disk import flush, reason
from services.errors import Conflict, Unavailable
from services.language import _
from services.settings import Settings

SIZE = 32
_SERVICE = "carteiro"
_ACCOUNT = "master-key"
_FILE = "master.key"


def find(settings: Settings) -> tuple[bytes, str] | None:
    """The master key and where it was found, or None when there is none anywhere.

    Order: systemd's ``$CREDENTIALS_DIRECTORY/carteiro.key``, the key file of the settings
    (``CARTEIRO_KEY_FILE``), the operating system's keyring, ``master.key`` in the state folder.
    Raises :class:`Unavailable` for a key file that is named but missing, readable by others, or
    not a key: a wrong key is never passed over for the next one.
    """
    credentials = os.environ.get("CREDENTIALS_DIRECTORY")
    if credentials and (Path(credentials) / "carteiro.key").is_file():
        return _read(Path(credentials) / "carteiro.key"), "systemd"
    if settings.key_file is not None:
        return _read(settings.key_file), str(settings.key_file)
    stored = _from_system_keyring()
    if stored is not None:
        return _decode(stored, _("chaveiro do sistema")), "keyring"
    own = settings.home / _FILE
    if own.is_file():
        return _read(own), str(own)
    return None


def fingerprint(settings: Settings) -> str | None:
    """What the key found is known by, without saying anything of it; None when there is none."""
    found = find(settings)
    return None if found is None else known_by(found[0])


def known_by(key: bytes) -> str:
    """The fingerprint of a key."""
    return hashlib.sha256(b"carteiro master key" + key).hexdigest()[:16]


def waiting(settings: Settings) -> bytes | None:
    """The key of a rotation that was cut short, which waits beside the one in use."""
    return drafted(own_file(settings))


def drafted(file: Path) -> bytes | None:
    """The key that waits beside ``file``."""
    return kept(_beside(file))


def kept(file: Path) -> bytes | None:
    """The key in ``file``, None where there is no such file."""
    return _read(file) if file.is_file() else None


@contextmanager
def alone(file: Path) -> Iterator[None]:
    """Nobody else drafts or promotes a key for ``file`` meanwhile; :class:`Conflict` while one does."""
    try:
        handle = os.open(file.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    except OSError as e:
        raise _unwritable(file, e) from e
    try:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as e:
            raise Conflict(_("Outro processo está trocando a chave-mestra")) from e
        except OSError as e:
            # A network's file system that locks no folder.
            if e.errno not in (errno.EBADF, errno.ENOLCK, errno.EOPNOTSUPP):
                raise _unwritable(file, e) from e
        yield
    finally:
        os.close(handle)


def draft(file: Path) -> bytes:
    """Make a key that waits beside ``file`` until :func:`promote`; durable when returned."""
    key = secrets.token_bytes(SIZE)
    path = _beside(file)
    try:
        path.unlink(missing_ok=True)
        _write(path, key)
    except OSError as e:
        raise _unwritable(path, e) from e
    return key


def promote(file: Path) -> Path | None:
    """Put the waiting key in the place of ``file``; where the one before is kept, if there was one."""
    old = None
    try:
        if file.exists():
            old = file.with_name(f"{file.name}.{now():%Y%m%dT%H%M%S}")
            os.link(file, old)
        _beside(file).replace(file)
        flush(file.parent)
    except OSError as e:
        raise _unwritable(file, e) from e
    return old


def own_file(settings: Settings) -> Path:
    """The key file of these settings, whether it is there or not."""
    return settings.key_file or settings.home / _FILE


def create(settings: Settings) -> bytes:
    """Make the first master key in a new file of mode 0600 and return it.

    When another process makes one at the same time, its key is returned. The caller makes sure
    that nothing has been encrypted yet.
    """
    path = own_file(settings)
    key = secrets.token_bytes(SIZE)
    mine = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        _write(mine, key)
        with suppress(FileExistsError):
            os.link(mine, path)
    except OSError as e:
        raise _unwritable(path, e) from e
    finally:
        with suppress(OSError):
            mine.unlink()
    return _read(path)


def _beside(file: Path) -> Path:
    return file.with_name(f"{file.name}.new")


def _write(path: Path, key: bytes) -> None:
    handle = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        os.write(handle, base64.b64encode(key) + b"\n")
        os.fsync(handle)
    finally:
        os.close(handle)


def _unwritable(path: Path, error: OSError) -> Unavailable:
    return Unavailable(
        _("Não foi possível gravar a chave em {path}: {error}").format(
            path=path, error=reason(error)
        )
    )


def _read(path: Path) -> bytes:
    try:
        mode = path.stat().st_mode
        text = path.read_text("ascii")
    except (OSError, UnicodeDecodeError) as e:
        raise Unavailable(
            _("Chave-mestra {path} não pôde ser lida: {error}").format(
                path=path, error=reason(e) if isinstance(e, OSError) else e
            ),
            field="key_file",
        ) from e
    if mode & 0o077:
        raise Unavailable(
            _("Chave-mestra {path} pode ser lida por outros: use chmod 600").format(path=path),
            field="key_file",
        )
    return _decode(text, str(path))


def _decode(text: str, place: str) -> bytes:
    try:
        key = base64.b64decode(text.strip(), validate=True)
    except binascii.Error:
        key = b""
    if len(key) != SIZE:
        raise Unavailable(
            _("{place}: não é uma chave-mestra (32 bytes em base64)").format(place=place),
            field="key_file",
        )
    return key


def _from_system_keyring() -> str | None:
    """Ask only a keyring that a desktop or system service really offers."""
    if not (os.environ.get("DBUS_SESSION_BUS_ADDRESS") or os.name == "nt" or _is_mac()):
        return None
    from keyring.backend import get_all_keyring

    reads: list[Callable[[str, str], str | None]] = [
        backend.get_password
        for backend in sorted(get_all_keyring(), key=lambda b: -float(b.priority))
        if backend.priority >= 1 and type(backend).__module__.startswith("keyring.backends.")
    ]
    for read in reads:
        with suppress(Exception):
            value = read(_SERVICE, _ACCOUNT)
            if value:
                return value
    return None


def _is_mac() -> bool:
    return os.uname().sysname == "Darwin"
