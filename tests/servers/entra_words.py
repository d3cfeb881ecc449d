"""What Microsoft's identity provider says, in its own form: tokens, refusals, documents."""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import time
import uuid
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

PERSONAL = "9188040d-6c67-4c5b-b112-36a304b66dad"
"""The directory of all personal accounts."""

_IDENTITY = {"openid", "profile", "offline_access", "email"}
_DESCRIPTIONS = {
    50076: "Due to a configuration change made by your administrator, or because you moved to a "
    "new location, you must use multi-factor authentication to access "
    "'00000002-0000-0ff1-ce00-000000000000'.",
    50079: "Due to a configuration change made by your administrator, or because you moved to a "
    "new location, you must enroll in multi-factor authentication to access "
    "'00000002-0000-0ff1-ce00-000000000000'.",
    50173: "The provided grant has expired due to it being revoked, a fresh auth token is needed. "
    "The user might have changed or reset their password. The grant was issued on "
    "'2026-01-05T12:00:00.0000000Z' and the TokensValidFrom date (before which tokens are not "
    "valid) for this user is '2026-02-01T12:00:00.0000000Z'.",
    65001: "The user or administrator has not consented to use the application. Send an "
    "interactive authorization request for this user and resource.",
    70000: "The user could not be authenticated as the grant is expired. The user must sign in "
    "again.",
    70016: "OAuth 2.0 device flow error. Authorization is pending. Continue polling.",
    70018: "Invalid verification code.",
    70019: "Verification code expired.",
    90002: "Tenant not found. Check to make sure you have the correct tenant ID and are signing "
    "into the correct cloud.",
    700016: "Application was not found in the directory.",
    700082: "The refresh token has expired due to inactivity. The token was issued on "
    "2026-01-05T12:00:00.0000000Z and was inactive for 90.00:00:00.",
    900144: "The request body must contain the following parameter: 'refresh_token'.",
    9002313: "Invalid request. Request is malformed or invalid.",
    9002331: "Application is configured for use by Microsoft Account users only. Please use the "
    "/consumers endpoint to serve this request.",
}


def refusal(
    error: str,
    code: int,
    correlation: str | None,
    *,
    description: str | None = None,
    suberror: str | None = None,
) -> dict[str, Any]:
    """The body of a refusal; ``description`` follows "AADSTSn: " in place of Microsoft's words."""
    at = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%SZ")
    trace, correlation = str(uuid.uuid4()), correlation or str(uuid.uuid4())
    words = description or _DESCRIPTIONS.get(code, "The request was refused.")
    told = {
        "error": error,
        "error_description": f"AADSTS{code}: {words} Trace ID: {trace} "
        f"Correlation ID: {correlation} Timestamp: {at}",
        "error_codes": [code],
        "timestamp": at,
        "trace_id": trace,
        "correlation_id": correlation,
        "error_uri": f"https://login.microsoftonline.com/error?code={code}",
    }
    return told | ({"suberror": suberror} if suberror else {})


def configuration(base: str, tenant: str) -> dict[str, Any]:
    """Where the endpoints of a tenant are."""
    at = f"{base}/{tenant}"
    return {
        "issuer": f"{at}/v2.0",
        "authorization_endpoint": f"{at}/oauth2/v2.0/authorize",
        "device_authorization_endpoint": f"{at}/oauth2/v2.0/devicecode",
        "token_endpoint": f"{at}/oauth2/v2.0/token",
        "jwks_uri": f"{at}/discovery/v2.0/keys",
        "response_types_supported": ["code"],
        "scopes_supported": ["openid", "profile", "email", "offline_access"],
    }


def resources(scope: str) -> frozenset[str]:
    """The scopes of a request without those of the sign-in itself."""
    return frozenset(scope.split()) - _IDENTITY


def identity(
    base: str, client_id: str, email: str, oid: str, tid: str, nonce: str
) -> dict[str, str]:
    """The unsigned ID token and the ``client_info`` of who signed in."""
    at = int(time.time())
    claims = {
        "iss": f"{base}/{tid}/v2.0",
        "aud": client_id,
        "iat": at,
        "nbf": at,
        "exp": at + 3600,
        "sub": hashlib.sha256(f"{oid}{client_id}".encode()).hexdigest(),
        "oid": oid,
        "tid": tid,
        "preferred_username": email,
        "name": email.partition("@")[0],
        "ver": "2.0",
    }
    if nonce:
        claims["nonce"] = nonce
    head = {"typ": "JWT", "alg": "none"}
    return {
        "id_token": f"{_part(head)}.{_part(claims)}.",
        "client_info": _part({"uid": oid, "utid": tid}),
    }


def challenge_of(verifier: str) -> str:
    """The S256 challenge that belongs to a verifier (RFC 7636 §4.2)."""
    return _base64(hashlib.sha256(verifier.encode()).digest())


def token(beginning: str, size: int) -> str:
    """A new opaque token of ``size`` characters."""
    return (beginning + secrets.token_urlsafe(size))[:size]


def account_ids(email: str, tenant: str) -> tuple[str, str]:
    """Object and directory of an account: always the same for the same address and tenant."""
    oid = str(uuid.uuid5(uuid.NAMESPACE_OID, email))
    if tenant == "consumers":
        return oid, PERSONAL
    if tenant == "organizations":
        return oid, str(uuid.uuid5(uuid.NAMESPACE_DNS, email.rpartition("@")[2]))
    return oid, tenant


def tenant_of(url: str) -> str:
    """The tenant in an address of the provider."""
    return urlsplit(url).path.split("/")[1]


def _part(told: Mapping[str, Any]) -> str:
    return _base64(json.dumps(told).encode())


def _base64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
