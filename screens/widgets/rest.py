"""What stands beside a mailbox by which nothing leaves for a while: who paused it, or until when."""

from __future__ import annotations

from screens.dates import since
from screens.widgets.foreign import Foreign
from services import clock
from services.language import _
from services.registry.mailboxes import MailboxView
from services.registry.server_views import ServerView


class Resting(Foreign):
    """The words beside the mailbox under the cursor; hidden while nothing is in the way."""

    DEFAULT_CSS = """
    Resting { display: none; color: $text-warning; height: auto; padding: 0 1; }
    Resting.-shown { display: block; }
    """

    def tell(self, view: MailboxView | ServerView | None) -> None:
        """Tell of ``view``, or of nothing."""
        rests = view is not None and view.inactive_code is None and bool(resting(view))
        self.set_class(rests, "-shown")
        if view is not None and rests:
            self.show(f"◌ {rest_words(view)}")


def resting(view: MailboxView | ServerView) -> str:
    """The state of a mailbox that sends nothing for a while; "" for others."""
    at = clock.now()
    if view.paused_by is not None or (view.paused_until is not None and view.paused_until > at):
        return "paused"
    return "full" if view.full_until is not None and view.full_until > at else ""


def rest_words(view: MailboxView | ServerView) -> str:
    """Why it may not send now, and when or by whom that ends; "" where nothing is in the way."""
    at = clock.now()
    if view.inactive_code is not None or not view.active:
        return view.inactive_reason or ""
    if view.paused_by is not None:
        return _("Pausada por {who} desde {since}, até que alguém a retome").format(
            who=view.paused_by, since=since(view.paused_at)
        )
    if view.paused_until is not None and view.paused_until > at:
        return _("Em pausa até {until}: {reason}").format(
            until=since(view.paused_until), reason=view.health_reason or ""
        )
    if view.full_until is not None and view.full_until > at:
        return _("{why}; continua às {until}").format(
            why=view.full_reason, until=since(view.full_until)
        )
    return view.health_reason or ""
