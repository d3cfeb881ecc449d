"""What the command line prints: text for people, or JSON for scripts."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import fields, is_dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from services.disk import reason
from services.errors import CarteiroError, InvalidFields, Unavailable
from services.language import _, chosen
from services.safe_text import safe, safe_block
from tui_app.cli.columns import aligned, padded, width


class Output:
    """Writes to stdout; everything passes the one door for foreign text on its way."""

    def __init__(self, as_json: bool) -> None:
        self.as_json = as_json

    def give(self, value: object, text: Callable[[], None]) -> None:
        """The answer: ``value`` as one JSON document, or what ``text`` prints for people."""
        if self.as_json:
            _write(to_json(value, indent=2))
        else:
            text()

    def event(self, value: object, text: str) -> None:
        """One of a stream: a JSON line, or a line of text; out at once."""
        _write(to_json(value) if self.as_json else safe(text))
        sys.stdout.flush()

    def say(self, text: str) -> None:
        """A line for people; nothing with ``--json``."""
        if not self.as_json:
            _write(safe(text))

    def note(self, text: str) -> None:
        """A line for people beside the answer, on stderr; nothing with ``--json``, which tells it too."""
        if not self.as_json:
            sys.stdout.flush()
            sys.stderr.write(f"carteiro: {safe(text)}\n")

    def block(self, text: str) -> None:
        """Several lines of foreign text."""
        _write(safe_block(text))

    def table(self, heads: Sequence[str], rows: Iterable[Sequence[object]], empty: str) -> None:
        """Aligned columns, nothing of them cut, or ``empty`` when there is no row."""
        cells = [[_cell(value) for value in row] for row in rows]
        if not cells:
            _write(empty)
            return
        room = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        for line in aligned([heads, *cells], room):
            _write(line)

    def facts(self, pairs: Iterable[tuple[str, object]]) -> None:
        """Label and value, one a line."""
        cells = [(label, _cell(value)) for label, value in pairs]
        widest = max(width(label) for label, _value in cells)
        for label, value in cells:
            _write(f"{padded(label, widest)}  {value}".rstrip())


def to_json(value: object, indent: int | None = None) -> str:
    """JSON in ASCII, so that no character of anybody's acts on a terminal."""
    return json.dumps(value, default=_plain, indent=indent).replace("\x7f", "\\u007f")


def error_line(error: CarteiroError, as_json: bool, names: dict[str, str]) -> str:
    """``error`` for stderr; ``names`` are the option names of fields that are called otherwise."""
    if not as_json:
        return "carteiro: " + safe(error.message)
    told: dict[str, Any] = {
        "code": error.code,
        "message": safe(error.message),
        "field": _named(error.field, names),
    }
    if isinstance(error, InvalidFields):
        told["errors"] = [
            {"message": safe(each.message), "field": _named(each.field, names)}
            for each in error.errors
        ]
    return to_json({"error": told})


def moment(at: datetime | None) -> str:
    """An instant for people, in local time."""
    if at is None:
        return ""
    local = at.astimezone()
    return local.strftime("%d/%m/%Y %H:%M" if chosen() == "pt_BR" else "%Y-%m-%d %H:%M")


def yes_no(value: bool) -> str:
    """A yes or no for people."""
    return _("sim") if value else _("não")


def unwritten(error: OSError) -> Unavailable:
    """That the answer is not where it was to be read."""
    return Unavailable(_("A resposta não pôde ser gravada: {why}").format(why=reason(error)))


def _named(field: str | None, names: dict[str, str]) -> str | None:
    return names.get(field, field) if field is not None else None


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    raise TypeError(f"{type(value).__name__} has no JSON form")


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return yes_no(value)
    if isinstance(value, datetime):
        return moment(value)
    return safe(value)


def _write(line: str) -> None:
    try:
        sys.stdout.write(line + "\n")
    except BrokenPipeError:
        raise
    except OSError as e:
        raise unwritten(e) from e
