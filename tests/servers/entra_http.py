"""The HTTP servers under the fake identity provider: kept connections, TLS, many threads."""

from __future__ import annotations

import json
import socket
import ssl
import sys
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True, slots=True)
class Answer:
    """What goes out: a status, and a body that is JSON when it is a mapping."""

    status: int
    body: Mapping[str, Any] | str | bytes
    headers: Mapping[str, str] = field(default_factory=dict)

    def wire(self) -> tuple[bytes, dict[str, str]]:
        """The bytes of the body, and all headers but the length."""
        if isinstance(self.body, Mapping):
            kind, data = "application/json; charset=utf-8", json.dumps(self.body).encode()
        else:
            kind = "text/html; charset=utf-8"
            data = self.body.encode() if isinstance(self.body, str) else self.body
        return data, {"Content-Type": kind, **self.headers}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as it came: header names in lower case."""

    path: str
    form: Mapping[str, str]
    headers: Mapping[str, str]


Reply = Callable[[Asked], Answer | None]
"""What makes the answer; None closes the connection without one."""


class HttpServer:
    """Serves ``reply`` on a port of 127.0.0.1 from threads of its own, over TLS if given."""

    def __init__(self, reply: Reply, tls: ssl.SSLContext | None = None) -> None:
        self._server = _Listener(("127.0.0.1", 0), _Handler)
        self._server.reply = reply
        self._server.tls = tls
        self.port: int = self._server.server_address[1]
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True
        )

    def start(self) -> None:
        """Begin to answer; connections made before have waited."""
        self._thread.start()

    def stop(self) -> None:
        """Close the port and every connection."""
        self._server.shutdown()
        self._thread.join(5)
        self._server.server_close()
        self._server.close_all()


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 1_024
    reply: Reply
    tls: ssl.SSLContext | None

    def __init__(self, *args: Any) -> None:
        self._open: set[socket.socket] = set()
        self._lock = threading.Lock()
        super().__init__(*args)

    def finish_request(self, request: Any, client_address: Any) -> None:
        """One connection, in a thread of its own, its handshake included."""
        with self._lock:
            self._open.add(request)
        try:
            request.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self.tls is None:
                super().finish_request(request, client_address)
            else:
                with self.tls.wrap_socket(request.dup(), server_side=True) as secure:
                    super().finish_request(secure, client_address)
        finally:
            with self._lock:
                self._open.discard(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that leaves is no error; anything else is shown."""
        if not isinstance(sys.exception(), OSError):
            super().handle_error(request, client_address)

    def close_all(self) -> None:
        """Cut the connections that are open."""
        with self._lock:
            for each in self._open:
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    server: _Listener

    def do_GET(self) -> None:
        self._serve("")

    def do_POST(self) -> None:
        size = int(self.headers.get("Content-Length") or 0)
        self._serve(self.rfile.read(size).decode())

    def _serve(self, body: str) -> None:
        split = urlsplit(self.path)
        told = dict(parse_qsl(split.query) + parse_qsl(body))
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.reply(Asked(split.path, told, headers))
        if answer is None:
            self.close_connection = True
            return
        data, out = answer.wire()
        self.send_response(answer.status)
        for name, value in out.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the library's name
        """Say nothing."""
