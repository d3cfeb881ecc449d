"""The columns of a file of companies: their names, what a cell means, and how it is written."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from services.errors import Invalid
from services.folding import fold
from services.language import _
from services.registry.company_views import CompanyView
from services.registry.csv_text import Row, bare, column_key

_YES = frozenset(("sim", "s", "1", "true", "verdadeiro", "on", "ligado", "x", "yes", "y"))
_NO = frozenset(("nao", "n", "0", "false", "falso", "off", "desligado", "no"))
# 1,12E+13: what a spreadsheet makes of a CNPJ in a column of numbers, its last digits lost.
_ROUNDED = re.compile(r"\d([.,]\d+)?E\+\d+", re.IGNORECASE)
_NUMBER = re.compile(r"(\d{12,14})(?:[.,]0+)?")
_QUOTED = re.compile(r'="(.*)"')


@dataclass(frozen=True, slots=True)
class Column:
    """A column: the field of the draft, its name in files that are written, other names for it.

    ``told`` makes the field's value of a cell that is not empty; ``empty`` what an empty one says:
    None that it says nothing.
    """

    field: str
    name: str
    others: tuple[str, ...]
    told: Callable[[str], Any]
    empty: tuple[Any] | None = None

    @property
    def keys(self) -> frozenset[str]:
        """Every name in the form of :func:`column_key`."""
        return frozenset(map(column_key, (self.name, self.field, *self.others)))


def _text(cell: str) -> str:
    return cell


def _cnpj(cell: str) -> str:
    cell = cell.removeprefix("'")
    if quoted := _QUOTED.fullmatch(cell):
        cell = quoted[1]
    if _ROUNDED.fullmatch(cell):
        raise Invalid(
            _(
                "{cell}: a planilha arredondou o CNPJ; formate a coluna como texto, digite-o de novo e salve"
            ).format(cell=cell)
        )
    number = _NUMBER.fullmatch(cell)
    # Zeros on the left are lost in a column of numbers; the check digits tell if it was that.
    return number[1].rjust(14, "0") if number else cell


def _flag(cell: str) -> bool:
    word = fold(cell)
    if word in _YES:
        return True
    if word in _NO:
        return False
    raise Invalid(_("{cell}: escreva sim ou não").format(cell=cell[:40]))


COLUMNS = (
    Column("cnpj", "cnpj", (), _cnpj, ("",)),
    Column("nickname", "apelido", (), _text, ("",)),
    Column("legal_name", "razao_social", (), _text, ("",)),
    Column("headquarters", "matriz", ("cnpj_da_matriz", "cnpj_matriz"), _cnpj, (None,)),
    Column(
        "notification_email",
        "email_notificacao",
        ("email_notificacoes", "email_de_notificacao", "email_para_notificacoes"),
        _text,
        (None,),
    ),
    Column("document_import", "importacao_documentos", ("importacao_de_documentos",), _flag),
    Column("invoicy_mail", "invoicy_mail", (), _flag),
    Column("may_register", "pode_cadastrar", ("pode_cadastrar_caixas",), _flag),
    Column("sender_name", "nome_remetente", ("nome_do_remetente",), _text, ("",)),
    Column("silence_notice", "aviso_silencio", ("aviso_de_silencio",), _flag),
)
_BY_KEY = {key: column for column in COLUMNS for key in column.keys}
KNOWN = frozenset(_BY_KEY)


def columns_of(header: Row) -> tuple[Column | None, ...]:
    """The column at each place of the first line; None where it has no name.

    Raises :class:`Invalid` with ``field="file"`` for a line that names none, lacks the CNPJ,
    names a column that is unknown, or one twice.
    """
    found: list[Column | None] = []
    names = [bare(cell) for cell in header.cells]
    if not any(column_key(name) in _BY_KEY for name in names):
        raise _bad(
            _("A primeira linha precisa dizer o nome das colunas: {names}").format(
                names=";".join(column.name for column in COLUMNS)
            )
        )
    for name in names:
        column = _BY_KEY.get(column_key(name))
        if column is None and name:
            raise _bad(
                _("Coluna desconhecida: {name}; as conhecidas são {names}").format(
                    name=name[:60], names=", ".join(column.name for column in COLUMNS)
                )
            )
        if column is not None and column in found:
            raise _bad(_("A coluna {name} aparece duas vezes").format(name=column.name))
        found.append(column)
    if COLUMNS[0] not in found:
        raise _bad(_("Falta a coluna cnpj, que diz de qual empresa é cada linha"))
    return tuple(found)


def values_of(row: Row, columns: tuple[Column | None, ...]) -> tuple[dict[str, Any], list[Invalid]]:
    """What the cells of a line say by field of the draft, and what cannot be understood (which
    is kept as it was typed).

    An empty yes or no says nothing; an empty text or headquarters is empty. A line that ends
    early has empty cells: spreadsheets leave out the last separators.
    """
    values: dict[str, Any] = {}
    wrong: list[Invalid] = []
    cells = [bare(cell) for cell in row.cells]
    if any(
        cell and (place >= len(columns) or columns[place] is None)
        for place, cell in enumerate(cells)
    ):
        wrong.append(Invalid(_("Há mais células que colunas na primeira linha"), field="file"))
    for place, column in enumerate(columns):
        if column is None:
            continue
        cell = cells[place] if place < len(cells) else ""
        try:
            if cell:
                values[column.field] = column.told(cell)
            elif column.empty is not None:
                values[column.field] = column.empty[0]
        except Invalid as e:
            values[column.field] = cell
            wrong.append(
                Invalid(
                    _("{label}: {why}").format(label=column.name, why=e.message), field=column.field
                )
            )
    return values, wrong


def cells_of(company: CompanyView) -> list[str]:
    """A company's cells, in the order of :data:`COLUMNS`."""
    values: Mapping[str, Any] = {column.field: getattr(company, column.field) for column in COLUMNS}
    return [
        ("sim" if value else "não") if isinstance(value, bool) else value or ""
        for value in values.values()
    ]


def _bad(message: str) -> Invalid:
    return Invalid(message, field="file")
