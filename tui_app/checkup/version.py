"""Which Carteiro this is."""

from __future__ import annotations

import tomllib
from pathlib import Path

_PROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"


def version() -> str:
    """The version of the program that runs, as ``pyproject.toml`` beside it has it."""
    told: str = tomllib.loads(_PROJECT.read_text("utf-8"))["project"]["version"]
    return told
