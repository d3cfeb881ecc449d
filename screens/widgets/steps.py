"""Steps that fill in live: what runs, what went well, and where it stopped (R19)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from textwrap import wrap
from typing import Literal

from textual.content import Content
from textual.timer import Timer
from textual.widget import Widget

from screens.widgets import status
from screens.widgets.numbers import rounded
from screens.widgets.status import STYLES, Tone
from services.safe_text import safe, safe_block

State = Literal["pending", "running", "ok", "failed"]
_AS_STATUS = {"pending": "pending", "running": "running", "ok": "passed", "failed": "failed"}
_TURNS = "|/-\\"
_BEAT = 0.2
_USUAL_WIDTH = 70
_COLUMNS = 28
"""Columns that mark, state, time and the gaps take beside the name."""
_LEAST = 8
"""Columns below which a detail says nothing any more."""


@dataclass(frozen=True, slots=True)
class StepLine:
    """One step. ``ms`` is how long it took in milliseconds; ``explanation`` says how to mend it."""

    key: str
    name: str
    state: State = "pending"
    detail: str = ""
    ms: float | None = None
    explanation: str = ""


class StepList(Widget):
    """Shows the steps of a test; a running one turns, and costs nothing when none runs."""

    DEFAULT_CSS = """
    StepList { height: auto; padding: 0 1; }
    """

    def __init__(
        self,
        steps: Iterable[StepLine] = (),
        *,
        id: str | None = None,  # noqa: A002 - the name that every widget uses
    ) -> None:
        super().__init__(id=id)
        self._steps = {step.key: step for step in steps}
        self._turn = 0
        self._timer: Timer | None = None

    def on_mount(self) -> None:
        """Turn while something runs."""
        self._timer = self.set_interval(_BEAT, self._beat, pause=True)
        self._watch_running()

    @property
    def steps(self) -> tuple[StepLine, ...]:
        """The steps in order."""
        return tuple(self._steps.values())

    @property
    def failed(self) -> StepLine | None:
        """The first step that failed."""
        return next((s for s in self._steps.values() if s.state == "failed"), None)

    def start(self, steps: Iterable[StepLine]) -> None:
        """Begin anew with other steps."""
        self._steps = {step.key: step for step in steps}
        self._changed()

    def set_step(
        self,
        key: str,
        state: State,
        *,
        detail: str = "",
        ms: float | None = None,
        explanation: str = "",
        name: str = "",
    ) -> None:
        """What became of a step; one that was not announced joins at the end, under ``name``."""
        step = self._steps.get(key, StepLine(key, name or key))
        self._steps[key] = replace(step, state=state, detail=detail, ms=ms, explanation=explanation)
        self._changed()

    def _changed(self) -> None:
        self._watch_running()
        self.refresh(layout=True)

    def _watch_running(self) -> None:
        if self._timer is None:
            return
        if any(step.state == "running" for step in self._steps.values()):
            self._timer.resume()
        else:
            self._timer.pause()

    def _beat(self) -> None:
        self._turn += 1
        self.refresh()

    def render(self) -> Content:
        wide = max((len(step.name) for step in self._steps.values()), default=0)
        return Content("\n").join(self._draw(step, wide) for step in self._steps.values())

    def _draw(self, step: StepLine, wide: int) -> Content:
        """One line, and under what failed the server's words and ours."""
        state = _AS_STATUS[step.state]
        mark = _TURNS[self._turn % 4] if step.state == "running" else status.mark(state)
        tone = status.tone(state)
        parts: list[Content | tuple[str, str]] = [
            (f"{mark} {safe(step.name):{wide}}  ", STYLES[tone] if tone is not Tone.GOOD else ""),
            (f"{status.word(state):12}", STYLES[tone]),
            (f"{duration(step.ms):>9}", STYLES[Tone.MUTED]),
        ]
        width = self.content_size.width or _USUAL_WIDTH
        room = width - wide - _COLUMNS
        detail = safe(step.detail, 300)
        if step.state == "failed" and len(detail) > room:
            parts.append((_indented(detail, width), STYLES[Tone.MUTED]))
        elif detail and room >= _LEAST:
            parts.append((f"  {safe(detail, room)}", STYLES[Tone.MUTED]))
        if step.explanation:
            parts.append((_indented(safe_block(step.explanation, 2_000), width), ""))
        return Content.assemble(*parts)


def _indented(text: str, width: int) -> str:
    lines = (wrap(line, width - 4) or [""] for line in text.splitlines())
    return "".join(f"\n    {line}" for wrapped in lines for line in wrapped)


def duration(ms: float | None) -> str:
    """Milliseconds in words: "85 ms", "1,2 s"."""
    if ms is None:
        return ""
    if ms < 1000:
        return f"{ms:.0f} ms"
    return f"{rounded(ms / 1000)} s"
