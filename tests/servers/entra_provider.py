"""What the fake identity provider knows, and how it answers each endpoint."""

from __future__ import annotations

import itertools
import queue
import secrets
import ssl
import threading
import time
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.servers import entra_words as words
from tests.servers.certificate import Authority
from tests.servers.entra_http import Answer, Asked, HttpServer
from tests.servers.ports import open_folder

_SECRETS = {"refresh_token", "code", "device_code", "code_verifier", "token", "client_secret"}
_CODE_LETTERS = "BCDFGHJKLMNPQRSTVWXYZ23456789"
_DEVICE = "urn:ietf:params:oauth:grant-type:device_code"
SCOPE_OF = {
    "pop3": "https://outlook.office.com/POP.AccessAsUser.All",
    "smtp": "https://outlook.office.com/SMTP.Send",
}


@dataclass(frozen=True, slots=True)
class Request:
    """What was asked of the provider: secrets are left out of ``form``."""

    path: str
    form: Mapping[str, str]


@dataclass(slots=True)
class Account:
    """A person's account, and how its refreshes end; numbers are those of the last token revoked."""

    email: str
    personal: bool
    oid: str
    tid: str
    granted: set[str] = field(default_factory=set)
    answer: Answer | threading.Event | None = None
    refusal: tuple[str, int, str | None, str | None] | None = None
    revoked: int = 0
    access_revoked: int = 0


@dataclass(slots=True)
class Device:
    """A device code that is out, and what has become of it."""

    tenant: str
    scopes: frozenset[str]
    expires_at: float
    account: Account | None = None
    declined: bool = False


@dataclass(frozen=True, slots=True)
class Granted:
    """What a token, or the code at the end of a browser's way, stands for."""

    account: Account
    tenant: str
    scopes: frozenset[str]
    number: int
    until: float = 0.0
    challenge: str = ""
    redirect_uri: str = ""
    nonce: str = ""


