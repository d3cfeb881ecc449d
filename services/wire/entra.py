"""Signing in at Microsoft (Entra ID) by msal: device code, pasted address, renewal; no database.

Everything here blocks, on the network and on Python, and belongs in a thread. A refusal is a
:class:`WireError` at the stage "sign_in": its ``code`` is the AADSTS number where there is one.
"""

from __future__ import annotations

import logging
import secrets
import warnings
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
from msal.application import PublicClientApplication
from msal.token_cache import SerializableTokenCache

from services.clock import now
from services.errors import Invalid
from services.failure import Failure, Stage, WireError
from services.language import _, chosen
from services.safe_text import safe
from services.wire import aadsts
from services.wire.aadsts import Meaning
from services.wire.entra_http import Busy, Http, NoTenant, failure_of

MICROSOFT = "https://login.microsoftonline.com"
RETURN_ADDRESS = "http://localhost"
"""Where the browser ends after a sign-in; nothing listens there, the person copies the address."""

_SCOPES = {
    "send": "https://outlook.office.com/SMTP.Send",
    "read": "https://outlook.office.com/POP.AccessAsUser.All",
}
_PENDING = ("authorization_pending", "slow_down")
_SLOWER = 5
_LONGEST = 3_600.0
# What msal writes of an answer that it cannot read may hold a token.
logging.getLogger("msal").setLevel(logging.CRITICAL + 1)


@dataclass(frozen=True, slots=True)
class Person:
    """Who signed in: the name that Microsoft shows, and object and directory, which never change."""

    name: str
    account_id: str


@dataclass(frozen=True, slots=True)
class Tokens:
    """An access token until ``expires_at``, and the cache that renews it; both secret."""

    access: str = field(repr=False)
    expires_at: datetime
    cache: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A sign-in that went through."""

    person: Person
    tokens: Tokens


@dataclass(slots=True, eq=False)
class DeviceCode:
    """A code to be typed at ``verification_uri`` until ``expires_at``; asked every ``interval`` s."""

    user_code: str
    verification_uri: str
    expires_at: datetime
    interval: float
    app: Any = field(repr=False)
    flow: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True, eq=False)
class PastedAddress:
    """A sign-in in a browser at ``url``; the address where it ends is given back by the person."""

    url: str
    app: Any = field(repr=False)
    flow: dict[str, Any] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Registration:
    """The application that people sign in to, and where.

    ``authority`` is the identity provider's base address; ``ca_file`` is trusted besides the
    system's authorities. Sign-ins are asked through a tenant: "consumers" for personal accounts
    (never "common", whose tokens do not last), "organizations" or a directory for work accounts.
    """

    client_id: str
    authority: str = MICROSOFT
    ca_file: Path | None = None

    def ask_code(self, tenant: str, functions: Collection[str]) -> DeviceCode:
        """A device code for a sign-in that allows ``functions`` ("send", "read")."""
        with _plain(self.authority):
            app = self._app(tenant)
            flow = app.initiate_device_flow(scopes(functions), params={"mkt": _market()})
            if "user_code" not in flow:
                raise refused(flow, self.authority)
            return DeviceCode(
                safe(flow["user_code"], 40),
                safe(flow["verification_uri"], 200),
                now() + timedelta(seconds=min(float(flow.get("expires_in", 900)), _LONGEST)),
                min(60.0, max(1.0, float(flow.get("interval", _SLOWER)))),
                app,
                flow,
            )

    def poll(self, asked: DeviceCode) -> SignedIn | None:
        """Ask once whether the code was used; None while it was not.

        Raises ``WireError`` of the kind "declined" or "expired" when it never will be. The caller
        waits ``asked.interval`` seconds between two calls.
        """
        with _plain(self.authority):
            answer = asked.app.acquire_token_by_device_flow(
                asked.flow,
                exit_condition=lambda _flow: True,
            )
            if answer.get("error") in _PENDING:
                if answer["error"] == "slow_down":
                    asked.interval += _SLOWER
                return None
            return _signed_in(asked.app, answer, self.authority)

    def ask_address(self, tenant: str, functions: Collection[str], email: str) -> PastedAddress:
        """An address to sign in at by browser, for where device codes are blocked."""
        with _plain(self.authority), warnings.catch_warnings():
            # It would have the browser post to a server of ours, and none listens.
            warnings.simplefilter("ignore", UserWarning)
            app = self._app(tenant)
            flow = app.initiate_auth_code_flow(
                scopes(functions),
                redirect_uri=RETURN_ADDRESS,
                login_hint=email,
                state=secrets.token_urlsafe(16),
            )
        return PastedAddress(flow["auth_uri"], app, flow)

    def finish(self, asked: PastedAddress, pasted: str) -> SignedIn:
        """Complete the sign-in by the address where the browser ended.

        Raises :class:`Invalid` naming the field "address" for what is no such address.
        """
        told = dict(parse_qsl(urlsplit(pasted.strip()).query))
        if not told.keys() & {"code", "error"}:
            raise Invalid(
                _(
                    "Endereço: cole o endereço inteiro em que o navegador parou; ele começa por "
                    "{address} e contém code="
                ).format(address=RETURN_ADDRESS),
                field="address",
            )
        if told.get("state") != asked.flow["state"]:
            raise Invalid(
                _("Endereço: não é o desta entrada; abra de novo o endereço mostrado"),
                field="address",
            )
        with _plain(self.authority):
            answer = asked.app.acquire_token_by_auth_code_flow(asked.flow, told)
            return _signed_in(asked.app, answer, self.authority)

    def renew(self, tenant: str, cache: str, functions: Collection[str]) -> Tokens:
        """A new access token by the refresh token in ``cache``, asked for at the provider.

        The result's cache holds the refresh token that takes the old one's place: keep it.
        """
        kept = SerializableTokenCache()
        kept.deserialize(cache)
        with _plain(self.authority):
            app = self._app(tenant, kept)
            accounts = app.get_accounts()
            answer = None
            if accounts:
                answer = app.acquire_token_silent_with_error(
                    scopes(functions), accounts[0], force_refresh=True
                )
            if answer is None:
                words = _("não há entrada guardada")
                raise WireError(_failure(self.authority, Meaning.SIGNIN, words))
            return _tokens(app, answer, self.authority)

    def reach(self) -> None:
        """Ask the provider where its endpoints are; ``WireError`` when it does not say."""
        with _plain(self.authority):
            self._app("consumers")

    def _app(self, tenant: str, cache: Any = None) -> Any:
        """A new application each time: msal answers a refused request from memory for a minute."""
        return PublicClientApplication(
            self.client_id,
            authority=f"{self.authority}/{tenant}",
            token_cache=cache if cache is not None else SerializableTokenCache(),
            http_client=_http(self.ca_file),
            instance_discovery=None if self.authority == MICROSOFT else False,
        )


def scopes(functions: Collection[str]) -> list[str]:
    """What a sign-in asks for: sending by SMTP, reading by POP, or both."""
    return [scope for function, scope in _SCOPES.items() if function in functions]


def refused(answer: Mapping[str, Any], authority: str) -> WireError:
    """The refusal that ``answer`` of the token endpoint is."""
    code = aadsts.code_of(answer)
    error = str(answer.get("error") or "")
    told = aadsts.meaning(code, error)
    failure = _failure(authority, told, _reply(answer), code)
    if error == "authorization_declined" or (error == "access_denied" and code in (None, 65004)):
        words = _("A entrada foi recusada na tela da Microsoft. Nada foi salvo.")
        failure = replace(failure, kind="declined", permanent=True, explanation=words)
    elif error in ("expired_token", "code_expired", "bad_verification_code"):
        words = _("O código venceu sem ser usado. Peça outro.")
        failure = replace(failure, kind="expired", permanent=True, explanation=words)
    elif code is not None and aadsts.inactivates(code):
        failure = replace(failure, explanation=aadsts.description(code))
    return WireError(failure)


def _failure(authority: str, told: Meaning, reply: str, code: int | None = None) -> Failure:
    kinds = {Meaning.INACTIVATE: "inactivated", Meaning.RETRY: "later"}
    return Failure(
        urlsplit(authority).netloc,
        Stage.SIGN_IN,
        kinds.get(told, told.value),
        reply=reply,
        permanent=told is not Meaning.RETRY,
        explanation=aadsts.advice(told),
        code=code,
    )


def _reply(answer: Mapping[str, Any]) -> str:
    """Microsoft's own words, on one line, with what its support asks for."""
    description = str(answer.get("error_description") or answer.get("error") or "")
    words = description.partition("\n")[0].partition(" Trace ID")[0].strip()
    correlation = answer.get("correlation_id")
    return safe(f"{words} [{correlation}]" if correlation else words, 1_000)


