"""A sign-in service that answers as Microsoft's does, as far as a mailbox needs it (R44, R45)."""

from __future__ import annotations

import asyncio
import hashlib
import json
import secrets
import threading
import time
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

CLIENT_ID = "00000000-0000-0000-0000-00000000de30"
_REVOKED = 50173
_PENDING = 70016
_LETTERS = "BCDFGHJKLMNPQRSTVWXZ23456789"
_WORDS = {
    _REVOKED: "The provided grant has expired due to it being revoked, a fresh auth token is "
    "needed. The user might have changed or reset their password.",
    _PENDING: "OAuth 2.0 device flow error. Authorization is pending. Continue polling.",
    70000: "The provided code is not known.",
    900144: "The request body must contain a known parameter.",
}


@dataclass(slots=True)
class _Device:
    user_code: str
    scopes: str
    asked_at: float
    email: str = ""


@dataclass(frozen=True, slots=True)
class _Grant:
    """What a token is good for; ``number`` says in what order tokens were given."""

    email: str
    scopes: str
    number: int


class Microsoft:
    """Accounts and their tokens. Who has to sign in is told to :meth:`accept`: nobody is asked."""

    def __init__(self) -> None:
        self.base = ""
        self._lock = threading.Lock()
        self._devices: dict[str, _Device] = {}
        self._codes: dict[str, tuple[str, str, str]] = {}
        self._grants: dict[str, _Grant] = {}
        self._number = 0
        self._revoked: dict[str, int] = {}

    # What happens to accounts.

    def accept(self, email: str, *, after: float = 0.0) -> None:
        """Sign in as ``email`` with every code that is out for ``after`` seconds."""
        with self._lock:
            for device in self._devices.values():
                if not device.email and time.monotonic() - device.asked_at >= after:
                    device.email = email

    def revoke(self, email: str) -> None:
        """As after a changed password: the tokens so far are refused, a new sign-in works."""
        with self._lock:
            self._revoked[email.lower()] = self._number

    def opens(self, token: str, email: str) -> bool:
        """Does an access token open the mailbox?"""
        with self._lock:
            grant = self._grants.get(token)
            return grant is not None and grant.email.lower() == email and self._good(grant)

    def _good(self, grant: _Grant) -> bool:
        return grant.number > self._revoked.get(grant.email.lower(), 0)

    # Over HTTP.

    async def converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection to its end."""
        while True:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            first, *lines = head.split("\r\n")
            headers = dict(line.lower().split(": ", 1) for line in lines if ": " in line)
            body = await reader.readexactly(int(headers.get("content-length", "0")))
            _method, target, _version = first.split(" ")
            split = urlsplit(target)
            status, told, more = self._answer(
                split.path, dict(parse_qsl(split.query) + parse_qsl(body.decode()))
            )
            data = json.dumps(told).encode()
            writer.write(
                f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\n{more}"
                f"Content-Length: {len(data)}\r\n\r\n".encode()
                + data
            )
            await writer.drain()

    def _answer(self, path: str, form: Mapping[str, str]) -> tuple[str, dict[str, Any], str]:
        tenant, _slash, endpoint = path.removeprefix("/").partition("/")
        with self._lock:
            match endpoint:
                case "v2.0/.well-known/openid-configuration":
                    return "200 OK", self._configuration(tenant), ""
                case "oauth2/v2.0/devicecode":
                    return "200 OK", self._device(form), ""
                case "oauth2/v2.0/authorize":
                    return "302 Found", {}, f"Location: {self._return(form)}\r\n"
                case "oauth2/v2.0/token":
                    told = self._token(tenant, form)
                    return ("400 Bad Request" if "error" in told else "200 OK"), told, ""
        return "404 Not Found", {}, ""

    def _configuration(self, tenant: str) -> dict[str, Any]:
        at = f"{self.base}/{tenant}/oauth2/v2.0"
        return {
            "issuer": f"{self.base}/{tenant}/v2.0",
            "authorization_endpoint": f"{at}/authorize",
            "device_authorization_endpoint": f"{at}/devicecode",
            "token_endpoint": f"{at}/token",
        }

    def _device(self, form: Mapping[str, str]) -> dict[str, Any]:
        code = secrets.token_urlsafe(40)
        letters = "".join(secrets.choice(_LETTERS) for _letter in range(9))
        self._devices[code] = _Device(letters, form["scope"], time.monotonic())
        return {
            "user_code": letters,
            "device_code": code,
            "verification_uri": "https://microsoft.example/devicelogin",
            "expires_in": 900,
            "interval": 2,
        }

    def _return(self, form: Mapping[str, str]) -> str:
        """Where a browser ends: whoever was expected has signed in."""
        code = secrets.token_urlsafe(40)
        self._codes[code] = (form["login_hint"], form["scope"], form.get("nonce", ""))
        return f"{form['redirect_uri']}/?{urlencode({'code': code, 'state': form['state']})}"

    def _token(self, tenant: str, form: Mapping[str, str]) -> dict[str, Any]:
        if "refresh_token" in form:
            grant = self._grants.get(form["refresh_token"])
            if grant is None or not self._good(grant):
                return _refusal("invalid_grant", _REVOKED)
            return self._given(tenant, grant.email, grant.scopes)
        if "device_code" in form:
            device = self._devices.get(form["device_code"])
            if device is None:
                return _refusal("bad_verification_code", 70000)
            if not device.email:
                return _refusal("authorization_pending", _PENDING)
            del self._devices[form["device_code"]]
            return self._given(tenant, device.email, device.scopes)
        if form.get("code") in self._codes:
            return self._given(tenant, *self._codes.pop(form["code"]))
        return _refusal("invalid_request", 900144)

    def _given(self, tenant: str, email: str, scopes: str, nonce: str = "") -> dict[str, Any]:
        self._number += 1
        access, refresh = secrets.token_urlsafe(900), secrets.token_urlsafe(900)
        self._grants[access] = self._grants[refresh] = _Grant(email, scopes, self._number)
        return {
            "token_type": "Bearer",
            "scope": scopes,
            "expires_in": 3_600,
            "access_token": access,
            "refresh_token": refresh,
            **_identity(f"{self.base}/{tenant}/v2.0", email, nonce),
        }


def _identity(issuer: str, email: str, nonce: str) -> dict[str, str]:
    oid = str(uuid.uuid5(uuid.NAMESPACE_OID, email.lower()))
    tid = str(uuid.uuid5(uuid.NAMESPACE_DNS, email.lower().rpartition("@")[2]))
    at = int(time.time())
    claims = {
        "iss": issuer,
        "aud": CLIENT_ID,
        "iat": at,
        "nbf": at,
        "exp": at + 3_600,
        "sub": hashlib.sha256(oid.encode()).hexdigest(),
        "oid": oid,
        "tid": tid,
        "preferred_username": email,
        "name": email.partition("@")[0],
        "ver": "2.0",
        **({"nonce": nonce} if nonce else {}),
    }
    return {
        "id_token": f"{_part({'typ': 'JWT', 'alg': 'none'})}.{_part(claims)}.",
        "client_info": _part({"uid": oid, "utid": tid}),
    }


def _refusal(error: str, code: int) -> dict[str, Any]:
    return {
        "error": error,
        "error_description": f"AADSTS{code}: {_WORDS[code]}",
        "error_codes": [code],
        "correlation_id": str(uuid.uuid4()),
    }


def _part(told: Mapping[str, Any]) -> str:
    return urlsafe_b64encode(json.dumps(told).encode()).rstrip(b"=").decode()
