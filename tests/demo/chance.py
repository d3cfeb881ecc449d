"""What the demonstration and the program make by chance, made alike in every run."""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from itertools import accumulate, count, cycle
from types import SimpleNamespace
from typing import Any
from unittest.mock import patch

from cryptography.hazmat.primitives.asymmetric import ed25519, rsa

_SMALL = [n for n in range(3, 2_000) if all(n % d for d in range(2, int(n**0.5) + 1))]
_MILLISECONDS = (3, 1, 9, 2, 6, 1, 1, 14)


@contextmanager
def without_chance() -> Iterator[None]:
    """Keys, numbers, codes, names of messages and milliseconds are the same each time."""
    numbers, codes, names = count(1), count(), count(1)
    elapsed = accumulate(cycle(_MILLISECONDS))
    authority = ed25519.Ed25519PrivateKey.from_private_bytes(bytes(32))
    certificates = "tui_app.demo.certificates"
    instead: dict[str, Any] = {
        f"{certificates}.ed25519": SimpleNamespace(
            Ed25519PrivateKey=SimpleNamespace(generate=lambda: authority)
        ),
        f"{certificates}.rsa.generate_private_key": lambda *_more: _rsa(),
        f"{certificates}.x509.random_serial_number": lambda: next(numbers),
        "tui_app.demo.letters.make_msgid": lambda domain: f"<{next(names)}@{domain}>",
        "tui_app.demo.microsoft.secrets": SimpleNamespace(
            choice=lambda letters: letters[next(codes) * 5 % len(letters)],
            token_urlsafe=secrets.token_urlsafe,
        ),
        "services.wire.entra.secrets": SimpleNamespace(
            token_urlsafe=lambda _n: "gk2x0s9Vb7yQm1Tz4LrPcw"
        ),
        "msal.oauth2cli.oidc.secrets": SimpleNamespace(token_urlsafe=lambda _n: "nonce"),
        "msal.oauth2cli.oauth2.secrets": SimpleNamespace(
            choice=lambda letters: letters[0], token_urlsafe=secrets.token_urlsafe
        ),
        "services.outbox.queue.secrets": SimpleNamespace(
            token_hex=lambda n: f"{next(names) * 0x9E3779B97F4A7C15 % 2 ** (8 * n):0{2 * n}x}"
        ),
        "email.generator.random": random.Random(1),
        "services.health.email_test.time": SimpleNamespace(
            perf_counter=lambda: next(elapsed) / 1_000
        ),
    }
    with ExitStack() as stack:
        for name, what in instead.items():
            stack.enter_context(patch(name, what))
        yield


@cache
def _rsa() -> rsa.RSAPrivateKey:
    chance = random.Random(1)
    p, q, e = _prime(chance), _prime(chance), 65_537
    d = pow(e, -1, (p - 1) * (q - 1))
    return rsa.RSAPrivateNumbers(
        p,
        q,
        d,
        rsa.rsa_crt_dmp1(d, p),
        rsa.rsa_crt_dmq1(d, q),
        rsa.rsa_crt_iqmp(p, q),
        rsa.RSAPublicNumbers(e, p * q),
    ).private_key()


def _prime(chance: random.Random) -> int:
    while True:
        n = chance.getrandbits(1024) | 3 << 1022 | 1
        if all(n % small for small in _SMALL) and pow(2, n - 1, n) == 1:
            return n
