"""Access tokens of Microsoft mailboxes: kept, renewed by one process at a time (R44).

Every path that signs in passes here: sending, reading, the test, the periodic check. A refusal is
noted in the unit of work that ends the renewal, so that one of the seven codes inactivates the
mailbox whoever met it first (R45), and is raised as a ``WireError``.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar, cast

from sqlalchemy.orm import Session

from services.clock import now
from services.courtesy import person
from services.failure import Failure, Stage, WireError
from services.health import facts, sign_ins
from services.health.accounts import Account
from services.health.sign_ins import Kept
from services.language import _
from services.settings import Settings
from services.store import leases
from services.store import owner as owners
from services.store.engine import Store
from services.store.models import Function
from services.wire import aadsts
from services.wire.endpoint import Login

if TYPE_CHECKING:
    from services.wire.entra import Registration

T = TypeVar("T")
AT_ONCE = 4
# A renewal is given up with its lease.
_LEASE_SECONDS = 55.0
_LOOK_SECONDS = 0.1
_RENEWABLE = frozenset({"signin", "other"})

Enough = Callable[[Kept], bool]


class SignIns:
    """Logins with access tokens, for one event loop; renewals go on in threads of their own."""

    def __init__(self, store: Store, settings: Settings) -> None:
        self._store = store
        self._settings = settings
        self._turns = asyncio.Semaphore(AT_ONCE)
        self.closing = False

    async def through(
        self, account: Account, function: Function, attempt: Callable[[Login | None], Awaitable[T]]
    ) -> T:
        """The result of ``attempt`` with a login of ``account`` for ``function``.

        A token that the mail server refuses is renewed, once, and tried again. Raises what
        ``attempt`` does, and ``WireError`` at the stage "sign_in" when there is no token to be had.
        """
        login = await self.login(account, function)
        try:
            return await attempt(login)
        except WireError as e:
            failure = e.failure
            if login is None or login.mechanism != "xoauth2" or failure.stage != Stage.LOGIN:
                raise
            if not failure.permanent or failure.kind not in _RENEWABLE:
                raise
        return await attempt(await self.login(account, function, refused=login.secret))

    async def login(
        self, account: Account, function: Function, *, refused: str = ""
    ) -> Login | None:
        """How ``account`` logs in for ``function``; ``refused`` is a token that is of no more use."""
        login = account.login_for(function)
        if login is None or login.mechanism != "xoauth2" or account.server_id is None:
            return login

        def enough(kept: Kept) -> bool:
            return kept.usable and kept.access != refused

        kept = await self._renewed(account.server_id, enough)
        return replace(login, secret=kept.access)

    async def prove(self, server_id: int) -> str:
        """The access token of a sign-in made anew, whatever is kept, or of one that goes on just now.

        Raises ``WireError`` for the refusal.
        """
        since = now()

        def enough(kept: Kept) -> bool:
            return kept.renewed_at is not None and kept.renewed_at > since

        return (await self._renewed(server_id, enough, out_of_use=True)).access

    async def check(self, server_id: int) -> None:
        """The periodic check of one mailbox: :meth:`prove`, unless it was proven meanwhile (R45)."""
        await self._renewed(server_id, lambda kept: not kept.due)

    def close(self) -> None:
        """Begin no other renewal. Nobody waits for one under way: what it would keep is lost at
        worst, and the refresh token before it stays good."""
        self.closing = True

    async def _renewed(self, server_id: int, enough: Enough, *, out_of_use: bool = False) -> Kept:
        """What is kept of a sign-in once it is ``enough``, renewed if need be.

        Whoever comes while another renews it waits for that one's result. A mailbox that was
        inactivated, be it while one waits, is asked for only when ``out_of_use`` says so.
        """
        owner = owners.name()
        name = f"sign-in:{server_id}"
        ends = time.monotonic() + _LEASE_SECONDS
        while True:
            kept = await in_thread(partial(self._kept, server_id))
            if enough(kept):
                return kept
            _refuse_inactivated(kept, out_of_use)
            async with self._turns:
                kept, fence = await in_thread(partial(self._take, server_id, name, owner, enough))
                if fence is not None:
                    return await self._in_time(kept, name, owner, fence, out_of_use)
            if enough(kept):
                return kept
            if time.monotonic() > ends or self.closing:
                words = _("Outro processo está entrando nesta conta e não termina; tente de novo.")
                raise WireError(Failure("", Stage.SIGN_IN, "timeout", explanation=words))
            await asyncio.sleep(_LOOK_SECONDS)

    async def _in_time(
        self, kept: Kept, name: str, owner: str, fence: int, out_of_use: bool
    ) -> Kept:
        """The renewal, given up with its lease: an answer that trickles without end keeps no turn."""
        try:
            async with asyncio.timeout(_LEASE_SECONDS):
                return await in_thread(partial(self._renew, kept, name, owner, fence, out_of_use))
        except TimeoutError as e:
            words = _("O serviço de entrada da Microsoft não respondeu a tempo.")
            failure = Failure("", Stage.SIGN_IN, "timeout", explanation=words)
            await in_thread(partial(self._refused, kept, name, owner, fence, failure))
            raise WireError(failure) from e

    def _kept(self, server_id: int) -> Kept:
        with self._store.reading() as session:
            return _known(sign_ins.kept(session, server_id))

    def _take(
        self, server_id: int, name: str, owner: str, enough: Enough
    ) -> tuple[Kept, int | None]:
        """The fence of the right to renew, unless another has it or it is not needed any more."""
        with self._store.writing() as session:
            fence = leases.take(session, name, owner, _LEASE_SECONDS)
            kept = _known(sign_ins.kept(session, server_id))
            if fence is not None and enough(kept):
                leases.give_back(session, name, owner)
                fence = None
            return kept, fence

    def _renew(self, kept: Kept, name: str, owner: str, fence: int, out_of_use: bool) -> Kept:
        try:
            _refuse_inactivated(kept, out_of_use)
            person.wait()
            tokens = registration(self._settings).renew(kept.tenant, kept.cache, kept.functions)
        except WireError as e:
            self._refused(kept, name, owner, fence, e.failure)
            raise
        with self._store.writing() as session:
            if leases.holds(session, name, owner, fence):
                if _same(session, kept):
                    sign_ins.keep(
                        session, kept.server_id, tokens, self._settings.inactivation_interval
                    )
                leases.give_back(session, name, owner)
            return _known(sign_ins.kept(session, kept.server_id))

    def _refused(self, kept: Kept, name: str, owner: str, fence: int, failure: Failure) -> None:
        with self._store.writing() as session:
            if leases.holds(session, name, owner, fence):
                if _same(session, kept):
                    self._note(session, kept, failure)
                leases.give_back(session, name, owner)

    @staticmethod
    def _note(session: Session, kept: Kept, failure: Failure) -> None:
        if failure.permanent:
            facts.note_failure(session, kept.server_id, failure)
        else:
            sign_ins.check_again(session, kept.server_id)


def registration(settings: Settings) -> Registration:
    """The application that people sign in to; raises ``WireError`` while none is configured."""
    # 0.2 s of imports, of use to those alone who have Microsoft mailboxes.
    from services.wire.entra import Registration

    if not settings.microsoft_client_id:
        words = _(
            "Falta o registro do aplicativo na Microsoft: microsoft_client_id (docs/microsoft.md explica)"
        )
        raise WireError(Failure("", Stage.SIGN_IN, "ours", permanent=True, explanation=words))
    return Registration(
        settings.microsoft_client_id, settings.microsoft_authority, settings.ca_file
    )


async def in_thread(work: Callable[[], T]) -> T:
    """The result of ``work``, done in a thread that holds up nobody's leaving.

    Microsoft may be silent for half a minute, and a pool's threads are waited for at the end of
    the process.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[T] = loop.create_future()

    def tell(result: T | None, error: BaseException | None) -> None:
        if done.cancelled():
            return
        if error is not None:
            done.set_exception(error)
        else:
            done.set_result(cast("T", result))

    def run() -> None:
        result, error = None, None
        try:
            result = work()
        except BaseException as e:  # noqa: BLE001 - it is the waiting one's to handle
            error = e
        # The loop may be gone, and with it whoever waited.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(tell, result, error)

    threading.Thread(target=run, name="sign-in", daemon=True).start()
    return await done


def _refuse_inactivated(kept: Kept, out_of_use: bool) -> None:
    if kept.inactive_code is not None and not out_of_use:
        raise WireError(_inactivated(kept.inactive_code))


def _inactivated(code: int) -> Failure:
    """The refusal that another one met before."""
    return Failure(
        "",
        Stage.SIGN_IN,
        "inactivated",
        permanent=True,
        explanation=aadsts.description(code),
        code=code,
    )


def _known(kept: Kept | None) -> Kept:
    """Raises for a mailbox that is gone, or that does not sign in any more."""
    if kept is None:
        words = _("Esta caixa não entra mais pela conta Microsoft")
        raise WireError(Failure("", Stage.SIGN_IN, "config", explanation=words))
    return kept


def _same(session: Session, kept: Kept) -> bool:
    """Is it still the sign-in that was renewed, not one that took its place meanwhile?"""
    now_kept = sign_ins.kept(session, kept.server_id)
    return now_kept is not None and now_kept.version == kept.version
