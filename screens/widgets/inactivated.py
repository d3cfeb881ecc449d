"""What stands beside a mailbox that a code of Microsoft's has taken out of use (R45, R49)."""

from __future__ import annotations

from screens.dates import since
from screens.widgets.foreign import Foreign
from services.language import _
from services.registry.mailboxes import MailboxView
from services.registry.server_views import ServerView
from services.wire import aadsts


class Inactivated(Foreign):
    """Code, reason and what to do; hidden while there is nothing to tell. ``key`` relinks."""

    DEFAULT_CSS = """
    Inactivated { display: none; color: $text-error; height: auto; padding: 0 1; }
    Inactivated.-shown { display: block; }
    """

    def __init__(self, key: str) -> None:
        super().__init__()
        self._key = key

    def tell(self, view: MailboxView | ServerView | None) -> None:
        """Tell of ``view``, or of nothing."""
        code = None if view is None else view.inactive_code
        self.set_class(code is not None, "-shown")
        if view is not None and code is not None:
            self.show(_words(view, code, self._key))


def _words(view: MailboxView | ServerView, code: int, key: str) -> str:
    known = aadsts.inactivates(code)
    reason = aadsts.description(code) if known else view.inactive_reason or ""
    return _("▲ Inativada desde {since} (AADSTS{code}): {reason} {key} vincula de novo.").format(
        since=since(view.inactive_since), code=code, reason=reason, key=key
    )
