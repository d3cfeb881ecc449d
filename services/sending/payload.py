"""A letter as bytes for the wire: composed when it leaves, in the name of its company (R14, R31)."""

from __future__ import annotations

import asyncio

from services.outbox import mime
from services.sending.letters import Letter
from services.sending.routes import Route

# What is larger is composed beside the loop, which is for the person.
_INLINE = 2**20


async def payload_of(letter: Letter, route: Route, enclosed: dict[str, bytes]) -> list[bytes]:
    """Header, text and attachments (already encoded), in parts, dot-stuffed; every recipient visible (R27).

    Raises ``KeyError`` when an attachment's bytes are gone.
    """
    if letter.size > _INLINE:
        return await asyncio.to_thread(_compose, letter, route, enclosed)
    return _compose(letter, route, enclosed)


def _compose(letter: Letter, route: Route, enclosed: dict[str, bytes]) -> list[bytes]:
    account = route.account
    assert account is not None
    return mime.compose(
        sender_name=route.sender_name,
        sender=account.email,
        reply_to=route.reply_to,
        to=letter.to,
        subject=letter.subject,
        text=letter.body,
        attachments=[
            mime.Attachment(e.filename, e.content_type, enclosed[e.sha256])
            for e in letter.enclosures
        ],
        message_id=letter.message_id,
        date=letter.created_at,
    )
