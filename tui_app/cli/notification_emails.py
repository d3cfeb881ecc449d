"""``notification-email``, ``notification-type`` and ``recipients``: who is told what (R23-R30)."""

from __future__ import annotations

from argparse import ArgumentParser
from typing import TYPE_CHECKING

from services.language import _
from tui_app.cli import arguments
from tui_app.cli.bell import severity
from tui_app.cli.context import Context
from tui_app.cli.parser import Actions, act

if TYPE_CHECKING:
    from services.notifications.addresses import AddressView
    from services.notifications.recipients import Recipient


def build(name: str, group: ArgumentParser) -> None:
    """The options of the group."""
    {
        "notification-email": _addresses,
        "notification-type": _types,
        "recipients": _recipients,
    }[name](group)


def _addresses(group: ArgumentParser) -> None:
    actions = Actions(group)
    add = actions.add(
        "add",
        _("um endereço novo, ou o de um usuário"),
        "carteiro notification-email add --email fiscal@padaria.example",
        _add,
    )
    whose = add.add_mutually_exclusive_group(required=True)
    whose.add_argument("--email", metavar=_("E-MAIL"), help=_("um endereço novo"))
    whose.add_argument("--from-user", metavar=_("APELIDO"), help=_("o e-mail deste usuário"))
    actions.add(
        "list",
        _("os endereços e suas empresas"),
        "carteiro notification-email list --json",
        _list,
    )
    edit = actions.add(
        "edit",
        _("outro endereço no lugar; empresas e tipos ficam"),
        "carteiro notification-email edit 3 --email contas@padaria.example",
        _edit,
    )
    arguments.add_id(edit, "carteiro notification-email list")
    edit.add_argument("--email", metavar=_("E-MAIL"), required=True, help=_("o endereço novo"))
    remove = actions.add(
        "remove",
        _("exclui um endereço: não recebe mais nada"),
        "carteiro notification-email remove 3",
        _remove,
    )
    arguments.add_id(remove, "carteiro notification-email list")
    for name, line, run in (
        ("subscribe", _("passa a receber tipos de notificação de uma empresa"), _subscribe),
        (
            "unsubscribe",
            _("deixa de receber tipos de uma empresa; sem --type, todos"),
            _unsubscribe,
        ),
    ):
        parser = actions.add(
            name,
            line,
            f"carteiro notification-email {name} 3 --company 11222333000181 --type sending_failed",
            run,
        )
        arguments.add_id(parser, "carteiro notification-email list")
        arguments.add_company(parser, required=True)
        parser.add_argument(
            "--type",
            action="append",
            default=[],
            required=name == "subscribe",
            metavar=_("TIPO"),
            help=_("chave de um tipo: veja {command}; pode repetir").format(
                command="carteiro notification-type list"
            ),
        )


def _types(group: ArgumentParser) -> None:
    actions = Actions(group)
    actions.add(
        "list", _("os tipos de notificação"), "carteiro notification-type list", _list_types
    )
    add = actions.add(
        "add",
        _("um tipo do parceiro, para o que os sistemas dele avisam"),
        'carteiro notification-type add boleto_vencido --title "Boleto vencido de {company}" \\\n'
        '    --text "O boleto de {valor} venceu em {vencimento}."',
        _add_type,
    )
    add.add_argument(
        "key", metavar=_("CHAVE"), help=_("como os comandos chamam o tipo: minúsculas, números e _")
    )
    add.add_argument(
        "--title",
        metavar=_("TÍTULO"),
        required=True,
        help=_("o nome que as pessoas leem, e o assunto quando falta um"),
    )
    add.add_argument(
        "--text",
        metavar=_("TEXTO"),
        default="",
        help=_(
            "o modelo do texto: {company} {legal_name} {cnpj} {partner} {date} {time} {subject} "
            "{body}, e o que notify --set disser"
        ),
    )
    add.add_argument("--title-en", metavar=_("TÍTULO"), default="", help=_("o título em inglês"))
    add.add_argument("--text-en", metavar=_("TEXTO"), default="", help=_("o texto em inglês"))
    add.add_argument(
        "--severity",
        choices=("info", "warning", "error"),
        default="info",
        help=_("gravidade; sem a opção, info"),
    )
    where = add.add_mutually_exclusive_group()
    where.add_argument("--bell-only", action="store_true", help=_("só no sino, sem e-mail"))
    where.add_argument(
        "--email-only", action="store_true", help=_("só por e-mail; sem ter como sair, no sino")
    )


def _recipients(group: ArgumentParser) -> None:
    act(
        group,
        "carteiro recipients --company 11222333000181 --type sending_failed",
        _preview,
    )
    arguments.add_company(group, required=True)
    arguments.add_type(group, required=True)


