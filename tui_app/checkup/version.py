"""Which Carteiro this is."""

from __future__ import annotations

import tomllib
from importlib import metadata
from pathlib import Path

_PROJECT = Path(__file__).resolve().parents[2] / "pyproject.toml"


def version() -> str:
    """The version of the program that runs: by ``pyproject.toml`` beside it, or as it was installed."""
    if not _PROJECT.is_file():
        return metadata.version("carteiro")
    told: str = tomllib.loads(_PROJECT.read_text("utf-8"))["project"]["version"]
    return told
