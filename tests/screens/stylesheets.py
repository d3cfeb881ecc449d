"""Stylesheets are the same in every test: Textual takes each apart once, not once for each app."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from textual.css.model import RuleSet
from textual.css.stylesheet import Stylesheet


@pytest.fixture(scope="session", autouse=True)
def taken_apart_once() -> Iterator[None]:
    """What Textual keeps for each app is kept for all that have the same theme."""
    take_apart = Stylesheet._parse_rules
    kept: dict[tuple[object, ...], list[RuleSet]] = {}

    def _parse_rules(self: Stylesheet, *args: Any, **more: Any) -> list[RuleSet]:
        key = (tuple(self._variables.items()), args, tuple(more.items()))
        if key not in kept:
            kept[key] = take_apart(self, *args, **more)
        return kept[key]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Stylesheet, "_parse_rules", _parse_rules)
        yield
