"""``metrics``: figures in Prometheus' form, from the command and from a worker."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families

from services.settings import Settings
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
    """A port that is taken is a clear error."""
    port = free_port()
    argv = [sys.executable, "-m", "tui_app", "worker", "--metrics-port", str(port)]
    with subprocess.Popen(argv, cwd=TOP, stdout=subprocess.PIPE) as worker:

        def answers() -> bool:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
                    return samples(answer.read().decode())["carteiro_up[]"] == 1
            except OSError:
                return False

        try:
            wait_until(answers, "the worker answers", 60)
            second = carteiro("worker", "--once", "--metrics-port", str(port), "--json")
            assert (second.status, json.loads(second.err)["error"]["field"]) == (1, "metrics_port")
        finally:
            worker.terminate()
        assert worker.wait(60) == 0
