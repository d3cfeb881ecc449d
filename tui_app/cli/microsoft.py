"""``microsoft``: accounts sign in by a code, or by an address that is pasted (R44, R49)."""

from __future__ import annotations

import asyncio
import sys
from argparse import ArgumentParser
from typing import TYPE_CHECKING, Any

from screens.step_words import step_words
from services.errors import Invalid, Refused
from services.failure import WireError
from services.language import _
from tui_app.cli import account_options, arguments
from tui_app.cli.context import Context, whole_number
from tui_app.cli.output import moment
from tui_app.cli.parser import Actions, UsageError

if TYPE_CHECKING:
    from services.health.steps import Step
    from services.registry.microsoft import Link, MicrosoftDraft
    from services.wire.entra import SignedIn


def build(_name: str, group: ArgumentParser) -> None:
    """The options of the group."""
    actions = Actions(group)
    link = actions.add(
        "link",
        _("vincula uma conta Microsoft: cadastra a caixa de quem entrar"),
        "carteiro microsoft link --company 11222333000181 --function send \\\n"
        "    --email notas@padaria.example --json\n"
        "  carteiro microsoft link --server 7 --email notas@padaria.example --by address",
        _link,
    )
    whose = link.add_mutually_exclusive_group()
    whose.add_argument(
        "--server",
        type=arguments.row_id,
        metavar="ID",
        help=_("um servidor já cadastrado: veja {command}").format(command="carteiro server list"),
    )
    whose.add_argument("--company", metavar="CNPJ", help=_("a empresa que recebe a caixa"))
    link.add_argument(
        "--function",
        choices=("send", "read", "both"),
        help=_(
            "send: envio; read: leitura; both: ambos; sem --company, o servidor é só do parceiro"
        ),
    )
    link.add_argument("--email", metavar=_("E-MAIL"), required=True, help=_("endereço da caixa"))
    link.add_argument("--nickname", metavar=_("APELIDO"), help=_("apelido da caixa"))
    link.add_argument("--sender-name", metavar=_("NOME"), help=_("nome do remetente"))
    for protocol in account_options.PROTOCOLS:
        account_options.add_place(link, protocol, protocol.upper())
    account_options.add_deletion(link)
    _sign_in_options(link)
    relink = actions.add(
        "relink",
        _("entra de novo na conta de um servidor, testa e o reativa"),
        "carteiro microsoft relink 7 --json",
        _relink,
    )
    arguments.add_id(relink, "carteiro server list")
    _sign_in_options(relink)
    actions.add(
        "list",
        _("a agenda das contas: quando cada uma foi renovada e quando vence"),
        "carteiro microsoft list --json",
        _list,
    )


def _list(context: Context) -> None:
    from services.health.agenda import agenda

    found = context.ask(agenda)
    kinds = {"personal": _("pessoal"), "work": _("trabalho ou escola")}
    context.out.give(
        found,
        lambda: context.out.table(
            (
                "Id",
                _("E-mail"),
                _("Conta"),
                _("Tipo"),
                _("Renovada"),
                _("Vence"),
                _("Próxima verificação"),
                _("Problema"),
            ),
            (
                (
                    each.server_id,
                    each.email,
                    each.account,
                    kinds.get(each.account_kind, each.account_kind),
                    each.renewed_at,
                    each.ends_at,
                    each.check_at,
                    f"AADSTS{each.inactive_code}" if each.inactive_code else each.trouble or "",
                )
                for each in found
            ),
            _("Nenhuma conta Microsoft: vincule com carteiro microsoft link"),
        ),
    )


def _sign_in_options(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--account",
        metavar=_("personal|work|ORGANIZAÇÃO"),
        default="",
        help=_(
            "conta pessoal, de trabalho ou escola, ou de uma organização (domínio ou identificador); "
            "sem a opção, conforme o endereço"
        ),
    )
    parser.add_argument(
        "--delegate",
        metavar=_("E-MAIL"),
        default="",
        help=_("quem entra, quando a caixa é compartilhada"),
    )
    parser.add_argument(
        "--by",
        choices=("code", "address"),
        default="code",
        help=_(
            "code: por um código digitado no site; address: por um endereço colado aqui, para onde "
            "códigos são bloqueados"
        ),
    )


