"""``server link`` and ``server unlink``: companies by CNPJ, from stdin, or all that match (R20)."""

from __future__ import annotations

import sys
from argparse import ArgumentParser
from collections.abc import Sequence

from services.fiscal.cnpj import masked
from services.language import _, ngettext
from tui_app.cli import arguments, given_file
from tui_app.cli.context import Context
from tui_app.cli.parser import Actions, UsageError
from tui_app.cli.stopping import between_pieces

_AT_ONCE = 500


def build(actions: Actions) -> None:
    """The two actions."""
    link = actions.add(
        "link",
        _("vincula empresas a um servidor"),
        "carteiro server link 3 11222333000181 12ABC34501DE35\n"
        "  carteiro server link 3 - < cnpjs.txt\n"
        '  carteiro server link 3 --all-matching ""',
        _link,
    )
    unlink = actions.add(
        "unlink",
        _("desvincula empresas de um servidor"),
        "carteiro server unlink 3 11222333000181",
        _unlink,
    )
    for parser in (link, unlink):
        _which(parser)


def _which(parser: ArgumentParser) -> None:
    arguments.add_id(parser, "carteiro server list")
    parser.add_argument(
        "cnpjs",
        nargs="*",
        metavar="CNPJ",
        help=_("com ou sem máscara; - lê da entrada padrão, um por linha"),
    )
    parser.add_argument(
        "--all-matching",
        metavar=_("TEXTO"),
        help=_("todas as empresas achadas por este texto; vazio são todas"),
    )


def _link(context: Context) -> int:
    from services.registry import links, servers

    server = context.ask(servers.view, context.args.id)
    total = links.LinkOutcome()
    wanted = _wanted(context)
    with between_pieces() as stop:
        for start in range(0, len(wanted), _AT_ONCE):
            stop()
            total += context.do(links.link, server.id, wanted[start : start + _AT_ONCE])
            _progress(context, start + _AT_ONCE, len(wanted))

    def text() -> None:
        words = ngettext("{n} empresa vinculada", "{n} empresas vinculadas", total.linked)
        line = words.format(n=total.linked)
        if total.already:
            line += ", " + ngettext("{n} já estava", "{n} já estavam", total.already).format(
                n=total.already
            )
        context.out.say(line)
        for each in total.refused:
            cnpj = masked(each.cnpj) if each.cnpj else ""
            name = f"{cnpj} {each.nickname}".strip() or f"#{each.company_id}"
            context.out.say(_("{company}: não vinculada. {why}").format(company=name, why=each.why))

    context.out.give(
        {
            "id": server.id,
            "linked": total.linked,
            "already": total.already,
            "refused": total.refused,
        },
        text,
    )
    return 1 if total.refused else 0


def _unlink(context: Context) -> None:
    from services.registry import links, servers

    server = context.ask(servers.view, context.args.id)
    wanted = _wanted(context)
    total = 0
    with between_pieces() as stop:
        for start in range(0, len(wanted), _AT_ONCE):
            stop()
            total += context.do(links.unlink, server.id, wanted[start : start + _AT_ONCE])
            _progress(context, start + _AT_ONCE, len(wanted))
    words = ngettext("{n} empresa desvinculada", "{n} empresas desvinculadas", total)
    context.out.give(
        {"id": server.id, "unlinked": total}, lambda: context.out.say(words.format(n=total))
    )


def _wanted(context: Context) -> Sequence[int]:
    """The ids of the companies that were named in one of the three ways."""
    from services.registry import companies, links

    args = context.args
    if (args.all_matching is None) == (not args.cnpjs):
        raise UsageError(_("Informe os CNPJs, ou - para a entrada padrão, ou --all-matching TEXTO"))
    if args.all_matching is not None:
        return context.ask(companies.ids, filter=args.all_matching)
    typed: list[str] = []
    for word in args.cnpjs:
        typed += given_file.text(word, "cnpjs", dash=True).split() if word == "-" else [word]
    return context.ask(links.by_cnpj, typed)


def _progress(context: Context, done: int, of: int) -> None:
    """How far it is, on a terminal and where it takes more than one piece."""
    if of > _AT_ONCE and not context.out.as_json and sys.stderr.isatty():
        end = "\n" if done >= of else "\r"
        sys.stderr.write(f"{min(done, of)}/{of}{end}")
        sys.stderr.flush()
