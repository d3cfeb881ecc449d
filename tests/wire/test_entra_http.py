"""What the HTTP client under the sign-in stands from its server."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from socket import create_server

import pytest
import requests

from services.failure import Stage
from services.wire import entra_http
from services.wire.entra_http import Http, failure_of
from tests.servers.certificate import Authority

PAUSE = 0.02
HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n"


@pytest.fixture
def trickling(tmp_path: Path) -> Iterator[Callable[[bytes], tuple[str, Path]]]:
    """A server that says something, and then a byte now and then without end: address and CA."""
    authority = Authority(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(authority.certificate, authority.key)
    over = threading.Event()
    with create_server(("127.0.0.1", 0)) as listening:

        def start(first: bytes) -> tuple[str, Path]:
            def serve() -> None:
                with suppress(OSError):
                    plain, _ = listening.accept()
                    with context.wrap_socket(plain, server_side=True) as client:
                        client.recv(65_536)
                        client.sendall(first)
                        while not over.wait(PAUSE):
                            client.sendall(b"x")

            threading.Thread(target=serve, daemon=True).start()
            return f"https://localhost:{listening.getsockname()[1]}/token", authority.ca_file

        yield start
        over.set()


@pytest.mark.parametrize("first", [b"", HEAD], ids=["its head", "its body"])
def test_an_answer_that_trickles_ends_in_time(
    trickling: Callable[[bytes], tuple[str, Path]], monkeypatch: pytest.MonkeyPatch, first: bytes
) -> None:
    """R48: no piece of it is late, the whole is; it passes by itself, and its thread is free."""
    monkeypatch.setattr(entra_http, "WHOLE_SECONDS", 20 * PAUSE)
    url, ca_file = trickling(first)
    client = Http(ca_file)
    try:
        with pytest.raises(requests.RequestException) as late:
            client.post(url, data={})
    finally:
        client.close()
    failure = failure_of(late.value, url)
    assert (failure.stage, failure.kind, failure.permanent) == (Stage.SIGN_IN, "timeout", False)
