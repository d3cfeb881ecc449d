"""Sending against Postfix's own smtp-source, to the same sink."""

from __future__ import annotations

import asyncio
import os
import resource
import time
from pathlib import Path

from sqlalchemy import func, select

from services.clock import now
from services.outbox import mime, queue
from services.registry import mailboxes
from services.registry.access import Actor
from services.registry.companies import CompanyView
from services.registry.mailbox_form import MailboxDraft
from services.sending.tick import Sender
from services.settings import Settings
from services.store.engine import Store
from services.store.mail import OutboxMessage
from services.wire import smtp
from services.wire.endpoint import Endpoint
from tests.benchmarks import peers
from tests.servers.sink import Sink

COUNT, SIZE, CONNECTIONS = 1_000, 82_000, 10


def _cpu() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _peer(sink: Sink) -> float:
    return min(peers.run_smtp_source(sink.port, COUNT, SIZE, 1, CONNECTIONS) for _ in range(3))


def test_from_the_durable_outbox(
    store: Store, settings: Settings, actor: Actor, company: CompanyView
) -> None:
    """R33: queued, composed, delivered by 10 connections and marked durably, all distinct."""
    with Sink(keep=False) as sink:
        with store.writing() as session:
            draft = MailboxDraft(
                "send", "saida", "Padaria São João", "nfe@padaria.example", password="x",
                host="127.0.0.1", port=sink.port, security="none", authenticate=False,
            )  # fmt: skip
            mailboxes.add(session, actor, company.id, draft)
            for number in range(COUNT):
                queue.enqueue(
                    session,
                    partner_id=actor.partner_id,
                    company_id=company.id,
                    to=[f"cliente{number}@loja.example"],
                    subject=f"NF-e {number}",
                    body="Segue a nota.",
                    attachments=[("nota.pdf", "application/pdf", os.urandom(60_000))],
                )

        async def send() -> tuple[float, float, int, float]:
            sender = Sender(store, settings)
            worst = [0.0]
            watching = asyncio.create_task(_lag(worst))
            began, cpu = time.perf_counter(), _cpu()
            done = await sender.run_due()
            seconds, cpu = time.perf_counter() - began, _cpu() - cpu
            watching.cancel()
            await sender.close()
            return seconds, cpu, done, worst[0]

        seconds, cpu, done, lag = asyncio.run(send())
        peer = _peer(sink)
    with store.reading() as session:
        sent = session.scalar(
            select(func.count()).select_from(OutboxMessage).where(OutboxMessage.state == "sent")
        )
    ratio = peer / seconds
    print(
        f"\nfrom the outbox: {COUNT / seconds:.0f}/s, {cpu:.2f} s CPU per 1,000, loop held"
        f" {lag * 1000:.0f} ms at most; smtp-source {COUNT / peer:.0f}/s; ratio {ratio:.2f}"
    )
    assert done == sent == COUNT
    assert ratio >= 0.25


async def _lag(worst: list[float]) -> None:
    while True:
        began = time.perf_counter()
        await asyncio.sleep(0.005)
        worst[0] = max(worst[0], time.perf_counter() - began - 0.005)


def test_the_wire_alone(tmp_path: Path) -> None:
    """One body, sent by 10 kept connections."""
    lines = b"x" * 78 + b"\r\n"
    parts = mime.compose(
        sender_name="", sender="a@x.example", to=["b@x.example"], subject="x",
        date=now(), message_id="<1@x>", text="x",
    )  # fmt: skip
    body = b"".join(parts) + lines * (SIZE // len(lines))

    async def deliver(port: int) -> float:
        left = iter(range(COUNT))

        async def work() -> None:
            endpoint = Endpoint("127.0.0.1", port, "none")
            connection = await smtp.connect(endpoint, None, local_hostname="x.example")
            for _number in left:
                delivery = await connection.deliver("a@x.example", ["b@x.example"], body)
                assert delivery.outcomes[0].failure is None
            await connection.quit()

        began = time.perf_counter()
        await asyncio.gather(*(work() for _ in range(CONNECTIONS)))
        return time.perf_counter() - began

    with Sink(keep=False) as sink:
        seconds = min(asyncio.run(deliver(sink.port)) for _ in range(3))
        peer = _peer(sink)
    print(
        f"\nwire: {COUNT / seconds:.0f}/s; smtp-source {COUNT / peer:.0f}/s; {peer / seconds:.2f}"
    )
    assert peer / seconds >= 0.7
