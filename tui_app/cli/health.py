"""``health``: which mailboxes are down, why, and whom that holds up; tests them again (R49, R50)."""

from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from screens.widgets.spark import spark
from screens.widgets.status import word
from services.fiscal.cnpj import masked
from services.language import _, ngettext
from tui_app.cli.context import Context
from tui_app.cli.output import moment
from tui_app.cli.parser import act

if TYPE_CHECKING:
    from services.health.accounts import Account
    from services.health.activity import Activity
    from services.health.incidents import Incident
    from services.health.retest import Retested
    from services.health.troubles import Trouble


def build(name: str, group: ArgumentParser) -> None:
    """The options."""
    act(group, "carteiro health --retest\n  carteiro health --activity --json", _health)
    group.add_argument(
        "--retest",
        action="store_true",
        help=_("testa de novo todas as que estão paradas e reativa as que passam"),
    )
    group.add_argument(
        "--activity",
        action="store_true",
        help=_("quanto cada caixa enviou e leu, e quantas vezes falhou"),
    )
    group.add_argument(
        "--arrivals", action="store_true", help=_("documentos esperados e recebidos por empresa")
    )


def _health(context: Context) -> int:
    from services.health import overview

    if context.args.activity:
        return _activity(context)
    if context.args.arrivals:
        return _arrivals(context)
    troubles = context.ask(overview.down)
    if context.args.retest:
        return _retest(context, troubles)
    context.out.give([_told(trouble) for trouble in troubles], lambda: _tell(context, troubles))
    return _status(troubles)


def _status(troubles: Sequence[Trouble]) -> int:
    """What only rests comes back by itself, and is no reason to wake anybody."""
    return int(any(not trouble.ends_by_itself for trouble in troubles))


def _told(trouble: Trouble) -> Mapping[str, object]:
    return {
        "id": trouble.server_id,
        "mailbox_id": trouble.mailbox_id,
        "kind": trouble.kind,
        "email": trouble.email,
        "nickname": trouble.nickname,
        "state": trouble.state,
        "since": trouble.since,
        "until": trouble.until,
        "code": trouble.code,
        "reason": trouble.reason,
        "functions": trouble.functions,
        "companies": trouble.companies,
        "waiting": trouble.waiting,
        "incident": trouble.incident,
    }


def _tell(context: Context, troubles: Sequence[Trouble]) -> None:
    from services.health.incidents import incidents

    if not troubles:
        context.out.say(_("Todas as caixas estão bem"))
        return
    by_id = {trouble.server_id: trouble for trouble in troubles}
    for incident in incidents(troubles):
        context.out.say(_incident_words(incident))
        _table(context, [by_id[member] for member in incident.server_ids])
        context.out.say("")
    rest = [trouble for trouble in troubles if trouble.incident is None]
    if rest:
        _table(context, rest)


def _incident_words(incident: Incident) -> str:
    words = ngettext(
        "Incidente: {n} caixa, {cause}, desde {since}. Empresas: {companies}; e-mails parados: {waiting}",
        "Incidente: {n} caixas, {cause}, desde {since}. Empresas: {companies}; e-mails parados: {waiting}",
        len(incident.server_ids),
    )
    return words.format(
        n=len(incident.server_ids),
        cause=incident.host if incident.code is None else f"AADSTS{incident.code}",
        since=moment(incident.first),
        companies=incident.companies_count,
        waiting=incident.waiting,
    )


def _table(context: Context, troubles: Sequence[Trouble]) -> None:
    heads = ("Id", _("Situação"), _("Desde"), _("Caixa"), _("Empresas"), _("Na fila"), _("Motivo"))
    context.out.table(
        heads,
        (
            (
                trouble.server_id,
                word(trouble.state),
                moment(trouble.since),
                trouble.email,
                trouble.companies_count,
                trouble.waiting,
                _why(trouble),
            )
            for trouble in troubles
        ),
        "",
    )


def _why(trouble: Trouble) -> str:
    if trouble.until is not None:
        return _("até {until}: {reason}").format(until=moment(trouble.until), reason=trouble.reason)
    if trouble.code is not None:
        return f"AADSTS{trouble.code} {trouble.reason}"
    return trouble.reason


def _retest(context: Context, troubles: Sequence[Trouble]) -> int:
    from services.health import overview, retest

    office, actor = context.office, context.actor

    async def account(trouble: Trouble) -> Account:
        return await office.ask(retest.account, actor, trouble, context.settings)

    async def passed(trouble: Trouble) -> bool:
        return await office.do(retest.passed, actor, trouble)

    async def work() -> tuple[Trouble, ...]:
        await retest.retest(
            retest.worth_testing(troubles),
            account,
            passed,
            lambda result: context.out.event(_event(result), _line(result)),
            sign_ins=office.sign_ins,
            hostname=context.settings.hostname,
        )
        return await office.ask(overview.down, actor)

    left = context.run(work())
    if not left:
        context.out.say(_("Todas as caixas estão bem"))
    return _status(left)


def _event(result: Retested) -> Mapping[str, object]:
    return {
        "event": "tested",
        "id": result.trouble.server_id,
        "email": result.trouble.email,
        "ok": result.passed,
        "back": result.back,
        "why": result.why,
    }


def _line(result: Retested) -> str:
    email = result.trouble.email
    if result.back:
        return _("✓ {email}: passou no teste e está em uso").format(email=email)
    mark = "✓" if result.passed else "✗"
    return f"{mark} {email}: {result.why}"


def _activity(context: Context) -> int:
    from services.health import activity

    ids = context.ask(activity.server_ids)
    found = context.ask(activity.by_server, ids)
    told = [
        {
            "id": server_id,
            "email": found[server_id].email,
            **{
                name: {"hours": course.hours, "days": course.days}
                for name, course in (
                    ("sent", found[server_id].sent),
                    ("failed", found[server_id].failed),
                    ("fetched", found[server_id].fetched),
                )
            },
        }
        for server_id in ids
        if server_id in found
    ]
    heads = ("Id", _("Caixa"), _("Enviados 24 h"), _("Lidos 24 h"), _("Falhas 24 h"), _("24 horas"))
    context.out.give(
        told,
        lambda: context.out.table(
            heads,
            (
                (
                    i,
                    found[i].email,
                    sum(found[i].sent.hours),
                    sum(found[i].fetched.hours),
                    sum(found[i].failed.hours),
                    spark([s + f for s, f in zip(*_both(found[i]), strict=True)]),
                )
                for i in ids
                if i in found
            ),
            _("Nada saiu nem foi lido nos últimos 30 dias"),
        ),
    )
    return 0


def _both(found: Activity) -> tuple[Sequence[int], Sequence[int]]:
    return found.sent.hours, found.fetched.hours


def _arrivals(context: Context) -> int:
    from services.health import activity

    ids = context.ask(activity.company_ids)
    found = context.ask(activity.arrivals, ids)
    ordered = [found[i] for i in ids if i in found]
    context.out.give(
        [
            {
                "company": each.cnpj,
                "nickname": each.nickname,
                "arrived": each.arrived,
                "expected": each.expected,
                "low": each.low,
                "weeks": each.weeks,
            }
            for each in ordered
        ],
        lambda: context.out.table(
            (_("Empresa"), "CNPJ", _("Recebidos"), _("Esperados"), _("Semanas")),
            ((e.nickname, masked(e.cnpj), e.arrived, e.expected, spark(e.weeks)) for e in ordered),
            _("Nenhuma empresa com Importação de Documentos"),
        ),
    )
    return 0
