"""``discover``: the servers that a mail domain names in the DNS (R18)."""

from __future__ import annotations

from argparse import ArgumentParser

from services.errors import Unavailable
from services.language import _
from tui_app.cli.context import Context
from tui_app.cli.output import yes_no
from tui_app.cli.parser import act


def build(_name: str, group: ArgumentParser) -> None:
    """The options of the command."""
    act(group, "carteiro discover nfe@padaria.example --json", _discover)
    group.add_argument(
        "email",
        metavar=_("E-MAIL"),
        help=_("o endereço; daqui saem só consultas de DNS sobre o domínio dele"),
    )


def _discover(context: Context) -> int:
    from services.wire import discovery

    found = context.run(discovery.discover(context.args.email))
    if not found.candidates and found.trouble == "no_answer":
        raise Unavailable(_("O DNS não respondeu a tempo: confira a rede e tente de novo"))
    if found.trouble == "no_domain":
        nothing = _("O domínio {domain} não existe no DNS").format(domain=found.domain)
    else:
        nothing = _("{domain} não diz no DNS qual é o servidor").format(domain=found.domain)

    def text() -> None:
        context.out.table(
            (
                _("Protocolo"),
                _("Servidor"),
                _("Porta"),
                _("Segurança"),
                _("Fonte"),
                _("Fora do domínio"),
            ),
            (
                (c.protocol, c.host, c.port, c.security, c.source, yes_no(c.outside))
                for c in found.candidates
            ),
            nothing,
        )
        if any(c.outside for c in found.candidates):
            context.out.say(_("Confirme com o provedor o que está fora do domínio antes de usar."))
        if found.trouble == "no_answer":
            context.out.say(_("Nem todas as consultas foram respondidas: tente de novo."))

    context.out.give(found.candidates, text)
    return 0 if found.candidates else 1
