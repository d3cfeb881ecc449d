"""``server``: the partner's list, and the test of one."""

from __future__ import annotations

from argparse import ArgumentParser

from services.language import _
from tui_app.cli.context import Context
from tui_app.cli.parser import Actions


def build(_name: str, group: ArgumentParser) -> None:
    """The options of the group."""
    actions = Actions(group)
    several = actions.add(
        "list", _("os servidores de e-mail do parceiro"), "carteiro server list --json", _list
    )
    several.add_argument("--status", choices=("active", "inactive"), help=_("ativos ou inativos"))
    test = actions.add(
        "test", _("testa a comunicação, passo a passo"), "carteiro server test 3 --json", _test
    )
    test.add_argument("id", type=int, metavar="ID")


def _list(context: Context) -> None:
    from services.registry import servers

    found = context.ask(servers.list_servers, status=context.args.status)
    context.out.give(
        found,
        lambda: context.out.table(
            ("Id", _("Tipo"), _("Apelido"), _("E-mail"), _("Ativo"), _("Situação"), _("Empresas")),
            (
                (s.id, s.kind, s.nickname, s.email, s.active, s.health, len(s.companies))
                for s in found
            ),
            _("Nenhum servidor de e-mail"),
        ),
    )


def _test(context: Context) -> int:
    from services.health.accounts import account_of
    from services.registry import servers
    from tui_app.cli.testing import run_test

    server = context.ask(servers.view, context.args.id)
    account = context.office.ask_now(account_of, server.id, context.settings)
    return run_test(context, account, server.kind)
