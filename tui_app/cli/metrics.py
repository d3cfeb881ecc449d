"""``metrics``, and the same from a running worker."""

from __future__ import annotations

import errno
from argparse import ArgumentParser
from collections.abc import Iterable
from typing import TYPE_CHECKING

from services.disk import reason
from services.errors import CarteiroError, Unavailable
from services.language import _
from tui_app.cli.context import Context
from tui_app.cli.parser import act

if TYPE_CHECKING:
    from prometheus_client import CollectorRegistry
    from prometheus_client.core import GaugeMetricFamily

    from services.office import Office

ADDRESS = "127.0.0.1"


def build(_name: str, group: ArgumentParser) -> None:
    """The options of the command."""
    act(group, "carteiro metrics > /var/lib/node_exporter/carteiro.prom", _metrics)


def serve(office: Office, port: int) -> None:
    """Answer on a port of the loopback for as long as the process lives.

    Raises :class:`Unavailable` for a port that cannot be had.
    """
    from prometheus_client import start_http_server

    try:
        if port < 1:
            # The system would choose one, and nobody would know which.
            raise OverflowError
        start_http_server(port, ADDRESS, registry(office))
    except (OSError, OverflowError) as e:
        raise Unavailable(
            _("Não foi possível usar a porta {port}: {why}").format(port=port, why=_why(e)),
            field="metrics_port",
        ) from e


def _why(error: OSError | OverflowError) -> str:
    if isinstance(error, OverflowError):
        return _("use um número de {least} a {most}").format(least=1, most=65_535)
    if error.errno == errno.EADDRINUSE:
        return _("já está em uso: escolha outra")
    if error.errno == errno.EACCES:
        return _("abaixo de 1024 é só do administrador do sistema: escolha outra")
    return reason(error)


def registry(office: Office) -> CollectorRegistry:
    """What is asked for at each look: the figures, and this process's own."""
    from prometheus_client import CollectorRegistry, ProcessCollector

    found = CollectorRegistry()
    found.register(_Figures(office))
    ProcessCollector(registry=found)
    return found


class _Figures:
    def __init__(self, office: Office) -> None:
        self._office = office

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Every family once, with one sample for each set of labels."""
        from prometheus_client.core import GaugeMetricFamily

        from services.health.figures import figures

        families: dict[str, GaugeMetricFamily] = {}
        try:
            found = self._office.ask_now(
                lambda session: list(figures(session, self._office.settings))
            )
        except CarteiroError:
            found = []
        up = GaugeMetricFamily("carteiro_up", "Whether the database answers.", value=bool(found))
        for figure in found:
            family = families.get(figure.name)
            if family is None:
                family = families[figure.name] = GaugeMetricFamily(
                    figure.name, figure.help, labels=list(figure.labels)
                )
            family.add_metric(list(figure.labels.values()), figure.value)
        return [up, *families.values()]

    def describe(self) -> Iterable[GaugeMetricFamily]:
        """Nothing is asked of the database when the process starts."""
        return []


def _metrics(context: Context) -> None:
    from services.health.figures import figures
    from services.registry import access

    access.require_owner(context.settings, context.args.as_user)
    office = context.office
    if context.args.json:
        context.out.give(
            office.ask_now(lambda session: list(figures(session, context.settings))), lambda: None
        )
        return
    from prometheus_client import generate_latest

    for line in generate_latest(registry(office)).decode().splitlines():
        context.out.say(line)
