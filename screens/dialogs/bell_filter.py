"""What of the bell is shown: a company, a type, a severity, what has not been read (R52)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.containers import Vertical
from textual.screen import ModalScreen

from screens.commands import Command, Commanded
from screens.widgets.fields import FieldSpec
from screens.widgets.foreign import Foreign
from screens.widgets.form import Form
from screens.widgets.keyline import KeyLine
from screens.widgets.status import word
from services.language import _, later
from services.notifications.bell import EVERYTHING, Only
from services.notifications.types import NotificationType
from services.safe_text import safe


class BellFilter(Commanded, ModalScreen[Only | None]):
    """Gives what is to be shown, or None. ``companies`` are ids and names to choose from."""

    DEFAULT_CSS = """
    BellFilter Form { height: auto; }
    """
    VERBS: ClassVar[tuple[Command, ...]] = (
        Command("bell_filter.go", "f2,ctrl+s", later("Aplicar"), "go", order=1),
        Command("bell_filter.all", "f4", later("Mostrar tudo"), "all", order=2),
        Command("bell_filter.leave", "escape", later("Voltar"), "dismiss(None)", order=3),
    )

    def __init__(
        self,
        only: Only,
        types: Mapping[str, NotificationType],
        companies: Sequence[tuple[int, str]],
    ) -> None:
        super().__init__()
        everything = ("", _("Todos"))
        self._form = Form(
            [
                FieldSpec(
                    "company",
                    _("Empresa"),
                    kind="choice",
                    choices=[("", _("Todas")), *((str(i), safe(name)) for i, name in companies)],
                    help=_("Outra: escolha-a com c na lista, ou filtre pelo nome com /."),
                ),
                FieldSpec(
                    "type",
                    _("Tipo"),
                    kind="choice",
                    choices=[everything, *((key, safe(t.title, 60)) for key, t in types.items())],
                ),
                FieldSpec(
                    "severity",
                    _("Gravidade"),
                    kind="choice",
                    choices=[
                        ("", _("Todas")),
                        *((s, severity_words(s)) for s in ("error", "warning", "info")),
                    ],
                ),
                FieldSpec("unread", _("Só as não lidas"), kind="switch"),
            ],
            {
                "company": str(only.company_id or ""),
                "type": only.type_key or "",
                "severity": only.severity or "",
                "unread": only.unread,
            },
        )

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Foreign(_("Filtrar notificações"), classes="dialog-title")
            yield self._form
        yield KeyLine()

    def action_go(self) -> None:
        """Show that."""
        values = self._form.values()
        self.dismiss(
            Only(
                bool(values["unread"]),
                int(str(values["company"])) if values["company"] else None,
                str(values["type"]) or None,
                str(values["severity"]) or None,
            )
        )

    def action_all(self) -> None:
        """Show everything."""
        self.dismiss(EVERYTHING)


def severity_words(severity: str) -> str:
    """A severity in a word."""
    return word("information" if severity == "info" else severity)
