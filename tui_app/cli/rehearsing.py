"""``read --dry-run``: what a reading would do (R42)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from services.errors import CarteiroError
from services.failure import WireError
from services.language import _
from services.safe_text import safe
from tui_app.cli.context import Context
from tui_app.cli.progress import progress

if TYPE_CHECKING:
    from services.reading.foresight import Foreseen
    from services.registry.mailboxes import MailboxView


@dataclass
class _Told:
    mailboxes: int = 0
    messages: list[tuple[MailboxView, Foreseen]] = field(default_factory=list)
    failures: list[tuple[str, str]] = field(default_factory=list)


def rehearse(context: Context, views: Sequence[MailboxView]) -> int:
    """Show what would happen in these mailboxes; 1 when one could not be looked into."""
    told = context.run(_all(context, views))
    context.out.give(
        {
            "dry_run": True,
            "mailboxes": told.mailboxes,
            "messages": [_json(view, item) for view, item in told.messages],
            "failures": [{"email": email, "why": safe(why)} for email, why in told.failures],
        },
        lambda: _tell(context, told),
    )
    return 1 if told.failures else 0


async def _all(context: Context, views: Sequence[MailboxView]) -> _Told:
    from services.health.conditions import reason_of
    from services.reading.rehearsal import Rehearsal

    told = _Told()
    office, actor = context.office, context.actor
    for view in {view.server_id: view for view in views}.values():
        rehearsal = Rehearsal(office.store, context.settings, office.sign_ins, actor, view.id)
        try:
            with progress(view.email) as show:
                async for item in rehearsal.run():
                    told.messages.append((view, item))
                    show(len(told.messages), rehearsal.total or 0)
            told.mailboxes += 1
        except WireError as e:
            told.failures.append((view.email, reason_of(e.failure)))
        except CarteiroError as e:
            if len(views) == 1:
                raise
            told.failures.append((view.email, e.message))
    return told


def _tell(context: Context, told: _Told) -> None:
    from services.reading.foresight import explained, would

    context.out.table(
        ("UIDL", _("Caixa"), _("O que aconteceria"), _("O quê"), _("Assunto")),
        (
            (
                item.uidl or item.number,
                view.email,
                would(item),
                "; ".join(explained(item)),
                item.subject,
            )
            for view, item in told.messages
        ),
        _("Nenhuma mensagem no servidor"),
    )
    context.out.say(_("Nada foi excluído, importado nem marcado como lido."))
    for email, why in told.failures:
        context.out.say(f"{email}: {why}")


def _json(view: MailboxView, item: Foreseen) -> dict[str, Any]:
    return {
        "mailbox_id": view.id,
        "email": view.email,
        **{name: getattr(item, name) for name in item.__dataclass_fields__},
    }
