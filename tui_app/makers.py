"""Which screen stands behind each place of the panel; imported when somebody goes there."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module

from screens.desk import Desk
from screens.frame import FramedScreen
from screens.home import HomeScreen


def _later(module: str, name: str) -> Callable[[Desk], FramedScreen]:
    def make(desk: Desk) -> FramedScreen:
        screen: FramedScreen = getattr(import_module(module), name)(desk)
        return screen

    return make


MAKERS: dict[str, Callable[[Desk], FramedScreen]] = {
    "home": HomeScreen,
    "mailboxes": _later("screens.mailboxes", "MailboxesScreen"),
    "servers": _later("screens.servers", "ServersScreen"),
    "notification_emails": _later("screens.notification_emails", "NotificationEmailsScreen"),
    "companies": _later("screens.companies", "CompaniesScreen"),
    "users": _later("screens.users", "UsersScreen"),
    "outbox": _later("screens.outbox", "OutboxScreen"),
    "documents": _later("screens.documents", "DocumentsScreen"),
    "quarantine": _later("screens.quarantine", "QuarantineScreen"),
    "health": _later("screens.health", "HealthScreen"),
    "audit": _later("screens.audit", "AuditScreen"),
    "bell": _later("screens.bell", "BellScreen"),
}