def _link(context: Context) -> None:
    from services.health import linking
    from services.registry import microsoft

    args = context.args
    if args.server is not None:
        plan = context.ask(
            microsoft.plan_again,
            args.server,
            account=args.account or microsoft.account_of(args.email),
            delegate=args.delegate,
            email=args.email,
        )
        signed = _sign_in(context, plan)
        _linked(context, signed, context.do(linking.relink, plan, signed, context.settings))
        return
    if args.function is None:
        raise UsageError(_("informe --function, ou --server (veja carteiro microsoft link --help)"))
    company_id = context.company_id(args.company)
    draft = _draft(context)
    plan = context.ask(microsoft.plan, company_id, draft)
    signed = _sign_in(context, plan)
    server_id = context.do(linking.register, company_id, draft, signed, context.settings)
    _linked(context, signed, server_id)


def _draft(context: Context) -> MicrosoftDraft:
    from services.registry.microsoft import MicrosoftDraft

    args = vars(context.args)
    values: dict[str, Any] = {
        name: args[name]
        for name in ("email", "account", "delegate", "nickname", "sender_name", "delete_after")
    }
    for protocol in account_options.PROTOCOLS:
        port = f"{protocol}_port"
        values |= {
            f"{protocol}_host": args[f"{protocol}_host"],
            port: whole_number(args[port], port, _("Porta")),
            f"{protocol}_security": args[f"{protocol}_security"],
        }
    told = {name: value for name, value in values.items() if value is not None}
    return MicrosoftDraft(kind=args["function"], **told)


def _relink(context: Context) -> int:
    from services.health import linking, testable
    from services.registry import microsoft

    args = context.args
    plan = context.ask(microsoft.plan_again, args.id, account=args.account, delegate=args.delegate)
    signed = _sign_in(context, plan)
    server_id = context.do(linking.relink, plan, signed, context.settings)
    _linked(context, signed, server_id)
    (account,) = context.ask(testable.of_registrations, [server_id], context.settings)
    steps = context.run(_test(context, account, plan.functions))
    failed = next((step for step in steps if not step.ok), None)
    if failed is not None:
        context.out.event(
            {"event": "test_failed", "step": failed.step, "message": failed.explanation},
            _("A entrada foi aceita, mas o teste parou em {step}: {why} {detail}").format(
                step=step_words(signs_in=True).get(failed.step, failed.step),
                why=failed.explanation,
                detail=failed.detail,
            ),
        )
        return 1
    recovered = context.do(testable.registration_passed, server_id)
    context.out.event(
        {"event": "reactivated" if recovered else "tested", "id": server_id},
        _("O teste passou e a caixa voltou a ser usada") if recovered else _("O teste passou"),
    )
    return 0


async def _test(context: Context, account: Any, functions: Any) -> list[Step]:
    from services.health import email_test
    from services.store.models import Kind

    kind = Kind.BOTH if len(functions) > 1 else functions[0]
    return await email_test.run_test(
        account, kind, sign_ins=context.office.sign_ins, hostname=context.settings.hostname
    )


def _sign_in(context: Context, plan: Link) -> SignedIn:
    """Who signed in; nothing is saved of it yet."""
    try:
        if context.args.by == "code":
            return asyncio.run(_by_code(context, plan))
        return _by_address(context, plan)
    except WireError as e:
        failure = e.failure
        words = " ".join(filter(None, (failure.explanation, failure.reply))) or failure.kind
        raise Refused(words, field=failure.field) from e


async def _by_code(context: Context, plan: Link) -> SignedIn:
    from services.health import signing_in

    asked = await signing_in.ask_code(context.settings, plan)
    context.out.event(
        {
            "event": "code",
            "user_code": asked.user_code,
            "verification_uri": asked.verification_uri,
            "expires_at": asked.expires_at,
        },
        _("Abra {uri}, digite o código {code} e entre como {email} (até {until})").format(
            uri=asked.verification_uri,
            code=asked.user_code,
            email=plan.signs_in,
            until=moment(asked.expires_at),
        ),
    )
    return await signing_in.wait(context.settings, asked)


def _by_address(context: Context, plan: Link) -> SignedIn:
    from services.health import signing_in

    asked = asyncio.run(signing_in.ask_address(context.settings, plan))
    context.out.event(
        {"event": "address", "url": asked.url},
        _(
            "Abra este endereço e entre como {email}. O navegador termina em um endereço de "
            "localhost que não abre: copie-o inteiro e cole aqui.\n{url}"
        ).format(email=plan.signs_in, url=asked.url),
    )
    pasted = sys.stdin.readline()
    if not pasted.strip():
        raise Invalid(_("Endereço: nenhum foi recebido pela entrada padrão"), field="address")
    return asyncio.run(signing_in.finish(context.settings, asked, pasted))


def _linked(context: Context, signed: SignedIn, server_id: int) -> None:
    context.out.event(
        {"event": "linked", "id": server_id, "account": signed.person.name},
        _("Conta {account} vinculada: servidor {id}").format(
            account=signed.person.name, id=server_id
        ),
    )
