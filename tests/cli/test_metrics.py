"""``metrics``: figures in Prometheus' form, from the command and from a worker."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import urllib.request
from datetime import timedelta
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import update

from services.clock import now
from services.health import activity
from services.outbox import queue
from services.settings import Settings
from services.store.engine import Store
from services.store.mail import OutboxMessage
from services.store.models import EmailServer
from tests.cli.conftest import Run
from tests.servers.ports import free_port, wait_until

TOP = Path(__file__).resolve().parents[2]


def samples(text: str) -> dict[str, float]:
    return {
        f"{s.name}{sorted(s.labels.values())}": s.value
        for family in text_string_to_metric_families(text)
        for s in family.samples
    }


def test_figures_of_the_installation(carteiro: Run, settings: Settings) -> None:
    told = carteiro(
        "notify",
        "--company",
        "11222333000181",
        "--type",
        "general",
        "--subject",
        "Oi",
        "--body",
        "Olá",
    )
    assert told.status == 0
    found = samples(carteiro("metrics").out)
    assert found["carteiro_up[]"] == 1
    assert found["carteiro_companies[]"] == 1
    assert found["carteiro_outbox_messages['sent']"] == 0
    assert found["carteiro_database_bytes[]"] > 0
    assert found["carteiro_last_sent_timestamp_seconds[]"] == 0
    kinds = [name for name in found if name.startswith("carteiro_info")]
    assert len(kinds) == 1
    assert ("sqlite" in kinds[0]) == settings.is_sqlite
    listed = carteiro("metrics", "--json").json
    assert {"name", "help", "value", "labels"} == set(listed[0])


def test_nobodys_name_is_in_them(carteiro: Run) -> None:
    said = carteiro("metrics").out
    assert "11222333000181" not in said
    assert "padaria" not in said.casefold()


def test_a_worker_answers_on_the_loopback(carteiro: Run, settings: Settings) -> None:
    """There alone, with what it uses itself; a port that is taken is a clear error."""
    port = free_port()
    told: dict[str, float] = {}
    argv = [sys.executable, "-m", "tui_app", "worker", "--metrics-port", str(port)]
    with subprocess.Popen(argv, cwd=TOP, stdout=subprocess.PIPE) as worker:

        def answers() -> bool:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
                    told.update(samples(answer.read().decode()))
            except OSError:
                return False
            return told["carteiro_up[]"] == 1

        try:
            wait_until(answers, "the worker answers", 60)
            assert told["process_resident_memory_bytes[]"] > 10 << 20
            # Who listened at every address would answer at this one too.
            with socket.socket() as elsewhere:
                assert elsewhere.connect_ex(("127.0.0.2", port)) != 0
            second = carteiro("worker", "--once", "--metrics-port", str(port), "--json")
            assert (second.status, json.loads(second.err)["error"]["field"]) == (1, "metrics_port")
            nobody_knows = carteiro("worker", "--once", "--metrics-port", "0")
            assert "use um número de 1 a 65535" in nobody_knows.err
        finally:
            worker.terminate()
        assert worker.wait(60) == 0


def test_the_doctor_sees_that_nobody_works(carteiro: Run, store: Store) -> None:
    """R33: what is long overdue means that no worker and no console is alive."""
    assert _found(carteiro)["sending"]["ok"]
    carteiro(
        *("mailbox", "add", "--company", "11222333000181", "--function", "send", "--no-auth"),
        *("--nickname", "n", "--sender-name", "s", "--email", "n@padaria.example"),
        *("--smtp-host", "smtp.padaria.example", "--smtp-port", "587", "--password-stdin"),
        stdin="segredo\n",
    )
    with store.writing() as session:
        queue.enqueue(
            session, partner_id=1, company_id=1, to=["a@x.example"], subject="s", body="b"
        )
        late = now() - timedelta(minutes=10)
        session.execute(update(OutboxMessage).values(next_attempt_at=late))
    assert not _found(carteiro)["sending"]["ok"]
    assert "carteiro worker" in _found(carteiro)["sending"]["cure"]
    with store.writing() as session:
        later = now() + timedelta(hours=1)
        session.execute(update(EmailServer).values(full_until=later))
    assert _found(carteiro)["sending"]["ok"], "it waits for the provider's limit, not for a worker"


def test_activity_and_arrivals(carteiro: Run, store: Store) -> None:
    """R50: by mailbox over hours and days, by company against what is usual."""
    assert carteiro("health", "--activity", "--json").json == []
    with store.writing() as session:
        activity.count_read(session, 1, 3, {1: 2})
    (company,) = carteiro("health", "--arrivals", "--json").json
    assert (company["company"], company["arrived"], company["expected"]) == (
        "11222333000181",
        2,
        None,
    )
    assert company["weeks"][-1] == 2


def _found(carteiro: Run) -> dict[str, Any]:
    return {each["check"]: each for each in carteiro("doctor", "--json").json}
