"""``bell``."""

from __future__ import annotations

import asyncio
from argparse import ArgumentParser
from typing import TYPE_CHECKING

from screens.widgets.status import word
from services.language import _, ngettext
from tui_app.cli import arguments
from tui_app.cli.context import Context
from tui_app.cli.output import moment
from tui_app.cli.parser import Actions, UsageError

if TYPE_CHECKING:
    from services.notifications.bell import BellView

_MOST = 10_000
# Entries committed out of the order of their turns are still found this far back.
_OVERLAP = 200


def build(_name: str, group: ArgumentParser) -> None:
    """The options of the group."""
    actions = Actions(group)
    several = actions.add(
        "list",
        _("as notificações, a mais nova primeiro"),
        "carteiro bell list --unread --json",
        _list,
    )
    several.add_argument("--unread", action="store_true", help=_("só as não lidas"))
    arguments.add_company(several, _("só as desta empresa"))
    arguments.add_type(several)
    several.add_argument(
        "--severity", choices=("info", "warning", "error"), help=_("só desta gravidade")
    )
    several.add_argument(
        "--limit", type=arguments.count, default=_MOST, metavar="N", help=_("no máximo N")
    )
    read = actions.add(
        "read",
        _("marca notificações como lidas"),
        "carteiro bell read 7 8\n  carteiro bell read --all",
        _read,
    )
    arguments.add_id(read, "carteiro bell list", nargs="*")
    read.add_argument("--all", action="store_true", help=_("todas"))
    actions.add(
        "watch", _("mostra as notificações conforme chegam"), "carteiro bell watch --json", _watch
    )


def _list(context: Context) -> None:
    from services.notifications import bell

    args = context.args
    only = bell.Only(
        args.unread,
        context.company_id(args.company),
        args.type,
        args.severity,
    )
    found = context.ask(bell.feed, only=only, limit=args.limit)
    context.out.give(
        found,
        lambda: context.out.table(
            ("Id", _("Quando"), _("Gravidade"), _("Empresa"), _("Título"), _("Vezes"), _("Lida")),
            (
                (e.id, e.at, severity(e.severity), e.company_nickname, e.title, e.count, e.read)
                for e in found
            ),
            _("Nenhuma notificação"),
        ),
    )


def _read(context: Context) -> None:
    from services.notifications import bell

    args = context.args
    if bool(args.ids) == args.all:
        raise UsageError(
            _("Informe os ids ou --all (veja {command} --help)").format(
                command="carteiro bell read"
            )
        )
    count = context.do(bell.mark_all_read) if args.all else context.do(bell.mark_read, args.ids)
    words = ngettext(
        "{n} notificação marcada como lida", "{n} notificações marcadas como lidas", count
    )
    context.out.give({"read": count}, lambda: context.out.say(words.format(n=count)))


def _watch(context: Context) -> None:
    from services.notifications import bell

    actor = context.actor

    async def follow() -> None:
        changed = asyncio.Event()
        context.office.on_change(changed.set)
        newest = await context.office.ask(bell.feed, actor, limit=_OVERLAP)
        seen = {entry.turn for entry in newest}
        last = max(seen, default=0)
        while True:
            await changed.wait()
            changed.clear()
            after = max(0, last - _OVERLAP)
            for entry in await context.office.ask(bell.feed, actor, after=after, limit=_MOST):
                if entry.turn not in seen:
                    seen.add(entry.turn)
                    _tell(context, entry)
            last = max(seen, default=0)
            seen = {turn for turn in seen if turn > last - 2 * _OVERLAP}

    context.run(follow())


def _tell(context: Context, entry: BellView) -> None:
    title = f"{entry.title} ×{entry.count}" if entry.repeated else entry.title
    parts = (moment(entry.at), severity(entry.severity), entry.company_nickname or "", title)
    context.out.event(entry, "  ".join(parts))


def severity(key: str) -> str:
    """The word of a severity."""
    return word("information" if key == "info" else key)
