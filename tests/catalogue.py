"""The English catalogue: ``python -m tests.catalogue`` brings it up to the sources and compiles it.

Portuguese words are the message ids. Headers are fixed and entries sorted, so that the same words
always give the same two files.
"""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

from babel.messages import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).parent.parent
ROOMS = ("services", "screens", "tui_app")
PO = ROOT / "services/locale/en/LC_MESSAGES/carteiro.po"
MO = PO.with_suffix(".mo")

_ASKING = {"_": 1, "later": 1, "ngettext": 2}
_HEADERS = (
    ("Language", "en"),
    ("MIME-Version", "1.0"),
    ("Content-Type", "text/plain; charset=utf-8"),
    ("Content-Transfer-Encoding", "8bit"),
    ("Plural-Forms", "nplurals=2; plural=(n != 1);"),
)


class English(Catalog):
    """A catalogue whose headers name neither people nor dates."""

    mime_headers = property(lambda self: list(_HEADERS))  # type: ignore[assignment]


def read() -> Catalog:
    """The catalogue as it is written in the repository."""
    with PO.open("rb") as file:
        return read_po(file, locale="en")


def sources() -> list[tuple[Path, ast.Module]]:
    """Every module of the program, read."""
    return [
        (path, ast.parse(path.read_bytes()))
        for room in ROOMS
        for path in sorted((ROOT / room).rglob("*.py"))
    ]


def marked(tree: ast.AST) -> Iterator[tuple[int, list[ast.expr]]]:
    """Line and message arguments of every call that asks for words.

    Babel's own extractor reads tokens, and those hide what stands inside an f-string.
    """
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            arguments = _ASKING.get(node.func.id)
            if arguments is not None:
                yield node.lineno, node.args[:arguments]


def extracted() -> Catalog:
    """Every message marked in the sources, untranslated."""
    found = Catalog()
    for _path, tree in sources():
        for _line, arguments in marked(tree):
            words = tuple(ast.literal_eval(a) for a in arguments)
            found.add(words if len(words) > 1 else words[0])
    return found


def brought_up(catalogue: Catalog, sources: Catalog) -> Catalog:
    """The messages of ``sources`` with the words of ``catalogue``; new ones have none."""
    result = English(
        locale="en",
        header_comment="# English of Carteiro; Portuguese is the id.",
        fuzzy=False,
    )
    for message in sources:
        if message.id:
            known = catalogue.get(message.id)
            words = known.string if known is not None and known.id == message.id else None
            result.add(message.id, words or ("" if isinstance(message.id, str) else ("", "")))
    return result


def written(catalogue: Catalog) -> bytes:
    """The bytes of the ``.po`` file."""
    target = BytesIO()
    write_po(target, catalogue, width=96, no_location=True, sort_output=True)
    return target.getvalue()


def compiled(catalogue: Catalog) -> bytes:
    """The bytes of the ``.mo`` file."""
    target = BytesIO()
    write_mo(target, brought_up(catalogue, catalogue))
    return target.getvalue()


def main() -> int:
    """Rewrite both files; the exit status is 1 while a message has no words."""
    catalogue = brought_up(read(), extracted())
    PO.write_bytes(written(catalogue))
    MO.write_bytes(compiled(catalogue))
    missing = [m.id for m in catalogue if m.id and not all([m.string, *m.string])]
    for one in missing:
        sys.stdout.write(f"{one!r}\n")
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())
