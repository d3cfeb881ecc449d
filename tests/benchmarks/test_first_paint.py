"""Cold start to the first paint, against a bare Textual program and two grown ones."""

from __future__ import annotations

import statistics
from pathlib import Path

from tests.benchmarks import peers
from tests.benchmarks.first_paint import BARE, first_paint

TOP = Path(__file__).resolve().parents[2]
RUNS = 9


def test_first_paint(home: Path) -> None:
    """At most 1.35 times a bare program's and 0.4 times posting's and harlequin's, launcher included."""
    ours = [str(TOP / "carteiro")]
    first_paint(ours, environment={"CARTEIRO_HOME": str(home)})
    seconds: dict[str, list[float]] = {}
    for _round in range(RUNS):
        for name, argv in (
            ("bare", BARE),
            ("carteiro", ours),
            ("posting", peers.posting()),
            ("harlequin", peers.harlequin()),
        ):
            taken = first_paint(argv, environment={"CARTEIRO_HOME": str(home)})
            seconds.setdefault(name, []).append(taken)
    median = {name: statistics.median(all_) for name, all_ in seconds.items()}
    print({name: round(value, 3) for name, value in median.items()})
    assert median["carteiro"] <= 1.35 * median["bare"]
    assert median["carteiro"] <= 0.4 * median["posting"]
    assert median["carteiro"] <= 0.4 * median["harlequin"]
