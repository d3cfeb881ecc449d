"""What ``carteiro.toml`` may say, and what its times of retention are about."""

from __future__ import annotations

from services.language import _, later, said
from services.settings import RETENTION, Settings

_KEPT = {
    "bell_retention_days": later("sino"),
    "sent_retention_days": later("e-mails enviados"),
    "raw_retention_days": later("mensagens recebidas"),
    "quarantine_retention_days": later("quarentena decidida"),
    "receipt_retention_days": later("recibos"),
    "audit_retention_days": later("auditoria"),
}
_MOST = 76


def kept(setting: str) -> str:
    """What a setting of retention is about."""
    return said(_KEPT[setting])


def listed() -> str:
    """Every setting; those of retention with words for what they keep."""
    widest = max(map(len, RETENTION))
    others = [name for name in Settings.__dataclass_fields__ if name not in RETENTION]
    return "\n".join(
        (
            _('Prazos de guarda, em carteiro.toml (dias, ou "never" para sempre):'),
            *(f"  {name:<{widest}}  {kept(name)}" for name in RETENTION),
            "",
            _("Outros ajustes de carteiro.toml:"),
            *_lines(others),
        )
    )


def _lines(names: list[str]) -> list[str]:
    lines = [""]
    for name in names:
        if len(lines[-1]) + len(name) + 2 > _MOST:
            lines.append("")
        lines[-1] += f"  {name}"
    return lines
