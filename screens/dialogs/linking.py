"""*Vincular conta Microsoft* and *Vincular de novo*: from the question to the test (R4, R44, R49)."""

from __future__ import annotations

from typing import Any

from textual.app import App

from screens.desk import Desk
from screens.dialogs.email_test import EmailTest
from screens.dialogs.microsoft_form import MicrosoftForm
from screens.dialogs.sign_in import SignIn
from screens.widgets.foreign import notify_safe
from services.errors import CarteiroError
from services.health import linking
from services.registry import microsoft
from services.registry.companies import CompanyView
from services.registry.mailboxes import MailboxView
from services.registry.microsoft import Link
from services.registry.server_views import ServerView
from services.store.models import Kind, Mechanism
from services.wire.presets import preset_of_host


async def link(app: App[Any], desk: Desk, company: CompanyView | None, kind: str) -> int | None:
    """Register the mailbox of whoever signs in, and test it; the id of its e-mail server.

    ``company`` None registers a server of the partner's own. To be called from a worker.
    """
    made = await app.push_screen_wait(MicrosoftForm(desk, company, kind))
    if made is None:
        return None
    await _test(app, desk, made.server_id, made.link)
    return made.server_id


async def relink(app: App[Any], desk: Desk, server_id: int) -> bool:
    """Sign in again for a registered mailbox, and test it: a pass brings it back into use (R49).

    True when the new sign-in was saved, whatever the test said.
    """
    try:
        planned = await desk.ask(microsoft.plan_again, server_id)
    except CarteiroError as e:
        notify_safe(app, e.message, "error")
        return False
    saved = await app.push_screen_wait(
        SignIn(
            desk,
            planned,
            lambda link, signed: desk.do(linking.relink, link, signed, desk.settings),
        )
    )
    if saved is None:
        return False
    await _test(app, desk, saved, planned)
    return True


def can_relink(view: MailboxView | ServerView | None) -> bool:
    """Is it a mailbox that signs in at Microsoft, or should because passwords are of no use there,
    or one that a code has taken out of use?"""
    if view is None:
        return False
    hosts = (view.host,) if isinstance(view, MailboxView) else (view.smtp_host, view.pop_host)
    return (
        view.mechanism == Mechanism.XOAUTH2
        or view.inactive_code is not None
        or any(_takes_no_password(host or "") for host in hosts)
    )


def _takes_no_password(host: str) -> bool:
    preset = preset_of_host(host)
    return preset is not None and preset.oauth_only


async def _test(app: App[Any], desk: Desk, server_id: int, linked: Link) -> None:
    kind = Kind.BOTH if len(linked.functions) > 1 else Kind(linked.functions[0])
    await app.push_screen_wait(EmailTest.of_server(desk, server_id, linked.email, kind))
