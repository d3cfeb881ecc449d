"""The arguments that many commands share, with the same words everywhere."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError

from services.language import LANGUAGES, _, named

_MOST = 2**63 - 1
"""The largest number that a database gives a row."""


def row_id(typed: str) -> int:
    """The number of a thing; for ``type=``. One that no database gives is that of nothing."""
    return min(int(typed), _MOST)


def count(typed: str) -> int:
    """A number above nought; for ``type=``."""
    number = row_id(typed)
    if number < 1:
        raise ArgumentTypeError(_("{n}: use um número maior que zero").format(n=number))
    return number


def add_id(parser: ArgumentParser, shown_by: str, *, nargs: str | None = None) -> None:
    """One thing, or several, by the numbers that the command ``shown_by`` tells."""
    words = _("o Id que {command} mostra") if nargs is None else _("os Ids que {command} mostra")
    parser.add_argument(
        "id" if nargs is None else "ids",
        type=row_id,
        nargs=nargs,
        metavar="ID",
        help=words.format(command=shown_by),
    )


def add_company(parser: ArgumentParser, words: str = "", *, required: bool = False) -> None:
    """``--company``."""
    parser.add_argument(
        "--company",
        metavar="CNPJ",
        required=required,
        help=words or _("a empresa, pelo CNPJ com ou sem máscara"),
    )


def add_type(parser: ArgumentParser, *, required: bool = False) -> None:
    """``--type`` of a notification."""
    parser.add_argument(
        "--type",
        metavar=_("TIPO"),
        required=required,
        help=_("chave de um tipo: veja {command}").format(
            command="carteiro notification-type list"
        ),
    )


def add_password(parser: ArgumentParser) -> None:
    """``--password-stdin``: secrets are no arguments."""
    parser.add_argument(
        "--password-stdin", action="store_true", help=_("lê a senha da entrada padrão, uma linha")
    )


def add_state(parser: ArgumentParser, active: str = "", inactive: str = "") -> None:
    """``--active`` or ``--inactive``, for what exists already."""
    state = parser.add_mutually_exclusive_group()
    for value, words in (
        (True, active or _("em uso de novo")),
        (False, inactive or _("fora de uso, sem excluir")),
    ):
        state.add_argument(
            "--active" if value else "--inactive",
            action="store_const",
            const=value,
            default=None,
            dest="active",
            help=words,
        )


def language(typed: str) -> str:
    """A language however it is spelt; for ``type=``."""
    meant = named(typed)
    if meant is None:
        raise ArgumentTypeError(
            _("{value}: não há este idioma; use {languages}").format(
                value=typed, languages=", ".join(LANGUAGES)
            )
        )
    return meant
