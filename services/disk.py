"""Files: whether one is there and stays, and in our words why the system could not use it."""

from __future__ import annotations

import errno
import os
from pathlib import Path

from services.language import _, later, said

_REASONS = {
    errno.ENOENT: later("não existe: confira o caminho"),
    errno.EACCES: later("sem permissão: confira o dono e as permissões"),
    errno.EPERM: later("sem permissão: confira o dono e as permissões"),
    errno.EISDIR: later("é uma pasta: indique um arquivo"),
    errno.ENOTDIR: later("parte do caminho não é uma pasta: confira o caminho"),
    errno.EEXIST: later("já existe: escolha outro nome"),
    errno.ENOSPC: later("o disco está cheio: libere espaço"),
    errno.EDQUOT: later("a cota do disco acabou: libere espaço"),
    errno.EROFS: later("o disco só permite leitura: escolha outro lugar"),
    errno.ENAMETOOLONG: later("o nome é longo demais: use um mais curto"),
    errno.ELOOP: later("o atalho leva a si mesmo: confira o caminho"),
    errno.EMFILE: later("há arquivos abertos demais: tente de novo"),
    errno.EIO: later("o disco falhou: confira o equipamento"),
    errno.ENFILE: later("há arquivos abertos demais: tente de novo"),
    errno.EFBIG: later("o arquivo é grande demais para este disco: escolha outro lugar"),
    errno.EBUSY: later("está em uso por outro programa: tente de novo"),
    errno.ETXTBSY: later("está em uso por outro programa: tente de novo"),
    errno.ENOTEMPTY: later("a pasta não está vazia: escolha outra"),
    errno.EXDEV: later("origem e destino estão em discos diferentes: escolha outro lugar"),
    errno.ENOMEM: later("falta memória: feche outros programas e tente de novo"),
    errno.EINVAL: later("o disco não aceita este nome ou esta operação: escolha outro lugar"),
    errno.EOPNOTSUPP: later("o disco não aceita este nome ou esta operação: escolha outro lugar"),
    errno.ENXIO: later("o dispositivo não responde: confira se está ligado"),
    errno.ENODEV: later("o dispositivo não responde: confira se está ligado"),
    errno.ESTALE: later("a pasta de rede não responde: monte-a de novo"),
    errno.ETIMEDOUT: later("a pasta de rede não responde: monte-a de novo"),
    errno.EHOSTDOWN: later("a pasta de rede não responde: monte-a de novo"),
    errno.ENOTCONN: later("a pasta de rede não responde: monte-a de novo"),
}


def is_there(path: Path) -> bool:
    """Is there anything? Also no where nobody lets us look."""
    try:
        path.stat()
    except OSError:
        return False
    return True


def flush(path: Path) -> None:
    """Have a file's bytes, or a folder's names, outlive the power; raises ``OSError``."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def reason(error: OSError) -> str:
    """What happened and how to mend it; where we have no words, by the name that manuals know."""
    known = _REASONS.get(error.errno or 0)
    if known is not None:
        return said(known)
    name = errno.errorcode.get(error.errno or 0, type(error).__name__)
    return _("o sistema respondeu {name}").format(name=name)
