"""Sparklines: a number over time as one line of text, readable without colour."""

from __future__ import annotations

from collections.abc import Sequence

_BARS = "▁▂▃▄▅▆▇"


def spark(numbers: Sequence[int], width: int | None = None) -> str:
    """A character a number, the highest just short of the line above; nought is a space's dot, "·".

    With fewer columns than numbers, neighbours are added up: ``width`` must divide their count.
    """
    if width is not None and width < len(numbers):
        step = len(numbers) // width
        numbers = [sum(numbers[at : at + step]) for at in range(0, step * width, step)]
    top = max(numbers, default=0)
    return "".join(
        _BARS[min(len(_BARS) - 1, (n * len(_BARS) - 1) // top)] if n > 0 else "·" for n in numbers
    )
