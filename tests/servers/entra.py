"""A fake of Microsoft's identity provider (Entra ID), as far as mailboxes and msal need it."""

from __future__ import annotations

import queue
import shutil
import threading
from collections.abc import Mapping
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.servers import entra_words as words
from tests.servers.entra_http import Answer
from tests.servers.entra_provider import SCOPE_OF, Account, Device, Granted, Provider


class Entra(Provider):
    """The provider at ``base`` (https) for any tenant, and Dovecot's ``introspection_url`` (http).

    ``base`` is what the program takes for ``microsoft_authority``, ``ca_file`` what it must trust,
    ``client_id`` the one application that is registered. Accounts are asked for by address, in
    any case. Refresh tokens change at each use and the old ones stay good until revoked; those
    that a personal account got through "common" are refused at the first use, as by Microsoft.

    ``lifetime`` (seconds of an access token), ``interval`` (whole seconds between two questions
    for a device code), ``reply_delay`` (seconds before each answer for tokens) and ``token_size``
    may be set at any time. ``refreshes`` counts the refreshes asked for by address, however they
    ended; ``requests`` is all that was asked over https, in order.
    """

    def __enter__(self) -> Self:
        self._https.start()
        self._http.start()
        return self

    def __exit__(self, *_raised: object) -> None:
        self._closing.set()
        self.clear()
        self._https.stop()
        self._http.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def clear(self) -> None:
        """Forget accounts, tokens, settings and counters, for the next test."""
        with self._lock:
            for held in self._held:
                held.set()
            self._clear()

    # Who there is

    def add_account(self, email: str, *, tenant: str = "consumers") -> None:
        """An account: "consumers" is a personal one, else "organizations" or a directory's id."""
        with self._lock:
            oid, tid = words.account_ids(email.lower(), tenant)
            self._accounts[email.lower()] = Account(email, tid == words.PERSONAL, oid, tid)

    def share(self, shared_email: str, delegate_email: str) -> None:
        """Let the delegate's tokens open the shared mailbox too."""
        with self._lock:
            self._shares.setdefault(delegate_email.lower(), set()).add(shared_email.lower())

    def account_id(self, email: str) -> str:
        """ "oid.tid" of the account, which never change."""
        account = self._account(email)
        return f"{account.oid}.{account.tid}"

    # Signing in

    def wait_for_code(self, timeout: float = 20.0) -> str:
        """The next device code that was asked for; each is given once."""
        try:
            return self._codes.get(timeout=timeout)
        except queue.Empty:
            raise AssertionError(f"not within {timeout} s: a device code") from None

    def approve(self, user_code: str, email: str) -> None:
        """The person ``email`` typed the code and agreed."""
        account = self._account(email)
        with self._lock:
            self._device(user_code).account = account

    def decline(self, user_code: str) -> None:
        """Whoever typed the code refused."""
        with self._lock:
            self._device(user_code).declined = True

    def expire(self, user_code: str) -> None:
        """The code's fifteen minutes are over."""
        with self._lock:
            self._device(user_code).expires_at = 0.0

    def code_for(self, auth_url: str, email: str) -> str:
        """The address where the browser ends after ``email`` signed in at ``auth_url``."""
        told = dict(parse_qsl(urlsplit(auth_url).query))
        assert told["client_id"] == self.client_id, "an application that is not registered"
        assert told["response_type"] == "code"
        assert told["code_challenge_method"] == "S256"
        code = words.token("M.C545_", 300)
        with self._lock:
            self._returns[code] = Granted(
                self._account(email),
                words.tenant_of(auth_url),
                words.resources(told["scope"]),
                next(self._numbers),
                challenge=told["code_challenge"],
                redirect_uri=told["redirect_uri"],
                nonce=told.get("nonce", ""),
            )
        ending = urlencode({"code": code, "state": told["state"]})
        return f"{told['redirect_uri'].rstrip('/')}/?{ending}"

    def tokens_for(self, email: str, *scopes: str) -> dict[str, Any]:
        """A token answer without any sign-in: access and refresh token and who it is.

        Without ``scopes`` it allows both POP and SMTP.
        """
        account = self._account(email)
        tenant = "consumers" if account.personal else account.tid
        with self._lock:
            return self._tokens(account, tenant, frozenset(scopes or SCOPE_OF.values()))

    # How refreshes of an account end

    def refuse(
        self,
        email: str,
        code: int,
        error: str = "invalid_grant",
        description: str | None = None,
        suberror: str | None = None,
    ) -> None:
        """Refuse every refresh of the account by AADSTS ``code``, until :meth:`accept`."""
        self._behave(email, refusal=(error, code, description, suberror))

    def answer(
        self,
        email: str,
        status: int,
        body: Mapping[str, Any] | str | bytes,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        """Answer every refresh of the account by exactly this, until :meth:`accept`."""
        self._behave(email, answer=Answer(status, body, headers or {}))

    def silence(self, email: str) -> None:
        """Leave every refresh of the account without an answer, until :meth:`accept`."""
        held = threading.Event()
        with self._lock:
            self._held.append(held)
            self._behave(email, answer=held)

    def accept(self, email: str) -> None:
        """Answer the account as it should be; who waits after :meth:`silence` is cut off."""
        self._behave(email)

    def revoke(self, email: str) -> None:
        """End all tokens given so far: a refresh is refused by 50173, a new sign-in works."""
        with self._lock:
            account = self._account(email)
            account.revoked = account.access_revoked = next(self._numbers)

    def revoke_access(self, email: str) -> None:
        """Servers refuse the access tokens given so far; a refresh gives one that works."""
        with self._lock:
            self._account(email).access_revoked = next(self._numbers)

    def refuse_start(self, code: int, error: str = "unauthorized_client") -> None:
        """Refuse to begin any sign-in by device code, until :meth:`accept_start`."""
        self._start = (error, code)

    def accept_start(self) -> None:
        """Give device codes again."""
        self._start = None

    def without_tenant(self, tenant: str) -> None:
        """From now on there is no such tenant."""
        with self._lock:
            self._missing.add(tenant)

    def _behave(
        self,
        email: str,
        *,
        answer: Answer | threading.Event | None = None,
        refusal: tuple[str, int, str | None, str | None] | None = None,
    ) -> None:
        with self._lock:
            account = self._account(email)
            if isinstance(account.answer, threading.Event):
                account.answer.set()
            account.answer, account.refusal = answer, refusal

    def _account(self, email: str) -> Account:
        return self._accounts[email.lower()]

    def _device(self, user_code: str) -> Device:
        return next(device for told, device in self._devices.values() if told == user_code)
