"""``demo``: a world to try, with mail servers, companies and traffic of its own."""

from __future__ import annotations

import asyncio
import signal
import sys
from argparse import ArgumentParser
from dataclasses import asdict
from typing import TYPE_CHECKING, NoReturn

from screens.widgets.numbers import rounded
from services.language import _
from tui_app import tty
from tui_app.cli.context import Context
from tui_app.cli.output import yes_no
from tui_app.cli.parser import UsageError, act, add_mouse
from tui_app.cli.stopping import heeded

if TYPE_CHECKING:
    from services.notifications.bell import BellView
    from tui_app.demo.demo import Demo
    from tui_app.demo.headless import Seen

_SECONDS = 60.0
_LEAST = 10
_DIES_AFTER = 5.0
_SIGNALS = (signal.SIGTERM, signal.SIGHUP)


def build(_name: str, group: ArgumentParser) -> None:
    """The options of the command."""
    act(group, "carteiro demo\n  carteiro demo --headless", _demo)
    add_mouse(group)
    group.add_argument(
        "--headless",
        action="store_true",
        help=_("sem tela: por um minuto conta o que acontece; sai com 1 se algo não aconteceu"),
    )
    group.add_argument(
        "--seconds",
        type=int,
        metavar="N",
        help=_("com --headless: até tudo ter acontecido, por no máximo N segundos"),
    )


def _demo(context: Context) -> int:
    seconds = context.args.seconds
    if seconds is not None and not (context.args.headless and seconds >= _LEAST):
        raise UsageError(_("--seconds: só com --headless, e ao menos {least}").format(least=_LEAST))
    if not context.args.headless:
        tty.take()
    for number in heeded(*_SIGNALS):
        signal.signal(number, _leave)
    from tui_app.demo.demo import Demo

    with Demo(context.settings) as demo:
        if context.args.headless:
            return _headless(context, demo, seconds)
        from tui_app.app import conduct
        from tui_app.demo.console import DemoApp

        return conduct(DemoApp(demo, context.args.as_user), mouse=context.args.mouse)


def _leave(number: int, _frame: object) -> NoReturn:
    """Before and after the console, which hears of signals itself: end, and clean up."""
    sys.exit(128 + number)


def _headless(context: Context, demo: Demo, most: int | None) -> int:
    from tui_app.demo import headless

    out = context.out
    seconds = float(most or _SECONDS)
    out.say(_("Montando a demonstração: 40 empresas, servidores de e-mail e alguns dias de uso…"))
    demo.populate(dies_after=min(seconds / 4, _DIES_AFTER))
    out.say(_("Pronto. O que acontece em até {n} segundos:").format(n=f"{seconds:.0f}"))

    def tell(at: float, entry: BellView) -> None:
        out.event(
            {"event": "bell", "seconds": round(at, 1), "type": entry.type, "title": entry.title},
            f"{rounded(at):>5} s  {_of(entry)}",
        )

    seen = asyncio.run(headless.watch(demo, seconds, tell, until_complete=most is not None))
    out.event({"event": "summary", **asdict(seen), "complete": seen.complete}, "")
    if not out.as_json:
        out.facts(_summary(seen))
    return 0 if seen.complete else 1


def _of(entry: BellView) -> str:
    """What happened, and to which company where the title does not say so."""
    company = entry.company_nickname
    return (
        entry.title if company is None or company in entry.title else f"{entry.title} · {company}"
    )


def _summary(seen: Seen) -> list[tuple[str, object]]:
    return [
        (_("Documentos importados"), seen.documents),
        (_("E-mails enviados"), seen.sent),
        (_("Notificações anunciadas"), seen.notifications),
        (_("E-mails com destinatário recusado"), seen.refused_recipients),
        (_("Caixa em pausa pelo limite do provedor"), yes_no(seen.quota_pauses > 0)),
        (_("Caixa Microsoft inativada"), yes_no(seen.inactivated > 0)),
        (_("Caixa Microsoft recuperada"), yes_no(seen.recovered > 0)),
        (_("Tudo o que se esperava aconteceu"), yes_no(seen.complete)),
    ]
