"""``worker``: the jobs without a screen."""

from __future__ import annotations

import asyncio
import signal
import sys
from argparse import ArgumentParser
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import TYPE_CHECKING

from services.language import _
from services.safe_text import safe
from tui_app import logs
from tui_app.cli import held, metrics
from tui_app.cli.context import Context
from tui_app.cli.parser import UsageError, act
from tui_app.cli.stopping import heeded

if TYPE_CHECKING:
    from services.jobs.runner import Done, Jobs

_DRAIN_SECONDS = 20.0
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)


def build(_name: str, group: ArgumentParser) -> None:
    """The options of the command."""
    act(group, "carteiro worker\n  carteiro worker --once --only sending,reading", _worker)
    group.add_argument(
        "--once", action="store_true", help=_("trabalha até não haver nada a fazer, e sai")
    )
    group.add_argument(
        "--only",
        metavar="sending,reading,checks,inactivation",
        help=_(
            "só estes serviços, separados por vírgula: enviar, ler caixas, conferir documentos, "
            "verificar contas Microsoft"
        ),
    )
    group.add_argument(
        "--metrics-port",
        type=int,
        metavar=_("PORTA"),
        help=_("responde ao Prometheus em 127.0.0.1:PORTA/metrics"),
    )


def _worker(context: Context) -> int:
    from services.jobs import runner

    told = context.args.only
    only = runner.NAMES if told is None else tuple(told.split(","))
    unknown = [name for name in only if name not in runner.NAMES]
    if unknown:
        raise UsageError(
            _("--only: {name} não existe; use {names}").format(
                name=safe(unknown[0]), names=", ".join(runner.NAMES)
            )
        )
    logs.start(context.settings.home)
    office = context.office
    if context.args.metrics_port is not None:
        metrics.serve(office, context.args.metrics_port)
    if context.args.once:
        return context.run(_until_signal(context, runner.run_once(office, only)))
    return context.run(_until_told(context, runner.Jobs(office, only)))


async def _until_signal(context: Context, work: Coroutine[None, None, Done]) -> int:
    """``--once``: a signal cuts it short, with claims given back."""
    task = asyncio.ensure_future(work)
    told: list[int] = []

    def cut(number: int) -> None:
        told.append(number)
        task.cancel()

    _on_signals(cut)
    with suppress(asyncio.CancelledError):
        await asyncio.wait({task})
    if task.cancelled() and told:
        return 128 + told[0]
    done = task.result()
    context.out.give(
        done,
        lambda: context.out.facts(
            (
                (_("E-mails resolvidos"), done.sent),
                (_("Documentos da pasta enfileirados"), done.dispatched),
                (_("Documentos da pasta em Erros"), done.rejected),
                (_("Caixas lidas"), done.mailboxes),
                (_("Documentos importados"), done.documents),
                (_("Em quarentena"), done.quarantined),
                (_("Contas Microsoft verificadas"), done.sign_ins),
                (_("Caixas inativadas"), done.inactivated),
                *((email, why) for email, why in done.failures),
            )
        ),
    )
    held.say(context, done.held, done.claimed)
    return 0


async def _until_told(context: Context, jobs: Jobs) -> int:
    """Until a signal; then what is under way ends and claims go back."""
    told = asyncio.Event()
    _on_signals(lambda _number: told.set())
    jobs.start()
    context.out.say(_("Trabalhando; Ctrl-C encerra"))
    # A journal is told now, not when the worker ends.
    sys.stdout.flush()
    await told.wait()
    await jobs.drain(_DRAIN_SECONDS)
    return 0


def _on_signals(act_on: Callable[[int], None]) -> None:
    loop = asyncio.get_running_loop()
    for number in heeded(*_SIGNALS):
        loop.add_signal_handler(number, act_on, int(number))
