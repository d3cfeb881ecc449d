"""The checks of a document as its detail tells them (R40)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from services.fiscal.labels import CHECKS, words
from services.language import _

if TYPE_CHECKING:
    from services.reading.documents import DocumentView


def check_lines(view: DocumentView) -> list[tuple[str, str]]:
    """A line a check: its label, and why where it is not all well; reasons are foreign text."""
    return [
        (
            _title(name),
            f"{words(view.checks[name], name)}: {view.check_reasons[name]}"
            if view.check_reasons.get(name)
            else words(view.checks[name], name),
        )
        for name in CHECKS
    ]


def _title(name: str) -> str:
    return {
        "access_key": _("Dígito da chave"),
        "schema": _("Esquema"),
        "signature": _("Assinatura"),
        "certificate": _("Certificado"),
        "chain": _("Cadeia do certificado"),
        "protocol": _("Protocolo"),
    }[name]
