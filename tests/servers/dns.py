"""A nameserver on a loopback port that answers what the test says, hostile things included."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Self

import dns.flags
import dns.message
import dns.rcode
import dns.rrset

SILENCE = b""
"""Instead of records: no answer at all."""

Answer = list[str] | int | bytes | Callable[[dns.message.Message], bytes]
"""Records as text; or a response code; or raw bytes; or what makes the bytes of the question."""


def _one_port() -> tuple[socket.socket, socket.socket]:
    """A TCP and a UDP socket on one port; another port where only one of them is free."""
    while True:
        tcp = socket.create_server(("127.0.0.1", 0))
        udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            udp.bind(tcp.getsockname())
        except OSError:
            tcp.close()
            udp.close()
        else:
            return tcp, udp


class Nameserver:
    """Answers over UDP, and over TCP what did not fit.

    ``zone`` maps ``"name. TYPE"`` to an :data:`Answer`; a list holds records as in a zone file,
    without owner ("10 mx.example."), or with one ("owner. CNAME target."). What is not there is
    NXDOMAIN. ``asked`` is every question, in the order in which they came.
    """

    def __init__(self, zone: Mapping[str, Answer] | None = None) -> None:
        self.zone = dict(zone or {})
        self.asked: list[str] = []
        self.received: list[bytes] = []
        self._tcp, self._udp = _one_port()
        self.address: tuple[str, int] = self._udp.getsockname()
        self._threads = [
            threading.Thread(target=serve, daemon=True) for serve in (self._serve, self._serve_tcp)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_raised: object) -> None:
        for end in (self._udp, self._tcp):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
        for thread in self._threads:
            thread.join(5)

    def _serve(self) -> None:
        while True:
            try:
                data, whence = self._udp.recvfrom(65_535)
            except OSError:
                return
            if not data:
                return
            self.received.append(data)
            if answer := self._answer(data):
                try:
                    self._udp.sendto(answer, whence)
                except OSError:
                    return

    def _serve_tcp(self) -> None:
        while True:
            try:
                talk, _whence = self._tcp.accept()
            except OSError:
                return
            with talk, talk.makefile("rwb") as stream:
                size = int.from_bytes(stream.read(2), "big")
                answer = self._answer(stream.read(size))
                stream.write(len(answer).to_bytes(2, "big") + answer)

    def _answer(self, data: bytes) -> bytes:
        question = dns.message.from_wire(data)
        (asked,) = question.question
        key = f"{asked.name} {asked.rdtype.name}"
        self.asked.append(key)
        told = self.zone.get(key, dns.rcode.NXDOMAIN.value)
        if callable(told):
            return told(question)
        if isinstance(told, bytes):
            return told
        response = dns.message.make_response(question)
        if isinstance(told, int):
            response.set_rcode(dns.rcode.Rcode(told))
            return response.to_wire()
        for record in told:
            words = record.split()
            owner, kind, value = (
                (words[0], words[1], " ".join(words[2:]))
                if "CNAME" in words
                else (str(asked.name), asked.rdtype.name, record)
            )
            response.answer.append(dns.rrset.from_text(owner, 60, "IN", kind, value))
        return response.to_wire(max_size=65_535)


def truncated(question: dns.message.Message) -> bytes:
    """An answer that says that there is more, over TCP."""
    response = dns.message.make_response(question)
    response.flags |= dns.flags.TC
    return response.to_wire()
