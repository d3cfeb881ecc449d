"""A letter to three by SMTP, and what came of it."""

from __future__ import annotations

from pathlib import Path

from services.wire.endpoint import Endpoint, Login, Security
from services.wire.smtp import Delivery, SmtpConnection, connect
from tests.servers.scripted_smtp import ScriptedSmtp
from tests.servers.sink import Sink

BODY = b"Subject: x\r\n\r\nhello\r\n"
TO = ["a@example.com", "b@example.com", "c@example.com"]
LOGIN = Login("ana@example.com", "very secret")


def endpoint(
    server: ScriptedSmtp | Sink,
    security: Security = "none",
    ca_file: Path | None = None,
    timeout: float = 5.0,
) -> Endpoint:
    return Endpoint(server.host, server.port, security, timeout=timeout, ca_file=ca_file)


async def send(server: ScriptedSmtp, *, patience: float = 5.0) -> tuple[SmtpConnection, Delivery]:
    connection = await connect(endpoint(server, timeout=patience), None)
    connection.final_timeout = patience
    return connection, await connection.deliver("me@example.com", TO, BODY)


def verdicts(delivery: Delivery) -> list[str]:
    return [outcome.verdict.value for outcome in delivery.outcomes]
