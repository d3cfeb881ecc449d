"""A person signs in at Microsoft: by a code typed elsewhere, or by an address that is pasted (R44).

Nothing of it is saved: :mod:`services.health.linking` does that with what comes of it. Whoever
cancels the call has cancelled the sign-in.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from services.clock import now
from services.failure import Failure, Stage, WireError
from services.health.tokens import in_thread, registration
from services.language import _
from services.registry.microsoft import Link
from services.settings import Settings

if TYPE_CHECKING:
    from services.wire.entra import DeviceCode, PastedAddress, SignedIn


async def ask_code(settings: Settings, link: Link) -> DeviceCode:
    """A code for ``link``, to be typed at the address that comes with it.

    Raises ``WireError`` (stage "sign_in") when none is given: device codes may be blocked by the
    organization, and then :func:`ask_address` is the way.
    """
    return await in_thread(lambda: registration(settings).ask_code(link.tenant, link.functions))


async def wait(
    settings: Settings,
    asked: DeviceCode,
    on_trouble: Callable[[Failure | None], None] | None = None,
) -> SignedIn:
    """Who signed in with the code, as soon as it is done.

    ``on_trouble`` hears of each question that got no answer, and with None of each that did.

    Raises ``WireError`` of the kind "declined" or "expired", or for a refusal; a network that
    fails meanwhile is asked again until the code has expired.
    """
    while True:
        await asyncio.sleep(asked.interval)
        trouble = None
        try:
            found = await in_thread(partial(registration(settings).poll, asked))
        except WireError as e:
            if e.failure.permanent:
                raise
            found, trouble = None, e.failure
        if on_trouble is not None:
            on_trouble(trouble)
        if found is not None:
            return found
        if now() >= asked.expires_at:
            words = _("O código venceu sem ser usado. Peça outro.")
            raise WireError(
                Failure("", Stage.SIGN_IN, "expired", permanent=True, explanation=words)
            )


async def ask_address(settings: Settings, link: Link) -> PastedAddress:
    """An address at which to sign in by browser."""
    return await in_thread(
        lambda: registration(settings).ask_address(link.tenant, link.functions, link.signs_in)
    )


async def finish(settings: Settings, asked: PastedAddress, pasted: str) -> SignedIn:
    """Who signed in there, by the address where the browser ended; ``Invalid`` for another one."""
    return await in_thread(partial(registration(settings).finish, asked, pasted))
