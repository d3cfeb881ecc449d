"""A short code in letters of four lines, to be read from another screen than one's own."""

from __future__ import annotations

# Seven rows of five points, from the top; the left point is the highest bit.
_POINTS = {
    "A": "0E11111F111111", "B": "1E11111E11111E", "C": "0E11101010110E", "D": "1E11111111111E",
    "E": "1F10101E10101F", "F": "1F10101E101010", "G": "0E11101711110F", "H": "1111111F111111",
    "I": "0E04040404040E", "J": "0702020202120C", "K": "11121418141211", "L": "1010101010101F",
    "M": "111B1515111111", "N": "11191915131311", "O": "0E11111111110E", "P": "1E11111E101010",
    "Q": "0E11111115120D", "R": "1E11111E141211", "S": "0F10100E01011E", "T": "1F040404040404",
    "U": "1111111111110E", "V": "11111111110A04", "W": "11111115151B11", "X": "11110A040A1111",
    "Y": "11110A04040404", "Z": "1F01020408101F", "0": "0E11131519110E", "1": "040C040404040E",
    "2": "0E11010204081F", "3": "1F02040201110E", "4": "02060A121F0202", "5": "1F101E0101110E",
    "6": "0608101E11110E", "7": "1F010204080808", "8": "0E11110E11110E", "9": "0E11110F01020C",
    "-": "0000001F000000",
}  # fmt: skip
_BLOCKS = {(False, False): " ", (True, False): "▀", (False, True): "▄", (True, True): "█"}
_STEP = 6


def big(text: str, room: int) -> str:
    """``text`` in block letters, on as many lines of letters as ``room`` columns ask for.

    What has a character without a block letter, or no room for one, is only spaced out.
    """
    letters = text.upper()
    fitting = (room + 1) // _STEP
    if not letters or fitting < 1 or not set(letters) <= _POINTS.keys():
        return " ".join(text)
    lines = -(-len(letters) // fitting)
    length = -(-len(letters) // lines)
    return "\n".join(
        row
        for start in range(0, len(letters), length)
        for row in _rows(letters[start : start + length])
    )


def _rows(letters: str) -> list[str]:
    points = [bytes.fromhex(_POINTS[letter]) + b"\0" for letter in letters]
    return [
        " ".join(_pair(rows[line], rows[line + 1]) for rows in points).rstrip()
        for line in range(0, 8, 2)
    ]


def _pair(above: int, below: int) -> str:
    return "".join(_BLOCKS[bool(above & point), bool(below & point)] for point in (16, 8, 4, 2, 1))
