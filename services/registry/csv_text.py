"""Tables as Excel in Brazil writes and opens them: bytes in, rows of cells out, and back."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from services.errors import Invalid
from services.folding import fold
from services.language import _
from services.store.exchange import MOST_BYTES

MOST_LINES = 100_000
BOM = "\ufeff"
_SEPARATORS = ";,\t"
_WORKBOOKS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
# What a spreadsheet takes for a formula, in full-width form too; with the apostrophes that stand
# before it, so that a text which begins with both comes back as it was.
_FORMULA = re.compile(r"'*[=+\-@\t\r＝＋－＠]")


@dataclass(frozen=True, slots=True)
class Row:
    """One line that is not empty: the number of its first line in the file, counted from 1."""

    number: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Table:
    """The first line that is not empty, and the others."""

    header: Row
    rows: tuple[Row, ...]


def read(data: bytes, known: Collection[str]) -> Table:
    """The cells of ``data``: UTF-8, UTF-16 with its mark, or Windows-1252.

    The separator, ``;`` ``,`` or TAB, is the one that shows most of the ``known`` column names
    (in the form of :func:`column_key`), unless the file says it (``sep=;``). Raises
    :class:`Invalid` with ``field="file"``.
    """
    text = _text(data)
    first, separator = _said_separator(text)
    if separator is None:
        separator = _separator(text, known)
    found = list(_rows(text, first, separator))
    if not found:
        raise _bad(_("O arquivo está vazio"))
    if len(found) - 1 > MOST_LINES:
        raise _bad(_("O arquivo tem mais de {most} linhas: divida-o").format(most=MOST_LINES))
    return Table(found[0], tuple(found[1:]))


def line(cells: Collection[str]) -> str:
    """A line of cells separated by ``;``, ended by CR LF; none of them is taken for a formula."""
    out = io.StringIO()
    csv.writer(out, delimiter=";", lineterminator="\r\n").writerow(map(guarded, cells))
    return out.getvalue()


def guarded(cell: str) -> str:
    """``cell`` as text for a spreadsheet: an apostrophe before what it would compute."""
    return "'" + cell if _FORMULA.match(cell) else cell


def bare(cell: str) -> str:
    """What :func:`guarded` was given; blanks round it are not kept."""
    cell = cell.strip()
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def column_key(name: str) -> str:
    """The name of a column without accents, case, blanks and punctuation."""
    return "".join(filter(str.isalnum, fold(name)))


def _text(data: bytes) -> str:
    if len(data) > MOST_BYTES:
        raise _bad(_("O arquivo tem mais de {most} MB: divida-o").format(most=MOST_BYTES // 2**20))
    if data.startswith(_WORKBOOKS):
        raise _bad(
            _("O arquivo é uma planilha do Excel: salve-a como CSV (separado por ponto e vírgula)")
        )
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        text = _decoded(data, "utf-16")
    elif data.startswith(BOM.encode()):
        text = _decoded(data, "utf-8-sig")
    else:
        text = _decoded(data, "utf-8", "cp1252")
    if "\0" in text:
        raise _bad(_("O arquivo não é um texto CSV: contém bytes nulos"))
    return text


def _decoded(data: bytes, *encodings: str) -> str:
    for encoding in encodings:
        try:
            return data.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _bad(_("O arquivo não está em UTF-8 nem em Windows-1252: salve-o como CSV UTF-8"))


def _said_separator(text: str) -> tuple[int, str | None]:
    """How many lines to leave out, and the separator: Excel's own first line ``sep=;``."""
    said = re.match(r'"?sep=([;,\t])"?[;,\t]*\r?\n', text, re.IGNORECASE)
    return (1, said[1]) if said else (0, None)


def _separator(text: str, known: Collection[str]) -> str:
    start = io.StringIO(text, newline="")
    header = next((words for words in start if words.strip(";,\t \r\n")), "")

    def shown(separator: str) -> int:
        return sum(
            column_key(bare(cell.strip(' \r\n"'))) in known for cell in header.split(separator)
        )

    return max(_SEPARATORS, key=lambda each: (shown(each), header.count(each)))


def _rows(text: str, leave_out: int, separator: str) -> Iterator[Row]:
    lines = io.StringIO(text, newline="")
    for _line in range(leave_out):
        next(lines)
    reader = csv.reader(lines, delimiter=separator, strict=True)
    while True:
        number = leave_out + reader.line_num + 1
        try:
            cells = next(reader, None)
        except csv.Error as e:
            raise _bad(
                _("Linha {number}: aspas que abrem e não fecham, ou texto depois delas").format(
                    number=number
                )
            ) from e
        if cells is None:
            return
        if any(cell.strip() for cell in cells):
            yield Row(number, tuple(cells))


def _bad(message: str) -> Invalid:
    return Invalid(message, field="file")