def _add(context: Context) -> None:
    from services.notifications import addresses

    made = context.do(addresses.add, email=context.args.email, user=context.args.from_user)
    _tell(context, made, _("E-mail para notificações {id} cadastrado: {email}"))


def _edit(context: Context) -> None:
    from services.notifications import addresses

    made = context.do(addresses.edit, context.args.id, context.args.email)
    _tell(context, made, _("E-mail para notificações {id} alterado: {email}"))


def _remove(context: Context) -> None:
    from services.notifications import addresses

    number = context.args.id
    context.do(addresses.remove, number)
    context.out.give(
        {"id": number, "removed": True},
        lambda: context.out.say(_("E-mail para notificações {id} excluído").format(id=number)),
    )


def _list(context: Context) -> None:
    from services.notifications import addresses

    found = context.ask(addresses.list_addresses)
    context.out.give(
        found,
        lambda: context.out.table(
            ("Id", _("E-mail"), _("Usuário"), _("Empresas"), _("Tipos")),
            (
                (each.id, each.email, each.user, each.companies_count, each.types_count)
                for each in found
            ),
            _("Nenhum endereço: cadastre com carteiro notification-email add"),
        ),
    )


def _subscribe(context: Context) -> None:
    from services.notifications import addresses, subscriptions

    args = context.args
    company = context.company(args.company)
    told = {company.id: args.type}
    seen = context.ask(subscriptions.exposures, args.id, told)
    for each in seen:
        context.out.say(
            _(
                "Atenção: {address}, de {whose}, veria {beside} nas notificações de {company}"
            ).format(
                address=each.address,
                whose=", ".join(each.whose),
                beside=", ".join(each.beside),
                company=each.company,
            )
        )
    context.do(subscriptions.subscribe, args.id, company.id, args.type)
    made = context.ask(addresses.view, args.id)
    fields = {name: getattr(made, name) for name in made.__dataclass_fields__}
    context.out.give(
        {**fields, "exposures": seen},
        lambda: context.out.say(
            _("{email} recebe agora os tipos pedidos").format(email=made.email)
        ),
    )


def _unsubscribe(context: Context) -> None:
    from services.notifications import addresses, subscriptions

    args = context.args
    company = context.company(args.company)
    if args.type:
        context.do(subscriptions.unsubscribe, args.id, company.id, args.type)
    else:
        context.do(subscriptions.unlink, args.id, [company.id])
    made = context.ask(addresses.view, args.id)
    _tell(context, made, _("{email} não recebe mais os tipos pedidos"))


def _list_types(context: Context) -> None:
    from services.notifications import types

    found = context.ask(types.list_types)
    context.out.give(
        found,
        lambda: context.out.table(
            (
                *(_("Chave"), _("Título"), _("Gravidade")),
                *(_("Por e-mail"), _("No sino"), _("Do parceiro")),
            ),
            (
                (
                    each.key,
                    each.title,
                    severity(each.severity),
                    each.by_email,
                    each.by_bell,
                    each.own,
                )
                for each in found
            ),
            "",
        ),
    )


def _add_type(context: Context) -> None:
    from services.notifications import types

    args = context.args
    made = context.do(
        types.add_type,
        args.key,
        title=args.title,
        text=args.text,
        title_en=args.title_en,
        text_en=args.text_en,
        severity=args.severity,
        by_email=not args.bell_only,
        by_bell=not args.email_only,
    )
    context.out.give(made, lambda: context.out.say(_("Tipo {key} criado").format(key=made.key)))


def _preview(context: Context) -> None:
    from services.notifications import recipients

    found = context.ask(
        recipients.preview, context.company(context.args.company).id, context.args.type
    )

    def show() -> None:
        context.out.table(
            (_("Endereço"), _("Por quê")),
            ((each.address, _why(each)) for each in found.recipients),
            _("Ninguém recebe"),
        )
        for address, why in found.invalid:
            context.out.say(_("Não recebe: {address} ({why})").format(address=address, why=why))
        if found.by:
            context.out.say(_("Sai por: {by}").format(by=", ".join(found.by)))
        if found.why_none is not None:
            context.out.say(_("Nenhum e-mail sairia: {why}").format(why=found.why_none))

    context.out.give(found, show)


def _why(recipient: Recipient) -> str:
    words = {
        "company": _("dados da empresa"),
        "subscription": _("E-mails para Notificações"),
    }
    return ", ".join(words[why] for why in recipient.why)


def _tell(context: Context, address: AddressView, words: str) -> None:
    context.out.give(
        address, lambda: context.out.say(words.format(id=address.id, email=address.email))
    )
