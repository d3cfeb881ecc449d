"""What is drawn where a terminal lacks a character: another of the same width that it has."""

from __future__ import annotations

from rich.cells import cell_len

_LIKE: dict[str, str] = {
    "╭": "┌+",
    "╮": "┐+",
    "╰": "└+",
    "╯": "┘+",
    **dict.fromkeys("┌┐└┘├┤┬┴┼", "+"),
    **dict.fromkeys("─━╌▔–—", "─-"),
    **dict.fromkeys("│┃╎▏▕▎▊", "│|"),
    **dict.fromkeys("▁▂▃", "_"),
    **dict.fromkeys("▄▅▖▗", "▄:"),
    **dict.fromkeys("▆▇█▉▋▌▍▐", "█#"),
    "▀": "'",
    **dict.fromkeys("░▒▓", "░."),
    **dict.fromkeys("▸▶›", "►>"),
    **dict.fromkeys("‹◀", "◄<"),
    "→": ">",
    "←": "<",
    **dict.fromkeys("▲▴↑", "▲^"),
    **dict.fromkeys("▼▾↓", "▼v"),
    **dict.fromkeys("●◉•", "•*"),
    **dict.fromkeys("○◌", "○o"),
    **dict.fromkeys("✓✔", "√+"),
    **dict.fromkeys("✗✘×", "×x"),
    **dict.fromkeys("“”", '"'),
    **dict.fromkeys("‘’", "'"),
    "−": "-",
    **dict.fromkeys("…·", "·."),
    "≠": "!",
    "€": "E",
}
_UNKNOWN = "?"


class Glyphs(dict[int, str]):
    """A table for ``str.translate``, filled as characters come: what one of ``charsets`` has stays."""

    def __init__(self, *charsets: str) -> None:
        super().__init__()
        self._charsets = charsets

    def __missing__(self, code: int) -> str:
        drawn = self._drawn(chr(code))
        self[code] = drawn
        return drawn

    def _drawn(self, character: str) -> str:
        for each in character + _LIKE.get(character, ""):
            if self._has(each):
                return each
        width: int = cell_len(character)
        return _UNKNOWN * width

    def _has(self, character: str) -> bool:
        for charset in self._charsets:
            try:
                character.encode(charset)
            except UnicodeEncodeError:
                continue
            return True
        return False


def glyphs_for(encoding: str, term: str) -> Glyphs | None:
    """The table for a terminal of this kind and encoding; None where it has every character.

    The Linux console speaks UTF-8 with the letters of Latin-1 and the drawings of the PC.
    """
    if encoding.lower().replace("-", "") != "utf8":
        return Glyphs(encoding)
    return Glyphs("latin-1", "cp437") if term == "linux" else None