def _signed_in(app: Any, answer: Mapping[str, Any], authority: str) -> SignedIn:
    tokens = _tokens(app, answer, authority)
    claims = answer.get("id_token_claims") or {}
    account_id = f"{claims.get('oid') or ''}.{claims.get('tid') or ''}"
    name = safe(claims.get("preferred_username") or "", 254)
    if not name or account_id == ".":
        raise WireError(_unreadable(authority))
    return SignedIn(Person(name, safe(account_id, 80)), tokens)


def _tokens(app: Any, answer: Mapping[str, Any], authority: str) -> Tokens:
    if answer.get("error"):
        raise refused(answer, authority)
    access, seconds = answer.get("access_token"), answer.get("expires_in")
    if not isinstance(access, str) or not access or not isinstance(seconds, int | float):
        raise WireError(_unreadable(authority))
    return Tokens(access, now() + timedelta(seconds=seconds), app.token_cache.serialize())


def _unreadable(authority: str) -> Failure:
    words = _("A resposta não é a de um serviço de entrada da Microsoft; tente mais tarde.")
    return Failure(urlsplit(authority).netloc, Stage.SIGN_IN, "protocol", explanation=words)


def _market() -> str:
    return chosen().replace("_", "-")


@lru_cache(maxsize=4)
def _http(ca_file: Path | None) -> Http:
    return Http(ca_file)


@contextmanager
def _plain(authority: str) -> Iterator[None]:
    """Turn what msal and the network raise into a :class:`WireError`; hardly any of it is final."""
    who = urlsplit(authority).netloc
    try:
        yield
    except WireError:
        raise
    except Busy as e:
        words = aadsts.advice(Meaning.RETRY)
        raise WireError(Failure(who, Stage.SIGN_IN, "later", str(e), explanation=words)) from e
    except NoTenant as e:
        words = _("Esta organização não existe na Microsoft: confira o campo Conta.")
        failure = Failure(who, Stage.SIGN_IN, "ours", str(e), True, words, "account", e.code)
        raise WireError(failure) from e
    except requests.JSONDecodeError as e:
        raise WireError(_unreadable(authority)) from e
    except OSError as e:
        raise WireError(failure_of(e, who)) from e
    except Exception as e:  # msal trusts the shape of what it is told
        raise WireError(_unreadable(authority)) from e
