"""The DANFE: a document on paper, as PDF, where the optional extra ``danfe`` is installed; light to
import."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec

LIBRARY = "brazilfiscalreport"


@dataclass(frozen=True, slots=True)
class Danfe:
    """A PDF, or ``why`` there is none: "missing" (the extra is not installed), "deadline",
    "unsupported" (no such paper for this kind), "unasked" or "failed"."""

    pdf: bytes = b""
    why: str = ""


def is_installed() -> bool:
    """True where the extra is."""
    return find_spec(LIBRARY) is not None
