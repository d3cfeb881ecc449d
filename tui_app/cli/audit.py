"""``audit``."""

from __future__ import annotations

from argparse import ArgumentParser
from datetime import datetime

from services.errors import Invalid
from services.fiscal.cnpj import masked
from services.language import _
from tui_app.cli.context import Context, whole_number
from tui_app.cli.parser import Actions

_NEWEST = 1_000


def build(_name: str, group: ArgumentParser) -> None:
    """The options of the group."""
    from services.registry import audit_words

    listing = Actions(group).add(
        "list",
        _("as últimas alterações, a mais nova primeiro"),
        "carteiro audit list --company 11222333000181 --since 2026-03-01 --json",
        _list,
    )
    listing.add_argument("--company", metavar="CNPJ", help=_("só as desta empresa"))
    listing.add_argument("--by", metavar=_("APELIDO"), help=_("só as deste usuário"))
    entities = sorted(audit_words.entities())
    listing.add_argument(
        "--entity",
        choices=entities,
        metavar=_("COISA"),
        help=_("só as deste tipo de coisa: {kinds}").format(kinds=", ".join(entities)),
    )
    listing.add_argument(
        "--since", metavar=_("DATA"), help=_("só a partir deste dia: AAAA-MM-DD ou DD/MM/AAAA")
    )
    listing.add_argument(
        "--limit", metavar="N", help=_("as N mais novas; sem a opção, {n}").format(n=_NEWEST)
    )


def _list(context: Context) -> None:
    from services.registry import audit, audit_words

    args = context.args
    found = context.ask(
        audit.entries,
        company_id=context.company_id(args.company),
        user=args.by,
        entity=args.entity,
        since=_day(args.since),
        limit=_limit(args.limit),
    )
    context.out.give(
        found,
        lambda: context.out.table(
            (_("Quando"), _("Quem"), _("Conta"), _("Empresa"), _("O quê"), _("nº"), _("Mudança")),
            (
                (
                    e.at,
                    e.user,
                    e.os_account,
                    masked(e.company) if e.company else None,
                    audit_words.what(e.action, e.entity),
                    e.entity_id,
                    "; ".join(
                        f"{change.field}: {change.before} → {change.after}"
                        for change in audit_words.changes(e.before, e.after)
                    ),
                )
                for e in found
            ),
            _("Nenhuma alteração"),
        ),
    )


def _limit(text: str | None) -> int:
    limit = whole_number(text, "limit", "--limit")
    if limit == 0:
        raise Invalid(_("--limit: use um número maior que zero"), field="limit")
    return _NEWEST if limit is None else limit


def _day(text: str | None) -> datetime | None:
    """The first instant of a day in the zone of the person's session."""
    if text is None:
        return None
    for form in ("%Y-%m-%d", "%d/%m/%Y"):
        try:
            return datetime.strptime(text, form).astimezone()
        except (ValueError, OverflowError):
            continue
    raise Invalid(_("--since: use AAAA-MM-DD ou DD/MM/AAAA"), field="since")
