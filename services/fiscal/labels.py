"""The labels that checks put on a document, and their words (R40); light to import."""

from __future__ import annotations

from dataclasses import dataclass

from services.language import _


@dataclass(frozen=True, slots=True)
class Check:
    """A label: ``code`` "ok", "failed", "altered", "absent" or "unverifiable", and why."""

    code: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Checks:
    """What was found; none of them discards a document."""

    access_key: Check
    schema: Check
    signature: Check
    certificate: Check


def words(code: str, check: str = "") -> str:
    """The word for a code on the screen; ``check`` may be "signature", which has its own."""
    own = {
        ("ok", "signature"): _("íntegra"),
        ("absent", "signature"): _("sem assinatura"),
    }
    general = {
        "ok": _("confere"),
        "failed": _("não confere"),
        "altered": _("alterada"),
        "absent": _("ausente"),
        "unverifiable": _("não verificável"),
    }
    return own.get((code, check)) or general.get(code) or _("ainda não verificado")
