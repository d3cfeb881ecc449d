"""Mail of the size that companies' documents have."""

from __future__ import annotations

from tests.servers.dovecot import Dovecot

_LINE = b"TkZlIDM1MjYwMTEyMzQ1Njc4MDAwMTk1NTUwMDEwMDAwMDAwMDExMDAwMDAwMDEwIHhtbCBwYWdl\r\n"


def message(number: int, size: int) -> bytes:
    """A message of ``size`` bytes (rounded up to a line) with one base64 attachment."""
    head = (
        f"From: Fornecedor <notas@example.com>\r\nTo: cliente@example.com\r\n"
        f"Subject: NF-e {number}\r\nDate: Tue, 03 Nov 2026 10:00:00 -0300\r\n"
        f"Message-ID: <{number}.load@example.com>\r\nMIME-Version: 1.0\r\n"
        "Content-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n"
        f'Content-Disposition: attachment; filename="{number}.bin"\r\n\r\n'
    ).encode()
    return head + _LINE * -(-(size - len(head)) // len(_LINE))


def fill(dovecot: Dovecot, user: str, password: str, count: int, size: int) -> None:
    """Make the user with ``count`` messages of ``size`` bytes in the mailbox."""
    dovecot.add_user(user, password)
    for number in range(count):
        dovecot.deliver(user, message(number, size))