class Provider:
    """Accounts, codes and tokens, behind one lock; what may be told to it is in a subclass."""

    def __init__(self, *, authority: Authority | None = None) -> None:
        self._folder = open_folder("entra-")
        authority = authority or Authority(self._folder)
        self.ca_file = authority.ca_file
        self.client_id = "7c9f5a0e-3b1d-4a55-9a0c-2f7f6f0a9d11"
        tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls.load_cert_chain(authority.certificate, authority.key)
        self._https = HttpServer(self._reply, tls)
        self._http = HttpServer(self._introspect)
        self.base = f"https://localhost:{self._https.port}"
        self.introspection_url = f"http://127.0.0.1:{self._http.port}/introspect"
        self._lock = threading.RLock()
        self._closing = threading.Event()
        self._numbers = itertools.count(1)
        self._held: list[threading.Event] = []
        self._clear()

    def _clear(self) -> None:
        self.lifetime = 3_600
        self.interval = 1
        self.reply_delay = 0.0
        self.token_size = 2_000
        self.refreshes: Counter[str] = Counter()
        self.requests: list[Request] = []
        self._accounts: dict[str, Account] = {}
        self._shares: dict[str, set[str]] = {}
        self._devices: dict[str, tuple[str, Device]] = {}
        self._codes: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._access: dict[str, Granted] = {}
        self._refresh: dict[str, Granted] = {}
        self._returns: dict[str, Granted] = {}
        self._start: tuple[str, int] | None = None
        self._missing: set[str] = set()
        self._held.clear()

    def _reply(self, asked: Asked) -> Answer | None:
        shown = {name: value for name, value in asked.form.items() if name not in _SECRETS}
        with self._lock:
            self.requests.append(Request(asked.path, shown))
        tenant, _slash, endpoint = asked.path.removeprefix("/").partition("/")
        if tenant in self._missing:
            return self._refused(asked, "invalid_tenant", 90002)
        if endpoint == "v2.0/.well-known/openid-configuration":
            return Answer(200, words.configuration(self.base, tenant))
        if endpoint == "oauth2/v2.0/devicecode":
            with self._lock:
                return self._ask_device(asked, tenant)
        if endpoint == "oauth2/v2.0/token":
            if self.reply_delay:
                self._closing.wait(self.reply_delay)
            return self._token(asked)
        return Answer(404, "<html><body>Page not found</body></html>")

    def _refused(self, asked: Asked, error: str, code: int, **told: str | None) -> Answer:
        correlation = asked.headers.get("client-request-id")
        return Answer(400, words.refusal(error, code, correlation, **told))

    def _ask_device(self, asked: Asked, tenant: str) -> Answer:
        if self._start is not None:
            return self._refused(asked, *self._start)
        if asked.form.get("client_id") != self.client_id:
            return self._refused(asked, "unauthorized_client", 700016)
        code = words.token("", 120)
        user_code = "".join(secrets.choice(_CODE_LETTERS) for _letter in range(9))
        self._devices[code] = (
            user_code,
            Device(tenant, words.resources(asked.form["scope"]), time.time() + 900),
        )
        self._codes.put(user_code)
        uri = "https://microsoft.com/devicelogin"
        return Answer(
            200,
            {
                "user_code": user_code,
                "device_code": code,
                "verification_uri": uri,
                "expires_in": 900,
                "interval": self.interval,
                "message": f"To sign in, use a web browser to open the page {uri} and enter the "
                f"code {user_code} to authenticate.",
            },
        )

    def _token(self, asked: Asked) -> Answer | None:
        if asked.form.get("client_id") != self.client_id:
            return self._refused(asked, "unauthorized_client", 700016)
        grant = asked.form.get("grant_type")
        if grant == "refresh_token":
            return self._renew(asked)
        with self._lock:
            if grant == _DEVICE:
                return self._poll(asked)
            if grant == "authorization_code":
                return self._redeem(asked)
        return self._refused(asked, "unsupported_grant_type", 70003)

    def _poll(self, asked: Asked) -> Answer:
        _user_code, device = self._devices.get(asked.form.get("device_code", ""), ("", None))
        if device is None:
            return self._refused(asked, "bad_verification_code", 70018)
        if device.declined:
            return self._refused(asked, "authorization_declined", 65004)
        if device.expires_at <= time.time():
            return self._refused(asked, "expired_token", 70019)
        if device.account is None:
            return self._refused(asked, "authorization_pending", 70016)
        del self._devices[asked.form["device_code"]]
        return Answer(200, self._tokens(device.account, device.tenant, device.scopes))

    def _redeem(self, asked: Asked) -> Answer:
        granted = self._returns.pop(asked.form.get("code", ""), None)
        if (
            granted is None
            or granted.redirect_uri != asked.form.get("redirect_uri")
            or granted.challenge != words.challenge_of(asked.form.get("code_verifier", ""))
        ):
            return self._refused(asked, "invalid_grant", 70000)
        return Answer(
            200, self._tokens(granted.account, granted.tenant, granted.scopes, granted.nonce)
        )

    def _renew(self, asked: Asked) -> Answer | None:
        if "refresh_token" not in asked.form:
            return self._refused(asked, "invalid_request", 900144)
        with self._lock:
            granted = self._refresh.get(asked.form["refresh_token"])
            if granted is None:
                return self._refused(asked, "invalid_request", 9002313)
            account = granted.account
            self.refreshes[account.email.lower()] += 1
            answer = account.answer
            if answer is None:
                return self._renewed(asked, granted)
        if isinstance(answer, Answer):
            return answer
        answer.wait()
        return None

    def _renewed(self, asked: Asked, granted: Granted) -> Answer:
        account = granted.account
        if account.refusal is not None:
            error, code, description, suberror = account.refusal
            return self._refused(asked, error, code, description=description, suberror=suberror)
        if granted.number < account.revoked:
            return self._refused(asked, "invalid_grant", 50173)
        if account.personal and granted.tenant == "common":
            return self._refused(asked, "invalid_grant", 70000)
        scopes = words.resources(asked.form.get("scope", ""))
        if not scopes <= account.granted:
            return self._refused(asked, "invalid_grant", 65001, suberror="consent_required")
        return Answer(200, self._tokens(account, granted.tenant, scopes or granted.scopes))

    def _tokens(
        self, account: Account, tenant: str, scopes: frozenset[str], nonce: str = ""
    ) -> dict[str, Any]:
        account.granted |= scopes
        access = words.token("EwB", self.token_size)
        refresh = words.token("M.C545_" if account.personal else "1.AUEB", self.token_size)
        number, until = next(self._numbers), time.time() + self.lifetime
        self._access[access] = Granted(account, tenant, scopes, number, until)
        self._refresh[refresh] = Granted(account, tenant, scopes, number)
        return {
            "token_type": "Bearer",
            "scope": " ".join(sorted(scopes)),
            "expires_in": self.lifetime,
            "ext_expires_in": self.lifetime,
            "access_token": access,
            "refresh_token": refresh,
            **words.identity(
                self.base, self.client_id, account.email, account.oid, account.tid, nonce
            ),
        }

    def _introspect(self, asked: Asked) -> Answer:
        """Dovecot's question: which mailboxes the token opens, by which of its protocols."""
        with self._lock:
            granted = self._access.get(asked.form.get("token", ""))
            if (
                granted is None
                or granted.until <= time.time()
                or granted.number < granted.account.access_revoked
            ):
                return Answer(200, {"active": False})
            owner = granted.account.email.lower()
            mailboxes = {"pop3": {owner, *self._shares.get(owner, ())}, "smtp": {owner}}
        opens = [
            f"{protocol}={email}"
            for protocol, scope in SCOPE_OF.items()
            if scope in granted.scopes
            for email in mailboxes[protocol]
        ]
        return Answer(200, {"active": True, "email": owner, "opens": f"|{'|'.join(opens)}|"})
