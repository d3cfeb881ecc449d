"""The HTTP client that msal speaks through: its time-outs, its trust, what it remembers."""

from __future__ import annotations

import ssl
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from services.failure import Failure, Stage
from services.language import _
from services.safe_text import safe
from services.wire import aadsts
from services.wire.tls import client_context
from services.wire.tls import failure_of as tls_failure_of

CONNECT_SECONDS = 10.0
ANSWER_SECONDS = 30.0
WHOLE_SECONDS = 45.0
"""A request from its first byte to the last of its answer, however steadily it trickles."""
_CONNECTIONS = 16
_REMEMBERED_SECONDS = 3_600.0
_MOST_REMEMBERED = 200
_MOST_BYTES = 2**20
_PIECE = 2**16


class Busy(Exception):
    """The provider answered that it cannot now: 429 or 5xx, whatever the body says."""


class NoTenant(Exception):
    """The provider knows no such tenant."""

    def __init__(self, words: str) -> None:
        super().__init__(words)
        self.code = aadsts.code_in(words)


@dataclass(frozen=True, slots=True)
class Answer:
    """What msal looks at of an answer."""

    status_code: int
    headers: Mapping[str, str]
    text: str = field(repr=False)


class Http:
    """What msal asks of an HTTP client; safe for many threads.

    What is public and the same for all (where the endpoints of a tenant are) is remembered for an
    hour. TLS is checked against the system's authorities and ``ca_file``; proxies come from the
    environment. No request takes longer than ``WHOLE_SECONDS``.
    """

    def __init__(self, ca_file: Path | None) -> None:
        self._session = _Session()
        context = client_context(True, ca_file)
        context.sslsocket_class = _Socket
        self._session.mount("https://", _Adapter(context))
        self._known: dict[str, tuple[float, Answer]] = {}
        self._lock = threading.Lock()

    def post(self, url: str, **kwargs: Any) -> Answer:
        """One request, never repeated, and never sent on to another address."""
        return self._asked("POST", url, allow_redirects=False, **kwargs)

    def get(self, url: str, **kwargs: Any) -> Answer:
        """A public document, from memory where it is known."""
        at = time.monotonic()
        key = f"{url} {sorted((kwargs.get('params') or {}).items())}"
        with self._lock:
            known = self._known.get(key)
        if known is not None and known[0] > at:
            return known[1]
        answer = self._asked("GET", url, **kwargs)
        if answer.status_code in (requests.codes.bad_request, requests.codes.not_found):
            raise NoTenant(safe(answer.text, 300))
        if answer.status_code == requests.codes.ok:
            with self._lock:
                if len(self._known) >= _MOST_REMEMBERED:
                    self._known.clear()
                self._known[key] = (at + _REMEMBERED_SECONDS, answer)
        return answer

    def close(self) -> None:
        """Let go of kept connections."""
        self._session.close()

    def _asked(self, method: str, url: str, **kwargs: Any) -> Answer:
        patience = (CONNECT_SECONDS, ANSWER_SECONDS)
        _Socket.ends.at = time.monotonic() + WHOLE_SECONDS
        with self._session.request(method, url, timeout=patience, stream=True, **kwargs) as given:
            status = given.status_code
            if status == requests.codes.too_many_requests or status >= 500:
                raise Busy(f"HTTP {status}")
            body = bytearray()
            for piece in given.iter_content(_PIECE):
                body += piece
                if len(body) > _MOST_BYTES:
                    raise ValueError("more than any answer of a sign-in service")
            return Answer(status, given.headers, body.decode(errors="replace"))


def failure_of(error: OSError, who: str) -> Failure:
    """The fact behind an exception of the network (those of ``requests`` are OSErrors)."""
    if isinstance(error, requests.Timeout):
        words = _("O serviço de entrada da Microsoft não respondeu a tempo.")
        return Failure(who, Stage.SIGN_IN, "timeout", explanation=words)
    return tls_failure_of(_cause(error), who, Stage.SIGN_IN)


def _cause(error: BaseException) -> BaseException:
    """The error of the socket or of TLS that ``requests`` and its library have wrapped."""
    seen: list[BaseException] = [error]
    for each in seen:
        if isinstance(each, ssl.SSLError) or (
            isinstance(each, OSError) and not isinstance(each, requests.RequestException)
        ):
            return each
        inner = [each.__cause__, each.__context__, getattr(each, "reason", None), *each.args]
        seen += [e for e in inner if isinstance(e, BaseException) and e not in seen]
    return OSError(type(error).__name__)


class _Socket(ssl.SSLSocket):
    """Waits no longer than the request of its thread may take; a time-out of requests is for each
    piece alone."""

    ends = threading.local()

    def recv_into(self, *args: Any, **kwargs: Any) -> int:
        left = self.ends.at - time.monotonic()
        if left <= 0:
            raise TimeoutError("the answer takes too long")
        usual = self.gettimeout()
        self.settimeout(left if usual is None else min(usual, left))
        return super().recv_into(*args, **kwargs)


class _Session(requests.Session):
    """Proxies come from the environment, what is trusted does not."""

    def merge_environment_settings(self, *args: Any, **kwargs: Any) -> Any:
        return {**super().merge_environment_settings(*args, **kwargs), "verify": True}


class _Adapter(HTTPAdapter):
    """Connections of a context of ours, which alone says what is trusted."""

    def __init__(self, context: ssl.SSLContext) -> None:
        self._context = context
        super().__init__(pool_connections=8, pool_maxsize=_CONNECTIONS)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, ssl_context=self._context, **kwargs)

    def cert_verify(self, conn: Any, url: str, verify: Any, cert: Any) -> None:
        conn.cert_reqs = "CERT_REQUIRED"

    def proxy_manager_for(self, proxy: str, **kwargs: Any) -> Any:
        return super().proxy_manager_for(proxy, ssl_context=self._context, **kwargs)
