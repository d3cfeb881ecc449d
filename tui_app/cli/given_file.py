"""A file that a command was given."""

from __future__ import annotations

import sys
from pathlib import Path

from services.disk import reason
from services.errors import Invalid
from services.language import _


def read(name: str, field: str, most: int = -1, *, dash: bool = False) -> bytes:
    """The content, ``most`` bytes of it at most; with ``dash``, "-" is the standard input.

    Raises :class:`Invalid` for the field, with the cure, for what cannot be read.
    """
    try:
        if dash and name == "-":
            return sys.stdin.buffer.read(most)
        with Path(name).open("rb") as file:
            return file.read(most)
    except OSError as e:
        why = reason(e)
    except ValueError:
        why = _("não é um caminho de arquivo: confira o caminho")
    raise Invalid(
        _("Não foi possível ler {path}: {error}").format(path=name, error=why), field=field
    )


def text(name: str, field: str, *, dash: bool = False) -> str:
    """The content as text; :class:`Invalid` for what is not in UTF-8."""
    try:
        return read(name, field, dash=dash).decode()
    except UnicodeDecodeError:
        raise Invalid(_("{file}: não é texto em UTF-8").format(file=name), field=field) from None
