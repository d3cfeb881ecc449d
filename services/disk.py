"""Why the system could not use a file, in our words and with the cure."""

from __future__ import annotations

import errno

from services.language import later, said

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
}


def reason(error: OSError) -> str:
    """What happened and how to mend it; the system's own words only where we have none."""
    known = _REASONS.get(error.errno or 0)
    return said(known) if known is not None else error.strerror or type(error).__name__
